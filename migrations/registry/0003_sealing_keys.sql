-- The keys that secrets are sealed with. The keys themselves are nowhere here: each is made from what somebody gives
-- as MASTER_KEY and the salt of its row, and known again by opening the row's proof.
create table sealing_keys (
    -- Stands in the second byte of every blob. A number comes again only after all others were used, so that a blob
    -- that somebody still holds in memory is not taken for one of a later key.
    key_id     smallint primary key check (key_id between 1 and 255),
    salt       bytea not null check (length(salt) = 16),
    -- A word that everybody knows, sealed with this key.
    proof      bytea not null,
    created_at timestamptz not null
);

-- Key 1 so far stood in two settings. They stay for programs of before that are still running; when it was made is
-- not known, so it is as old as this table.
insert into sealing_keys (key_id, salt, proof, created_at)
select 1, decode(s.value, 'hex'), decode(c.value, 'hex'), now()
  from settings s join settings c on s.key = 'sealing_salt' and c.key = 'sealing_check';

-- Which key each secret is under. A key that something is sealed with cannot be forgotten, and nothing can be sealed
-- with one that was: a program that has slept through a rotation is refused its write, and destroys nothing.
-- What is too short to be a blob is under no key.
alter table bots
    add column token_key smallint generated always as
        (case when length(token_sealed) > 1 then get_byte(token_sealed, 1) end) stored references sealing_keys;
alter table tenants
    add column pg_password_key smallint generated always as
        (case when length(pg_password_sealed) > 1 then get_byte(pg_password_sealed, 1) end) stored references sealing_keys,
    add column redis_password_key smallint generated always as
        (case when length(redis_password_sealed) > 1 then get_byte(redis_password_sealed, 1) end) stored
        references sealing_keys;
