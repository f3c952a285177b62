-- What owners sell by hand: for cash, by transfer, by invoice.

-- Composed like a sign-up: what was answered is what is not null, and the next question follows from that. Then it is
-- open until both the money and the person are there, and settled by one payment.
create table hand_sales (
    id             bigint generated always as identity primary key,
    -- Telegram id of the owner who makes it.
    seller_id      bigint not null,
    state          text not null check (state in ('draft', 'open', 'settled', 'revoked')),
    -- Whose time is prolonged; null: it is for somebody who is to sign up by its link.
    tenant_id      bigint references tenants,
    -- Null with days: a number of days of the owner's own.
    plan           text,
    days           integer check (days between 1 and 3660),
    -- A gift is no sale, and leaves nothing in the ledger: a rouble at least.
    amount_kopecks bigint check (amount_kopecks between 100 and 100000000),
    method         text check (method in ('cash', 'transfer', 'invoice')),
    -- Empty: the owner was asked, and has nothing to say.
    note           text check (length(note) <= 500),
    -- Raised by every answer: who agrees to a summary agrees to what that very summary said.
    revision       integer not null default 0,
    -- The update that brought the latest answer: should Telegram repeat it, it is no answer to the next question.
    answered_by    bigint,
    -- The link's code itself is nowhere but in the link.
    code_hash      bytea unique check (length(code_hash) = 32),
    -- The tap that the link was made by: told twice, it does not make a link that kills the first.
    code_cause     text,
    agreed_at      timestamptz,
    -- Cash and transfers are there when the sale is agreed to, an invoice is paid later.
    money_at       timestamptz,
    money_by       bigint,
    settled_at     timestamptz,
    revoked_at     timestamptz,
    revoked_by     bigint,
    created_at     timestamptz not null,
    check (state = 'draft' or num_nulls(days, amount_kopecks, method, note, agreed_at) = 0),
    check (tenant_id is null or code_hash is null),
    check ((money_at is null) = (money_by is null)),
    check ((state = 'settled') = (settled_at is not null)),
    check ((state = 'revoked') = (revoked_at is not null)),
    -- Nothing is sold for money that nobody has.
    check (state <> 'settled' or money_at is not null)
);
create unique index hand_sales_one_draft on hand_sales (seller_id) where state = 'draft';

-- The sale that pays for this sign-up; one sale pays for one.
alter table orders add column hand_sale_id bigint unique references hand_sales;

-- A payment that was taken by hand is written when the money is there, so it is never pending and no provider is ever
-- asked about it. One sale comes to one payment, whoever taps, and however often.
alter table payments
    add column method text not null default 'yookassa' check (method in ('yookassa', 'cash', 'transfer', 'invoice')),
    add column hand_sale_id bigint unique references hand_sales,
    add column taken_by text,
    add column note text,
    add check ((method = 'yookassa') = (hand_sale_id is null)),
    add check (method = 'yookassa'
               or status = 'succeeded' and provider_id is null and next_look_at is null and taken_by is not null);

-- Statistics ask for what came between two moments.
create index ledger_at on ledger (at);
create index tenants_of_client on tenants (client_id) where removed_at is null;
