//! The rules as a table, and the table `incidents` under several who look at once.

use std::{collections::HashSet, sync::Arc};

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use sandbox::{
    Sandbox, SandboxOptions,
    wire::{Fault, FaultKind},
};
use shared::{
    clock::Clock,
    outbox::Outbox,
    telegram::{Screen, Telegram},
    texts::Lang,
};
use tokio_util::sync::CancellationToken;

use super::{
    AlertWords, Least, Memory, Watchtower,
    judge::{Facts, Finding, TenantSeen, Trouble, judge},
};
use crate::{
    peers::{Peer, PeerSeen, Reach},
    registry::{Kopecks, incidents, tenants::DeadToken},
    testing::Registry,
};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn ago(seconds: i64) -> Option<DateTime<Utc>> {
    Some(now() - TimeDelta::seconds(seconds))
}

/// A tenant that is as it should be.
fn fine(n: u32) -> TenantSeen {
    TenantSeen {
        slug: format!("client_{n:03}"),
        name: "Усы".into(),
        bot: "usy_bot".into(),
        wanted_running: true,
        attempts: 0,
        last_error: None,
        failed_part: None,
        failing_since: None,
        not_ready_since: None,
        dead_token: None,
        crashes: 0,
    }
}

/// One that has failed at `part` so often.
fn failing(n: u32, part: &str, attempts: i32) -> TenantSeen {
    TenantSeen {
        attempts,
        last_error: Some(format!("{part}: no")),
        failed_part: Some(part.into()),
        failing_since: ago(5),
        ..fine(n)
    }
}

fn facts(tenants: Vec<TenantSeen>) -> Facts {
    Facts { at: now(), tenants, least_disk: 10, least_memory: 10, ..Facts::default() }
}

fn with_open(mut facts: Facts, kind: &str, subject: &str) -> Facts {
    facts.open.insert((kind.into(), subject.into()));
    facts
}

/// Findings as `kind subject` with what they are, a `?` before those that open nothing.
fn told(facts: &Facts) -> Vec<String> {
    let name = |f: &Finding| {
        let what = serde_json::to_value(&f.trouble).unwrap()["what"].as_str().unwrap().to_owned();
        format!("{}{} {} {what}", if f.firm { "" } else { "?" }, f.kind, f.subject)
    };
    judge(facts).findings.iter().map(name).collect()
}

#[test]
fn one_tenants_troubles() {
    let refused = |attempts| TenantSeen { dead_token: Some(DeadToken::TokenRefused), ..failing(1, "token", attempts) };
    for (what, tenant, expected) in [
        ("all is well", fine(1), ""),
        ("one failure", failing(1, "schema", 1), "?tenant client_001 failing"),
        ("two failures", failing(1, "schema", 2), "?tenant client_001 failing"),
        ("three failures", failing(1, "schema", 3), "tenant client_001 failing"),
        (
            "one failure, long ago",
            TenantSeen { failing_since: ago(181), ..failing(1, "schema", 1) },
            "tenant client_001 failing",
        ),
        ("nobody wants it to run", TenantSeen { wanted_running: false, crashes: 9, ..failing(1, "schema", 9) }, ""),
        ("just starting", TenantSeen { not_ready_since: ago(20), ..fine(1) }, "?tenant client_001 failing"),
        ("starting for ever", TenantSeen { not_ready_since: ago(181), ..fine(1) }, "tenant client_001 failing"),
        ("two crashes", TenantSeen { crashes: 2, ..fine(1) }, ""),
        ("three crashes", TenantSeen { crashes: 3, ..fine(1) }, "tenant client_001 crashing"),
        ("three crashes and down", TenantSeen { crashes: 3, ..failing(1, "ready", 4) }, "tenant client_001 crashing"),
        ("a refusal may be a hiccup", refused(1), "?tenant client_001 token_dead"),
        ("refused twice", refused(2), "tenant client_001 token_dead"),
        ("refused after crashes", TenantSeen { crashes: 5, ..refused(2) }, "tenant client_001 token_dead"),
        ("refused once upon a time", TenantSeen { dead_token: Some(DeadToken::BotDeleted), ..fine(1) }, ""),
    ] {
        assert_eq!(told(&facts(vec![tenant])).join("; "), expected, "{what}");
    }
}

#[test]
fn three_that_fail_alike_are_one_incident() {
    let three = |first| vec![failing(1, "container", first), failing(2, "container", 1), failing(3, "container", 1)];
    let alone = ["?tenant client_001 failing", "?tenant client_002 failing", "?tenant client_003 failing"];
    // Nobody has failed often enough yet.
    assert_eq!(told(&facts(three(2))), alone);
    // One has: it is told as one, with those that have only begun to.
    let verdict = judge(&facts(three(3)));
    let Trouble::Step { tenants, .. } = &verdict.findings[0].trouble else { panic!("{verdict:?}") };
    assert_eq!(tenants, &["client_001", "client_002", "client_003"]);
    assert_eq!(told(&facts(three(3)))[0], "step container step");
    assert_eq!(told(&facts(three(3)))[1..], alone);
    // Others join in without a message of their own, also when two have recovered.
    let two = || facts(vec![failing(2, "container", 7), failing(9, "container", 3)]);
    let open = told(&with_open(two(), "step", "container"));
    assert_eq!(open, ["?step container step", "?tenant client_002 failing", "?tenant client_009 failing"]);
    // Without that incident two are just two.
    assert_eq!(told(&two()), ["tenant client_002 failing", "tenant client_009 failing"]);
}

#[test]
fn those_who_fail_differently_or_for_their_own_reasons_are_not_lumped_together() {
    let apart = facts(vec![failing(1, "container", 3), failing(2, "schema", 3), failing(3, "role", 3)]);
    assert!(told(&apart).iter().all(|f| f.starts_with("tenant ")), "{:?}", told(&apart));
    let refused = |n| TenantSeen { dead_token: Some(DeadToken::TokenRefused), ..failing(n, "token", 3) };
    let tokens = facts(vec![refused(1), refused(2), refused(3)]);
    assert!(told(&tokens).iter().all(|f| f.starts_with("tenant ")), "{:?}", told(&tokens));
    // They crash but come up again: no step fails.
    let crashing = |n| TenantSeen { crashes: 3, ..fine(n) };
    assert_eq!(told(&facts(vec![crashing(1), crashing(2), crashing(3)])).len(), 3);
    // An image that ends at once is one cause.
    let down = |n| TenantSeen { crashes: 3, ..failing(n, "ready", 4) };
    assert_eq!(told(&facts(vec![down(1), down(2), down(3)]))[0], "step ready step");
}

#[test]
fn a_peer_is_told_after_a_minute_and_seen_good_only_by_who_asks_it() {
    let peer = |away_since| PeerSeen { peer: Peer::Redis, away_since, error: "refused".into() };
    let seen = |peers| Facts { peers, ..facts(Vec::new()) };
    assert_eq!(told(&seen(vec![peer(ago(59))])), ["?peer redis away"]);
    assert_eq!(told(&seen(vec![peer(ago(60))])), ["peer redis away"]);
    let of_peers = |facts: &Facts| -> Vec<String> {
        judge(facts).good.into_iter().filter(|(kind, _)| *kind == "peer").map(|(_, subject)| subject).collect()
    };
    assert_eq!(of_peers(&seen(vec![peer(None)])), ["redis"]);
    assert!(of_peers(&seen(Vec::new())).is_empty(), "who never asked cannot say that it is good");
}

#[test]
fn room_runs_short_below_the_least_and_is_good_again_a_little_above_it() {
    let disk = |free| Facts { disks: vec![("/var".into(), free)], machine: "a".into(), ..facts(Vec::new()) };
    assert_eq!(told(&disk(9)), ["disk a:/var disk"]);
    assert_eq!(told(&disk(11)), ["?disk a:/var disk"]);
    assert!(told(&disk(12)).is_empty() && judge(&disk(12)).good == [("disk", "a:/var".to_owned())]);
    assert!(told(&Facts { least_disk: 0, ..disk(0) }).is_empty(), "0: never");
    let memory = |free| Facts { memory: Some(free), machine: "a".into(), ..facts(Vec::new()) };
    assert_eq!(told(&memory(9)), ["memory a: memory"]);
    assert!(told(&memory(50)).is_empty());
}

#[test]
fn letters_pile_up_and_debts_grow_old() {
    let letters = |unknown, failed| Facts { letters: (unknown, failed), ..facts(Vec::new()) };
    assert_eq!(told(&letters(2, 2)), ["?letters  letters"]);
    assert_eq!(told(&letters(2, 3)), ["letters  letters"]);
    assert!(told(&letters(0, 0)).is_empty());
    let debt = |hours| Facts {
        refunds: (1, Some(Kopecks(29_900))),
        oldest_refund: Some(now() - TimeDelta::hours(hours)),
        ..facts(Vec::new())
    };
    assert_eq!(told(&debt(23)), ["?refunds  refunds"]);
    assert_eq!(told(&debt(24)), ["refunds  refunds"]);
}

/// Words that say what they were asked for.
struct Plain;

impl AlertWords for Plain {
    fn alert(&self, trouble: &Trouble, subject: &str, _: DateTime<Utc>, until: Option<DateTime<Utc>>) -> Screen {
        let what = serde_json::to_string(trouble).unwrap_or_default();
        Screen::text(format!("{what} {subject}{}", if until.is_some() { " over" } else { "" }))
    }

    fn for_owner(&self, _: Lang, _: &Trouble, _: bool) -> Option<Screen> {
        None
    }
}

/// A registry with debts of letters, and as many watchtowers as wanted.
struct Ground {
    registry: Registry,
    clock: Clock,
}

impl Ground {
    async fn new() -> Result<Self> {
        Ok(Self { registry: Registry::fresh().await?, clock: Clock::fixed(now()) })
    }

    fn tower(&self) -> Result<Watchtower> {
        // Nobody answers there; it is told like everything else.
        self.tower_at("http://127.0.0.1:9", "1:x")
    }

    fn tower_at(&self, telegram: &str, token: &str) -> Result<Watchtower> {
        let telegram = Telegram::new(&token.to_owned().into(), &telegram.parse()?)?;
        let pool = self.registry.pool.clone();
        Ok(Watchtower {
            pool,
            clock: self.clock.clone(),
            telegram,
            words: Arc::new(Plain),
            chats: vec![1, 2],
            reach: Arc::new(Reach::new(self.clock.clone())),
            engine: None,
            least: Least { disk: 0, memory: 0 },
            memory: Memory::default(),
        })
    }

    /// So many letters in all of which nobody knows.
    async fn lose_letters(&self, n: i32) -> Result<()> {
        sqlx::query(
            "insert into outbox (key, chat_id, body, state, due_at, created_at)
             select 'lost:' || n, 7, '{}', 'unknown', $2, $2 from generate_series(1, $1) n on conflict do nothing",
        )
        .bind(n)
        .bind(self.clock.now())
        .execute(&self.registry.pool)
        .await?;
        Ok(())
    }

    async fn mend(&self) -> Result<()> {
        sqlx::query("delete from outbox where key like 'lost:%'").execute(&self.registry.pool).await?;
        Ok(())
    }

    /// Incidents about letters: open and closed ones.
    async fn incidents(&self) -> Result<(i64, i64)> {
        Ok(sqlx::query_as(
            "select count(*) filter (where closed_at is null), count(closed_at) from incidents where kind = 'letters'",
        )
        .fetch_one(&self.registry.pool)
        .await?)
    }

    /// Keys of the letters about them; that Telegram is away is told too.
    async fn keys(&self) -> Result<Vec<String>> {
        let keys = sqlx::query_scalar(
            "select o.key from outbox o join incidents i on o.key like 'incident:' || i.id || ':%' and i.kind = 'letters'",
        );
        Ok(keys.fetch_all(&self.registry.pool).await?)
    }

    async fn pass(&self, tower: &Watchtower, seconds: i64) -> Result<()> {
        self.clock.advance(TimeDelta::seconds(seconds));
        tower.look().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_look_at_once_open_one_incident_and_write_one_letter_to_each_chat() -> Result<()> {
    let ground = Ground::new().await?;
    ground.lose_letters(5).await?;
    let looks = (0..8).map(|_| {
        let tower = ground.tower();
        tokio::spawn(async move { tower?.look().await })
    });
    for look in futures::future::join_all(looks).await {
        look??;
    }
    assert_eq!(ground.incidents().await?, (1, 0));
    let keys = ground.keys().await?;
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), 2, "{keys:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incident_is_over_only_after_it_was_good_for_a_minute_and_comes_back_as_another() -> Result<()> {
    let ground = Ground::new().await?;
    let tower = ground.tower()?;
    ground.lose_letters(5).await?;
    tower.look().await?;
    assert_eq!(ground.incidents().await?, (1, 0));
    // It trembles: gone for half a minute, back for a moment, not even worth an incident of its own.
    ground.mend().await?;
    ground.pass(&tower, 30).await?;
    ground.lose_letters(1).await?;
    ground.pass(&tower, 5).await?;
    ground.mend().await?;
    ground.pass(&tower, 59).await?;
    assert_eq!(ground.incidents().await?, (1, 0));
    ground.pass(&tower, 2).await?;
    assert_eq!(ground.incidents().await?, (0, 1));
    ground.lose_letters(5).await?;
    ground.pass(&tower, 5).await?;
    assert_eq!(ground.incidents().await?, (1, 1));
    assert_eq!(ground.keys().await?.len(), 4);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_another_can_see_is_not_closed() -> Result<()> {
    let ground = Ground::new().await?;
    let (sees, sees_not) = (ground.tower()?, ground.tower()?);
    let engine = |tower: &Watchtower, answer: Result<(), &'static str>| {
        let reach = tower.reach.clone();
        async move { reach.ask(Peer::Engine, async move { answer }, |_| true).await }
    };
    let _ = engine(&sees, Err("gone")).await;
    ground.pass(&sees, 61).await?;
    let open = async || -> Result<i64> {
        let sql = "select count(*) from incidents where kind = 'peer' and subject = 'engine' and closed_at is null";
        Ok(sqlx::query_scalar(sql).fetch_one(&ground.registry.pool).await?)
    };
    assert_eq!(open().await?, 1);
    ground.pass(&sees_not, 300).await?;
    assert_eq!(open().await?, 1, "who has no engine cannot say that it answers");
    engine(&sees, Ok(())).await.ok().context("it answers")?;
    ground.pass(&sees, 5).await?;
    assert_eq!(open().await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_grows_with_its_incident_and_says_in_the_end_that_it_is_over_however_long_that_takes() -> Result<()> {
    let ground = Ground::new().await?;
    let listen = vec!["127.0.0.1:0".parse()?];
    let sandbox = Sandbox::start(SandboxOptions { listen, ..SandboxOptions::default() }).await?;
    let (sim, url) = (sandbox.sim(), sandbox.url());
    let bot = sim.create_bot("Слотъярд", "slotyard_bot", false).await?;
    let operator = sim.person("Ольга").await?;
    sim.start(operator.id, &bot, None).await?;
    let tower = Watchtower { chats: vec![operator.id], ..ground.tower_at(&url, &bot.token)? };
    let read = async || -> Result<Vec<String>> {
        let chat = sim.chat(operator.id, &bot).await?;
        Ok(chat.messages.into_iter().filter(|m| m.from_bot).map(|m| m.text).collect())
    };
    let outbox = Outbox::new(ground.registry.pool.clone(), tower.telegram.clone(), ground.clock.clone());
    let (stop, sender) = (CancellationToken::new(), outbox.clone());
    let sending = tokio::spawn({
        let stop = stop.clone();
        async move { sender.run(stop).await }
    });

    ground.lose_letters(5).await?;
    tower.look().await?;
    outbox.wake();
    play::until(std::time::Duration::from_secs(20), "the alert is recorded as sent", async || {
        let sent = sqlx::query_scalar::<_, i64>("select count(*) from outbox where state = 'sent'");
        Ok((sent.fetch_one(&ground.registry.pool).await? == 1).then_some(()))
    })
    .await?;
    let first = read().await?;
    assert!(first.len() == 1 && first[0].contains("\"unknown\":5"), "{first:?}");

    // It grows, but not more often than people can read.
    ground.lose_letters(8).await?;
    ground.pass(&tower, 29).await?;
    assert_eq!(read().await?, first);
    ground.pass(&tower, 5).await?;
    let second = read().await?;
    assert!(second.len() == 1 && second[0].contains("\"unknown\":8"), "{second:?}");

    // It ends while Telegram is away: nothing is lost.
    ground.mend().await?;
    sim.fault(&Fault::telegram("editMessageText", FaultKind::Down).times(2)).await?;
    ground.pass(&tower, 61).await?;
    ground.pass(&tower, 5).await?;
    assert_eq!(read().await?, second);
    // Whoever comes next says it, another process too.
    let next = Watchtower { chats: vec![operator.id], ..ground.tower_at(&url, &bot.token)? };
    ground.pass(&next, 5).await?;
    let over = read().await?;
    assert!(over.len() == 1 && over[0].ends_with("over") && over[0].contains("\"unknown\":8"), "{over:?}");
    let left: i64 = sqlx::query_scalar("select count(*) from incidents where not end_told")
        .fetch_one(&ground.registry.pool)
        .await?;
    assert_eq!(left, 0);
    stop.cancel();
    sending.await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_machine_told_that_is_no_more_does_not_stay_for_ever() -> Result<()> {
    let ground = Ground::new().await?;
    let mut db = ground.registry.pool.acquire().await?;
    let disk = serde_json::to_value(Trouble::Disk { folder: "old:/".into(), free_percent: 1 })?;
    incidents::open(&mut db, "disk", "old:/", &disk, ground.clock.now()).await?.context("it is open already")?;
    let tower = ground.tower()?;
    let open = "select count(*) from incidents where kind = 'disk' and closed_at is null";
    ground.pass(&tower, 3_500).await?;
    assert_eq!(sqlx::query_scalar::<_, i64>(open).fetch_one(&mut *db).await?, 1, "it may only be restarting");
    ground.pass(&tower, 101).await?;
    assert_eq!(sqlx::query_scalar::<_, i64>(open).fetch_one(&mut *db).await?, 0);
    Ok(())
}
