-- Whether the business is served or its time has run out. The master writes it; the tenant's role may only read it,
-- so that no fault and no trick of the bot can lift its own suspension.
create table service_stage (
  -- One row.
  one boolean primary key default true check (one),
  stage text not null check (stage in ('running', 'suspended')),
  since timestamptz not null
);
