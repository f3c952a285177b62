-- Messages to people. A Telegram message has no idempotence key, so a row says *sending* before the call; one found
-- so after a crash becomes *unknown*: it may have arrived, is never sent again by itself, and is counted and shown.
create table outbox (
    id            bigint generated always as identity primary key,
    -- Why this message exists; a second message for the same reason is refused here.
    key           text not null unique,
    chat_id       bigint not null,
    -- Parameters of sendMessage.
    body          jsonb not null,
    state         text not null default 'due' check (state in ('due', 'sending', 'sent', 'unknown', 'failed')),
    due_at        timestamptz not null,
    -- While sending: after this moment nobody is sending any more.
    sending_until timestamptz check ((state = 'sending') = (sending_until is not null)),
    attempts      integer not null default 0,
    message_id    integer,
    error         text,
    created_at    timestamptz not null,
    settled_at    timestamptz
);
create index outbox_waiting on outbox (due_at) where state in ('due', 'sending');
