//! A fleet of a thousand as a list.

use std::time::Instant;

use super::*;
use crate::fleet::{
    card::State,
    roster::{Sought, roster},
};

/// A thousand tenants that are rows alone, each of them in a state that follows from those rows.
async fn a_thousand(pool: &sqlx::PgPool, now: DateTime<Utc>) -> Result<()> {
    sqlx::raw_sql(
        "insert into clients (telegram_id, name, username, language, created_at)
           select 900000 + n, 'Клиент ' || n, 'client_no_' || n, 'ru', now() from generate_series(1, 1000) n;
         insert into bots (bot_id, client_id, username, managed, created_at)
           select 7000000 + n, c.id, 'bot_no_' || n || '_bot', true, now()
             from generate_series(1, 1000) n join clients c on c.telegram_id = 900000 + n;
         insert into orders (client_id, state, plan, price_kopecks, days, business_name, kind, zone, contact, bot_id, terms_version,
                             terms_accepted_at, created_at, updated_at)
           select b.client_id, 'paid', 'm1', 100, 30, 'Салон ' || (b.bot_id - 7000000), 'salon', 'Europe/Moscow', 'x', b.bot_id,
                  'v1', now(), now(), now() from bots b order by b.bot_id;
         insert into tenants (slug, client_id, order_id, bot_id, business_name, kind, zone, language, owner_telegram_id,
                              pg_password_sealed, redis_password_sealed, created_at)
           select 'client_' || lpad((o.bot_id - 7000000)::text, greatest(3, length((o.bot_id - 7000000)::text)), '0'), o.client_id, o.id, o.bot_id, o.business_name, 'salon',
                  'Europe/Moscow', 'ru', 900000 + o.bot_id - 7000000, '', '', now() from orders o order by o.bot_id;",
    )
    .execute(pool)
    .await?;
    sqlx::query(
        "insert into subscriptions (client_id, tenant_id, plan, paid_until) select client_id, id, 'm1', $1 from tenants",
    )
    .bind(now + TimeDelta::days(1))
    .execute(pool)
    .await?;
    // Each tenth: running, failing, held and still, unpaid, removed; the others are starting.
    sqlx::raw_sql(
        "insert into tenant_facts (tenant_id, part, value, known, seen_at)
           select t.id, p, '{\"restart_generation\": 0}', true, now() from tenants t, unnest(array['container', 'ready']) p
            where t.bot_id % 10 = 1;
         update tenants set last_error = 'нет' where bot_id % 10 = 2;
         update tenants set hold_reason = 'долги' where bot_id % 10 = 3;
         update subscriptions set paid_until = now() - interval '1 day'
          where tenant_id in (select id from tenants where bot_id % 10 = 4);
         update tenants set removal_wanted_at = now(), removed_at = now() where bot_id % 10 = 5",
    )
    .execute(pool)
    .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_bots_are_counted_filtered_turned_over_and_found() -> Result<()> {
    let registry = testing::Registry::fresh().await?;
    let (pool, now) = (&registry.pool, shared::clock::Clock::system().now());
    a_thousand(pool, now).await?;
    let begun = Instant::now();
    let first = roster(pool, &Sought::Present, (0, 8), now).await?;
    eprintln!("a page of a thousand in {} ms", begun.elapsed().as_millis());
    assert_eq!((first.found, first.lines.len(), first.present()), (900, 8, 900));
    let states = [
        (State::Running, 100),
        (State::Failing, 100),
        (State::Stopped, 100),
        (State::Suspended, 100),
        (State::Removed, 100),
        (State::Starting, 500),
    ];
    for (state, n) in states {
        assert_eq!(first.counts.get(&state), Some(&n), "{state:?}");
        let mut seen = std::collections::BTreeSet::new();
        for page in 0..=n / 8 {
            let part = roster(pool, &Sought::Of(state), (page * 8, 8), now).await?;
            assert_eq!(part.found, n);
            assert!(part.lines.iter().all(|line| line.state == state));
            seen.extend(part.lines.into_iter().map(|line| line.slug));
        }
        assert_eq!(seen.len(), n, "{state:?}: every one is on one page");
    }
    let beyond = roster(pool, &Sought::Present, (usize::MAX, 8), now).await?;
    assert!(beyond.lines.is_empty() && beyond.found == 900);
    for (words, found) in [
        ("client_777", 1),
        ("Салон 77", 19),
        ("77", 1),
        ("900077", 1),
        ("@bot_no_5_bot", 1),
        ("клиент 1000", 1),
        ("nobody", 0),
    ] {
        assert_eq!(roster(pool, &Sought::Words(words.into()), (0, 8), now).await?.found, found, "{words}");
    }
    // The one that is gone is found by its name, and is not in the list.
    assert_eq!(roster(pool, &Sought::Words("client_005".into()), (0, 8), now).await?.lines[0].state, State::Removed);
    Ok(())
}
