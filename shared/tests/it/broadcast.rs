//! Broadcasts that go as they should: at their pace, in their turn, and to those who want them.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chrono::TimeDelta;
use sandbox::wire::Sent;
use shared::{
    broadcast::{self, State, Tally, Turned},
    telegram::Screen,
};

use crate::broadcast_room::NewsRoom;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_it_once_with_its_button_and_the_broadcast_is_over() -> Result<()> {
    let mut news = NewsRoom::with(12).await?;
    news.work();
    let id = news.broadcast(&[news.written("Скидка до пятницы").await?]).await?;
    let tally = news.becomes(id, State::Done).await?;
    assert_eq!(tally, Tally { all: 12, sent: 12, ..Tally::default() });
    assert_eq!(news.times_read("Скидка до пятницы").await?, [1; 12]);
    let read = news.read_by(&news.people[0]).await?;
    assert_eq!(read[0].buttons[0][0].data.as_deref(), Some("quiet"));
    assert_eq!(news.list.known().turned, [(id, Turned::Done)]);
    assert!(news.list.known().shown >= 1, "whoever watches is shown the end");
    // To nobody at all is over at once.
    news.list.known().people.clear();
    let id = news.broadcast(&[1]).await?;
    assert_eq!(news.becomes(id, State::Done).await?, Tally::default());
    news.rest().await?;
    Ok(news.room.sim.assert_clean().await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_telegrams_limits_it_goes_at_its_pace_and_is_never_asked_to_wait() -> Result<()> {
    let mut news = NewsRoom::with(90).await?;
    let message = news.written("Мы открылись").await?;
    news.room.sim.flood(true).await?;
    news.work();
    let begun = Instant::now();
    let id = news.broadcast(&[message]).await?;
    assert_eq!(news.becomes(id, State::Done).await?.sent, 90);
    // Three seconds at its pace; a machine that is busy with other tests may take longer, and must not be quicker.
    let took = begun.elapsed();
    assert!(took > Duration::from_millis(2_800), "{took:?}");
    assert!(took < Duration::from_secs(9), "{took:?}");
    assert_eq!(news.asked_to_wait().await?, 0);
    assert_eq!(news.times_read("Мы открылись").await?, [1; 90]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_writes_meanwhile_is_answered_before_the_rest() -> Result<()> {
    let mut news = NewsRoom::with(60).await?;
    let message = news.written("Мы открылись").await?;
    news.room.sim.flood(true).await?;
    news.work();
    let id = news.broadcast(&[message]).await?;
    news.sent(id, 10).await?;
    let outbox = news.room.outbox(&news.clock);
    for (n, person) in (0..).zip(&news.people[50..55]) {
        let begun = Instant::now();
        let reply = outbox.reply(1_000 + n, 0, person.id, &Screen::text("Вы записаны")).await?;
        assert!(reply.message_id.is_some(), "answered at once, and not asked to wait");
        assert!(begun.elapsed() < Duration::from_millis(700), "{:?}", begun.elapsed());
    }
    assert!(news.tally(id).await?.due > 15, "the rest still waits");
    assert_eq!(news.becomes(id, State::Done).await?.sent, 60);
    assert_eq!(news.asked_to_wait().await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_wants_no_news_any_more_when_their_turn_comes_is_passed_over() -> Result<()> {
    let mut news = NewsRoom::with(40).await?;
    news.work();
    let id = news.broadcast(&[news.written("Новинка").await?]).await?;
    news.sent(id, 2).await?;
    let last = news.people.iter().map(|person| person.id).max().context("somebody")?;
    news.list.known().unwilling.insert(last);
    let tally = news.becomes(id, State::Done).await?;
    assert_eq!(tally, Tally { all: 40, sent: 39, skipped: 1, ..Tally::default() });
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_holds_it_and_it_goes_on_and_a_stop_ends_it() -> Result<()> {
    let mut news = NewsRoom::with(60).await?;
    news.work();
    let pool = news.room.pool.clone();
    let id = news.broadcast(&[news.written("Новинка").await?]).await?;
    news.sent(id, 5).await?;
    assert!(broadcast::pause(&pool, id).await?);
    assert!(!broadcast::pause(&pool, id).await?, "a second tap changes nothing");
    let held = news.at_rest(id).await?;
    // Nothing is waited for here: a worker that went on would send a dozen in this time.
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(news.tally(id).await?, held);
    assert!(held.due > 30 && held.sending == 0, "{held:?}");
    assert!(broadcast::resume(&pool, id).await?);
    news.wake.notify_one();
    news.sent(id, held.sent + 5).await?;
    let now = news.clock.now();
    let mut tx = pool.begin().await?;
    assert!(broadcast::stop(&mut tx, id, now).await?);
    assert!(!broadcast::stop(&mut tx, id, now).await?);
    tx.commit().await?;
    let tally = news.at_rest(id).await?;
    assert_eq!((tally.due, tally.sending, tally.sent + tally.stopped), (0, 0, 60), "{tally:?}");
    assert!(tally.stopped > 10, "{tally:?}");
    assert_eq!(news.state(id).await?, State::Stopped);
    assert!(!broadcast::resume(&pool, id).await?, "what was stopped never goes on");
    let read: usize = news.times_read("Новинка").await?.into_iter().sum();
    assert_eq!(i64::try_from(read)?, tally.sent);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_broadcasts_go_one_after_the_other_and_each_to_everybody() -> Result<()> {
    let mut news = NewsRoom::with(20).await?;
    news.work();
    let first = news.broadcast(&[news.written("Первая").await?]).await?;
    news.sent(first, 1).await?;
    let second = news.broadcast(&[news.written("Вторая").await?]).await?;
    assert_eq!(news.becomes(first, State::Done).await?.sent, 20);
    assert_eq!(news.becomes(second, State::Done).await?.sent, 20);
    assert_eq!(news.times_read("Первая").await?, [1; 20]);
    assert_eq!(news.times_read("Вторая").await?, [1; 20]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_album_stays_together_and_is_followed_by_its_line() -> Result<()> {
    let mut news = NewsRoom::with(3).await?;
    let photo = |caption: Option<&str>| Sent {
        kind: "photo".to_owned(),
        caption: caption.map(str::to_owned),
        ..Sent::default()
    };
    let album = [photo(Some("Весна")), photo(None), photo(None)];
    let act = news.room.sim.send_album(news.room.person.id, &news.room.bot, &album).await?;
    let last = act.message_id.context("a message")?;
    news.room.sim.flood(true).await?;
    news.work();
    let id = news.broadcast(&[last - 2, last - 1, last]).await?;
    assert_eq!(news.becomes(id, State::Done).await?.sent, 3);
    assert_eq!(news.asked_to_wait().await?, 0);
    for person in &news.people {
        let read = news.read_by(person).await?;
        assert_eq!(read.iter().map(|m| m.text.as_str()).collect::<Vec<_>>(), ["Весна", "", "", "Новости"]);
        assert!(read[..3].iter().all(|m| m.content.as_ref().is_some_and(|c| c.kind == "photo")));
        assert_eq!(read[3].buttons[0][0].text, "🔕");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_meant_for_later_waits_for_its_time_over_a_restart() -> Result<()> {
    let mut news = NewsRoom::with(2).await?;
    news.clock = shared::clock::Clock::following(&format!("{}/clock", news.room.sim.url()).parse()?).await;
    news.work();
    let at = news.clock.now() + TimeDelta::hours(20);
    let id = news.broadcast_at(&[news.written("Завтра").await?], at).await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    news.rest().await?;
    news.work();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!((news.state(id).await?, news.tally(id).await?.all), (State::Scheduled, 0));
    // Whoever comes meanwhile is of it: it is written for those who are there when it begins.
    let late = news.room.sim.person("Боря").await?;
    news.room.sim.start(late.id, &news.room.bot, None).await?;
    news.list.known().people.push(late.id);
    news.room.sim.forward(TimeDelta::hours(20)).await?;
    assert_eq!(news.becomes(id, State::Done).await?.sent, 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_whose_time_passed_by_hours_asks_first() -> Result<()> {
    let mut news = NewsRoom::with(2).await?;
    let at = news.clock.now() - TimeDelta::hours(4);
    let id = news.broadcast_at(&[news.written("Сегодня в шесть").await?], at).await?;
    let soon = news.broadcast_at(&[1], news.clock.now() - TimeDelta::hours(2)).await?;
    news.work();
    let tally = news.becomes(id, State::Paused).await?;
    assert_eq!(tally, Tally { all: 2, due: 2, ..Tally::default() });
    assert_eq!(news.list.known().turned[0], (id, Turned::Halted(broadcast::Halt::Late)));
    news.becomes(soon, State::Done).await?;
    assert!(broadcast::resume(&news.room.pool, id).await?);
    news.wake.notify_one();
    assert_eq!(news.becomes(id, State::Done).await?.sent, 2);
    Ok(())
}
