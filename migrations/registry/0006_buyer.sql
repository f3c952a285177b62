-- What a buyer chooses and accepts on the way to a paid order.

-- Chosen by the person: what their Telegram says later does not change it.
alter table clients add column language_chosen boolean not null default false;

-- A price holds for some days; null: since the order was made.
alter table orders add column priced_at timestamptz;
-- What the price was before it changed while the order was under way, so that it is said before anybody pays.
alter table orders add column price_before_kopecks bigint check (price_before_kopecks > 0);
-- Where the texts stood that were accepted under `terms_version`; null: the built-in ones.
alter table orders add column offer_url text;
alter table orders add column privacy_url text;
-- Who is asked for a bot and brings none is looked for again and again.
create index orders_waiting_for_bot on orders (updated_at) where state = 'draft' and bot_id is null and contact is not null;

-- What the provider was asked with under this row's key, so that settings that change later change no repeated call;
-- null: by a program that knew only one way to ask.
alter table payments add column asked jsonb;
