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
