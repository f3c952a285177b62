-- The registry: who bought what, what should run, and what was seen to run.
-- Time comes in as a parameter, never from now(). Money is whole kopecks. Telegram ids are bigint.

-- Facts about this installation: instance_id (the mark on everything that is ours), sealing_salt, sealing_check.
create table settings (
    key   text primary key,
    value text not null
);

-- Who may do what only one process may do at a time, for instance poll Telegram. Rows and not advisory locks: any
-- role of the database, a tenant's too, could take those.
create table leases (
    name   text primary key,
    holder uuid not null,
    until  timestamptz not null
);

-- People who buy. The number appears in no name of a schema, role or container.
create table clients (
    id          bigint generated always as identity primary key,
    telegram_id bigint not null unique,
    name        text not null,
    username    text,
    language    text not null check (language in ('ru', 'en')),
    created_at  timestamptz not null
);

-- Bots that were made for or given to us. One row per bot for ever; the token is sealed for this row and wiped when
-- the bot is taken out of service.
create table bots (
    bot_id       bigint primary key,
    client_id    bigint not null references clients,
    username     text not null,
    managed      boolean not null,
    token_sealed bytea,
    created_at   timestamptz not null
);

-- A sign-up, from the first tap. What was answered is what is not null; the next question follows from that.
create table orders (
    id                bigint generated always as identity primary key,
    client_id         bigint not null references clients,
    state             text not null check (state in ('draft', 'awaiting_payment', 'paid', 'ended', 'cancelled')),
    plan              text not null,
    -- Fixed when the plan was chosen: a later change of prices does not touch it.
    price_kopecks     bigint not null check (price_kopecks > 0),
    days              integer not null check (days > 0),
    business_name     text check (length(business_name) between 1 and 64),
    kind              text,
    zone              text,
    contact           text,
    bot_id            bigint references bots,
    -- The update that brought the latest answer: should Telegram repeat it, it is no answer to the next question.
    answered_by       bigint,
    terms_version     text,
    terms_accepted_at timestamptz,
    created_at        timestamptz not null,
    updated_at        timestamptz not null,
    -- Nobody pays for an order that does not say what is bought.
    check (state in ('draft', 'cancelled')
           or num_nulls(business_name, kind, zone, contact, bot_id, terms_version, terms_accepted_at) = 0)
);
-- One sign-up at a time for a person, so that an answer can belong to no other.
create unique index orders_one_open on orders (client_id) where state in ('draft', 'awaiting_payment');
-- A bot serves one order: a second tap makes a second bot, never a second owner of the first.
create unique index orders_one_bot on orders (bot_id) where state not in ('ended', 'cancelled');

-- One row per attempt to pay. The idempotence key is stored before the provider is called.
create table payments (
    id               bigint generated always as identity primary key,
    order_id         bigint not null references orders,
    idempotence_key  uuid not null unique,
    provider_id      text unique,
    amount_kopecks   bigint not null check (amount_kopecks > 0),
    -- mismatched: the provider took another sum than we asked for; a person must look.
    status           text not null check (status in ('creating', 'pending', 'succeeded', 'canceled', 'mismatched')),
    confirmation_url text,
    reason           text,
    attempts         integer not null default 0,
    -- When the provider is asked next; null once the payment is settled.
    next_look_at     timestamptz,
    created_at       timestamptz not null,
    settled_at       timestamptz,
    check ((status in ('creating', 'pending')) = (settled_at is null))
);
create index payments_to_look_at on payments (next_look_at) where next_look_at is not null;
create index payments_of_order on payments (order_id);

-- Notifications as they came. They carry no signature, so a row here is a reason to ask the provider, never a fact.
create table payment_inbox (
    id           bigint generated always as identity primary key,
    received_at  timestamptz not null,
    event        text not null,
    provider_id  text not null,
    attempts     integer not null default 0,
    next_look_at timestamptz,
    outcome      text
);
create index payment_inbox_to_look_at on payment_inbox (next_look_at) where next_look_at is not null;

-- Money, append-only.
create table ledger (
    id             bigint generated always as identity primary key,
    at             timestamptz not null,
    client_id      bigint not null references clients,
    order_id       bigint not null references orders,
    payment_id     bigint not null references payments,
    -- payment: taken and served; refund_due: taken, and owed back.
    kind           text not null check (kind in ('payment', 'refund_due')),
    amount_kopecks bigint not null check (amount_kopecks > 0),
    note           text,
    -- A payment is booked once.
    unique (payment_id, kind)
);

create sequence tenant_number as integer;

-- Intent. What was seen stands in tenant_facts; what to do follows from both (master-bot/src/fleet/plan.rs).
create table tenants (
    id                    bigint generated always as identity primary key,
    -- CLIENT_ID, schema, Postgres role, Redis user and prefix, container. Never used again.
    slug                  text not null unique check (slug ~ '^client_[0-9]{3,}$'),
    client_id             bigint not null references clients,
    order_id              bigint not null unique references orders,
    bot_id                bigint not null references bots,
    business_name         text not null,
    kind                  text not null,
    zone                  text not null,
    language              text not null,
    -- Who administers the tenant bot from its first minute.
    owner_telegram_id     bigint not null,
    -- Where it lives, so that a second Postgres or a second host is data and not a rewrite.
    placement_database    text not null default 'main',
    placement_engine      text not null default 'main',
    placement_network     integer not null default 1,
    pg_password_sealed    bytea not null,
    redis_password_sealed bytea not null,
    -- An operator's will, with its reason, and the last word. Neither overwrites the other, nor what is paid.
    hold_reason           text,
    removal_wanted_at     timestamptz,
    -- Raised by every change of intent, and by every wish for a restart.
    generation            bigint not null default 1,
    restart_generation    bigint not null default 0,
    -- The worker that is on it; every write of its checks the token and the generation.
    lease_token           uuid,
    lease_until           timestamptz,
    -- An error is never the end, only a later try.
    attempts              integer not null default 0,
    next_attempt_at       timestamptz,
    last_error            text,
    created_at            timestamptz not null,
    ready_at              timestamptz,
    removed_at            timestamptz
);
create unique index tenants_one_bot on tenants (bot_id) where removed_at is null;

-- What was last seen of each part of a tenant. Not known: a call is or was in flight, the value is from before it.
create table tenant_facts (
    tenant_id bigint not null references tenants,
    part      text not null,
    value     jsonb not null,
    known     boolean not null,
    seen_at   timestamptz not null,
    primary key (tenant_id, part)
);

create table subscriptions (
    id         bigint generated always as identity primary key,
    client_id  bigint not null references clients,
    tenant_id  bigint not null unique references tenants,
    plan       text not null,
    paid_until timestamptz not null
);

-- What each payment bought.
create table subscription_periods (
    id              bigint generated always as identity primary key,
    subscription_id bigint not null references subscriptions,
    payment_id      bigint not null unique references payments,
    starts_at       timestamptz not null,
    ends_at         timestamptz not null check (ends_at > starts_at)
);

-- Who, what, when, why: append-only.
create table tenant_events (
    id         bigint generated always as identity primary key,
    tenant_id  bigint not null references tenants,
    at         timestamptz not null,
    -- reconciler, client:<telegram id>, operator:<telegram id>, cli:<user>
    actor      text not null,
    event      text not null,
    part       text,
    detail     text,
    took_ms    integer,
    generation bigint not null,
    -- The tap that this came of: Telegram may tell of it twice, and it is done once.
    cause      text unique
);
create index tenant_events_of on tenant_events (tenant_id, id);

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
