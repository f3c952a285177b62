-- Whoever runs the business: roles and invitations, what is known of customers, notes and money of a booking, the work
-- chat, the business's own words, news to customers, and who did what. The bot of the version before runs on these tables
-- too: whatever it writes passes, so new columns have defaults and old checks only grow.

-- Those who run the business. The bot of the version before knows owners only, and takes everybody else for a customer.
-- widens: more roles.
alter table admins
  drop constraint admins_role_check,
  add constraint admins_role_check check (role in ('owner', 'manager', 'staff', 'viewer')),
  -- As they were called when they came; Telegram's later names are in `users` if they spoke to the bot.
  add column name text not null default '' check (length(name) <= 200),
  -- Whose schedule is theirs. Somebody of the staff has one; others may.
  add column resource_id bigint references resources,
  add column added_by bigint,
  -- Whether they are written to about bookings.
  add column told boolean not null default true,
  -- When a digest of the day comes, in minutes since the business's midnight; null: it is not wanted.
  add column morning_minute smallint check (morning_minute between 0 and 1439),
  add column evening_minute smallint check (evening_minute between 0 and 1439),
  add constraint admins_staff_have_a_schedule check (role <> 'staff' or resource_id is not null);

-- One-time links into the team and to a work chat, and the offer of ownership to one of the team. What is kept of a link's
-- code is its SHA-256.
create table invites (
  id bigint generated always as identity primary key,
  code_hash bytea unique check (length(code_hash) = 32),
  kind text not null check (kind in ('join', 'handover', 'chat')),
  role text check (role in ('owner', 'manager', 'staff', 'viewer')),
  resource_id bigint references resources,
  -- To whom ownership is offered.
  for_user bigint,
  -- Telegram's id.
  made_by bigint not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_by bigint,
  used_at timestamptz,
  revoked_at timestamptz,
  check ((kind = 'join') = (role is not null)),
  check ((kind = 'handover') = (for_user is not null) and (kind = 'handover') = (code_hash is null)),
  check ((used_by is null) = (used_at is null))
);

create table audit_log (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  -- Telegram's id, and the name they went by then.
  actor_id bigint not null,
  actor_name text not null,
  -- `area.deed`: `service.changed`, `team.invited`.
  action text not null check (action ~ '^[a-z_]+\.[a-z_]+$'),
  -- What it was done to, as people know it: a service's name, a booking's number.
  subject text check (length(subject) between 1 and 200),
  -- What exactly: {"field": …, "from": …, "to": …} or whatever tells it.
  detail jsonb not null default '{}' check (jsonb_typeof(detail) = 'object')
);
comment on table audit_log is 'Every act of those who run the business, appended in the transaction that does it. What happened to a booking is in booking_history.';

-- What the business offers.
-- Taken away for good: not shown even to those who run the business, kept for the bookings that name it.
alter table services add column removed_at timestamptz;
alter table resources add column removed_at timestamptz;

-- What is known of customers.
-- widens: the checks are about new columns only.
alter table users
  add column note text check (length(note) between 1 and 1000),
  add column tags text[] not null default '{}' check (cardinality(tags) <= 20),
  add column discount_percent smallint not null default 0 check (discount_percent between 0 and 100),
  -- Since when Telegram says that they have blocked the bot.
  add column unreachable_at timestamptz,
  -- Written down by the business: somebody who called or walked in. They have a number that no Telegram id is, below zero.
  add column caller boolean not null default false;

-- What the business writes to a booking.
-- widens: the checks are about new columns only.
alter table bookings
  add column note text check (length(note) between 1 and 1000),
  -- The customer's own, and taken off `price_kopecks` and the lines already.
  add column discount_percent smallint not null default 0 check (discount_percent between 0 and 100),
  -- What was really taken; null: the price.
  add column paid_kopecks bigint check (paid_kopecks between 0 and 9999999999),
  -- Who of the business made it for the customer.
  add column made_by bigint,
  -- When the business asked the customer to choose another time: until then deadlines do not bind.
  add column asked_to_move_at timestamptz;

-- widens: one more word for what was done.
alter table booking_history
  drop constraint booking_history_action_check,
  add constraint booking_history_action_check check (action in
    ('booked', 'cancelled', 'held', 'requested', 'confirmed', 'arrived', 'completed', 'no_show', 'moved', 'made_by_move',
     'coming', 'lapsed', 'edited'));

-- The business's own words in place of ours.
create table text_templates (
  key text not null,
  language text not null check (language in ('ru', 'en')),
  -- Of a plural one: {"one": …, "other": …} in JSON.
  body text not null check (length(body) between 1 and 8000),
  updated_by bigint not null,
  updated_at timestamptz not null,
  primary key (key, language)
);

-- A group in which the team sees new bookings.
create table work_chats (
  -- Below zero; another one when the group becomes a supergroup.
  chat_id bigint primary key,
  title text not null,
  connected_by bigint not null,
  connected_at timestamptz not null
);

-- The card of a booking in a work chat: a letter that is edited whenever its booking changes.
create table work_cards (
  booking_id bigint not null references bookings,
  chat_id bigint not null references work_chats on update cascade on delete cascade,
  -- Its letter in the outbox, and the message that it became, once that is known.
  letter_key text not null,
  message_id integer,
  -- How often the booking has changed since the letter was written, and how many of these changes the card shows.
  changes bigint not null default 0,
  shown bigint not null default 0,
  primary key (booking_id, chat_id)
);
create index work_cards_stale on work_cards (chat_id) where changes > shown;

-- Whoever changes a booking, and be it the bot of the version before, makes its cards stale: nobody can forget to.
create function booking_has_changed() returns trigger language plpgsql set search_path from current as $$
begin
  update work_cards set changes = changes + 1 where booking_id = new.id;
  return null;
end $$;
create trigger booking_has_changed after update on bookings for each row execute function booking_has_changed();

-- News to customers: see shared/src/broadcast.
create table broadcasts (
  id bigint generated always as identity primary key,
  made_by bigint not null,
  -- The message that is copied, or several of one album, as they stand in the chat with whoever wrote them.
  from_chat_id bigint not null,
  message_ids integer[] not null check (cardinality(message_ids) between 1 and 10),
  -- Telegram's word for the album: whatever else comes of it belongs here.
  album text check (length(album) <= 64),
  -- The beginning of its words, by which people know it.
  title text not null default '' check (length(title) <= 100),
  audience jsonb not null check (jsonb_typeof(audience) = 'object'),
  state text not null default 'draft' check (state in ('draft', 'scheduled', 'running', 'paused', 'stopped', 'done')),
  -- Why it has paused by itself; null: it has not.
  halted text check (halted in ('source', 'late')),
  -- When it begins.
  starts_at timestamptz check (state = 'draft' or starts_at is not null),
  -- Who of the team has opened it last, and is shown how it goes for as long as it stands open before them.
  watched_by bigint,
  created_at timestamptz not null,
  began_at timestamptz,
  ended_at timestamptz
);
create index broadcasts_at_work on broadcasts (state) where state in ('scheduled', 'running');
create table broadcast_letters (
  broadcast_id bigint not null references broadcasts on delete cascade,
  chat_id bigint not null,
  -- An album is followed by a line of its own: so many of a letter's messages have arrived.
  arrived smallint not null default 0,
  state text not null default 'due'
    check (state in ('due', 'sending', 'sent', 'unknown', 'failed', 'blocked', 'skipped', 'stopped')),
  -- By the machine's clock.
  sending_until timestamptz check ((state = 'sending') = (sending_until is not null)),
  -- Not before this; null: at once.
  due_at timestamptz,
  attempts integer not null default 0,
  error text,
  settled_at timestamptz,
  primary key (broadcast_id, chat_id)
);
create index broadcast_letters_waiting on broadcast_letters (broadcast_id, chat_id) where state in ('due', 'sending');

-- What bookings do not tell: how many people came by which link, how many began to book. One row a day, and one for each link.
create table analytics (
  day date not null,
  what text not null check (what in ('opened', 'new', 'began')),
  -- The end of a deep link; empty: none.
  source text not null check (length(source) <= 32),
  n integer not null check (n > 0),
  primary key (day, what, source)
);
