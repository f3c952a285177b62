-- What people ask of the engine. Only a fleet process has its socket, so the question is a row, and so is the answer.
-- Rows live for minutes: a log may carry people's words.
create table fleet_asks (
    id          bigint generated always as identity primary key,
    tenant_id   bigint not null references tenants,
    kind        text not null check (kind in ('log', 'usage')),
    -- Lines of a log.
    lines       integer not null default 0 check (lines >= 0),
    actor       text not null,
    -- Who is told of the answer by a letter; null: whoever asked looks at the row.
    chat_id     bigint,
    language    text,
    -- The tap that it came of: told twice, it is asked once.
    cause       text unique,
    asked_at    timestamptz not null,
    -- A fleet process is on it; past this moment another may be.
    taken_until timestamptz,
    answered_at timestamptz,
    answer      jsonb check ((answer is null) = (answered_at is null)),
    told_at     timestamptz
);
create index fleet_asks_open on fleet_asks (asked_at) where answered_at is null;
create index fleet_asks_of on fleet_asks (tenant_id, kind, id);
