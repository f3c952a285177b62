-- What is wrong and for how long; what operators are told of it, and what they have done about letters and debts.

-- One row from the moment something is found wrong until it has been good for a while. Whoever finds it again later
-- opens a new one. What the messages say is made from the row, so that any process can end what another began.
create table incidents (
    id        bigint generated always as identity primary key,
    kind      text not null check (kind in ('tenant', 'step', 'peer', 'disk', 'memory', 'letters', 'refunds')),
    -- The tenant's slug, the step, the peer, the folder; empty where there is only one of the kind.
    subject   text not null,
    detail    jsonb not null,
    opened_at timestamptz not null,
    -- When it was last found to be so. One that nobody finds any more is closed a while after this.
    seen_at   timestamptz not null,
    closed_at timestamptz check (closed_at >= opened_at),
    -- What the messages show now; an edit may be repeated, so it is written after the edit.
    told      jsonb not null,
    told_at   timestamptz not null,
    end_told  boolean not null default false
);
-- Several masters look at the same time; the second to find something finds it open.
create unique index incidents_one_open on incidents (kind, subject) where closed_at is null;
create index incidents_to_end on incidents (id) where closed_at is not null and not end_told;

-- Of a failure: which part, since when without a break, and what it means when that is known for sure.
alter table tenants add column failed_part text, add column failing_since timestamptz,
    add column trouble text check (trouble in ('token_refused', 'bot_deleted', 'bot_not_ours'));

-- How often bots have ended by themselves lately is asked every few seconds.
create index tenant_events_ended on tenant_events (at) where event = 'ended';

-- What people did about messages that did not arrive; append-only. A tap that Telegram tells twice is one act.
create table outbox_acts (
    update_id bigint primary key,
    letter_id bigint not null,
    act       text not null check (act in ('resend', 'dismiss')),
    actor     text not null,
    at        timestamptz not null
);
-- Given up by a person: neither shown nor counted among what did not arrive any more.
alter table outbox add column dismissed_at timestamptz;
create index outbox_undelivered on outbox (id) where state in ('unknown', 'failed') and dismissed_at is null;

-- refunded: what was owed back is returned, an operator says.
alter table ledger drop constraint ledger_kind_check;
alter table ledger add constraint ledger_kind_check check (kind in ('payment', 'refund_due', 'refunded'));

-- Notifications that were followed are kept for a while only.
create index payment_inbox_followed on payment_inbox (received_at) where next_look_at is null;
