use std::collections::HashSet;

use chrono::TimeDelta;
use chrono_tz::Tz;
use proptest::prelude::*;
use shared::telegram::{Action, Button, Keyboard};

use super::{customer::soon, *};
use crate::{
    booking::{Actor, Answer, BookingId, Line, Place, Price, ResourceId, ServiceId, Status, policy::Policy},
    bot::choice::Choice,
};

const OWNER: i64 = 7;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Wednesday, noon in Moscow.
fn start() -> DateTime<Utc> {
    at("2026-11-25T09:00:00Z")
}

fn business() -> Business {
    Business {
        name: "Борода".into(),
        zone: Tz::Europe__Moscow,
        language: Lang::Ru,
        policy: Policy::default(),
        place: Place {
            address: Some("ул. Мира, 5".into()), phone: Some("+74951234567".into()), review_url: None
        },
    }
}

fn booking(status: Status) -> Booking {
    Booking {
        id: BookingId(42),
        user: UserId(500),
        status,
        lines: vec![Line {
            service: ServiceId(1),
            service_name: "Мужская стрижка".into(),
            resources: vec![ResourceId(1)],
            resource_names: vec!["Артём".into()],
            starts_at: start(),
            duration: TimeDelta::hours(1),
            buffer_before: TimeDelta::zero(),
            buffer_after: TimeDelta::zero(),
            price: Price::exactly(180_000),
            session: None,
        }],
        starts_at: start(),
        ends_at: start() + TimeDelta::hours(1),
        price: Price::exactly(180_000),
        party: 1,
        customer_name: "Анна <b>".into(),
        phone: "+79161234567".into(),
        comment: None,
        answers: Vec::new(),
        held_until: None,
        series: None,
        moved_from: None,
        cancelled_by: None,
        cancel_reason: None,
        coming_at: None,
        office: crate::booking::Office::default(),
    }
}

fn herald() -> OwnersHerald {
    OwnersHerald::new(Arc::new(Texts::load("tenant").unwrap()))
}

fn said(word: Word<'_>, now: DateTime<Utc>) -> Letter {
    herald().letter(&business(), word, Lang::Ru, now)
}

fn told(news: News<'_>) -> Letter {
    herald().letters(&business(), news, &[(UserId(OWNER), None)], start()).remove(0)
}

fn buttons(letter: &Letter) -> Vec<Choice> {
    let Keyboard::Inline(rows) = &letter.screen.keyboard else { return Vec::new() };
    let choice = |button: &Button| match &button.action {
        Action::Press(data) => Choice::parse(data).unwrap(),
        other => panic!("{other:?}"),
    };
    rows.iter().flatten().map(choice).collect()
}

#[test]
fn a_reminder_says_how_far_off_the_visit_really_is() {
    let texts = Texts::load("tenant").unwrap();
    let say = |lang, minutes: i64| {
        let words = Words { texts: &texts, lang };
        soon(words, Tz::Europe__Moscow, start(), start() - TimeDelta::minutes(minutes))
    };
    for (minutes, ru, en) in [
        (0, "через 1 минуту", "in 1 minute"),
        (10, "через 10 минут", "in 10 minutes"),
        (42, "через 42 минуты", "in 42 minutes"),
        (60, "через 1 час", "in 1 hour"),
        (64, "через 1 час", "in 1 hour"),
        (93, "через 1 ч 30 мин", "in 1 h 30 min"),
        (117, "через 2 часа", "in 2 hours"),
        (120, "через 2 часа", "in 2 hours"),
        (720, "через 12 часов", "in 12 hours"),
        (12 * 60 + 1, "завтра в 12:00", "tomorrow at 12:00"),
        (24 * 60, "завтра в 12:00", "tomorrow at 12:00"),
        (48 * 60, "послезавтра в 12:00", "the day after tomorrow at 12:00"),
        (7 * 24 * 60, "ср, 25 ноября в 12:00", "on Wed, 25 November at 12:00"),
    ] {
        assert_eq!((say(Lang::Ru, minutes).as_str(), say(Lang::En, minutes).as_str()), (ru, en), "{minutes}");
    }
    let words = Words { texts: &texts, lang: Lang::Ru };
    let late = start() - TimeDelta::seconds(2 * 3600 - 7);
    assert_eq!(soon(words, Tz::Europe__Moscow, start(), late), "через 2 часа", "some seconds late");
    let evening = at("2026-11-25T20:00:00Z");
    let morning = evening - TimeDelta::hours(15);
    assert_eq!(soon(words, Tz::Europe__Moscow, evening, morning), "сегодня в 23:00");
}

#[test]
fn a_reminder_has_only_buttons_that_do_something() {
    let id = BookingId(42);
    let confirmed = booking(Status::Confirmed);
    let day_before = said(Word::Reminder(&confirmed, 9), start() - TimeDelta::hours(24));
    assert_eq!(buttons(&day_before), [Choice::Come(id), Choice::Move(id), Choice::AskCancel(id), Choice::Card(id)]);
    assert_eq!((day_before.key.as_str(), day_before.chat_id), ("reminder:9", 500));
    assert!(day_before.screen.text.contains("завтра в 12:00"), "{}", day_before.screen.text);
    assert!(day_before.screen.text.contains("ул. Мира, 5"), "{}", day_before.screen.text);
    let hour_before = said(Word::Reminder(&confirmed, 9), start() - TimeDelta::hours(1));
    assert_eq!(buttons(&hour_before), [Choice::Come(id), Choice::Card(id)], "it is too late to move or cancel");
    assert!(hour_before.screen.text.contains("+74951234567"), "{}", hour_before.screen.text);
    let coming = Booking { coming_at: Some(start()), ..confirmed };
    let again = said(Word::Reminder(&coming, 9), start() - TimeDelta::hours(1));
    assert_eq!(buttons(&again), [Choice::Card(id)]);
}

#[test]
fn letters_that_ask_have_their_answers() {
    let id = BookingId(42);
    let held = booking(Status::Held);
    let offer = said(Word::Offer(&held, start() - TimeDelta::hours(5)), start() - TimeDelta::hours(6));
    assert_eq!(buttons(&offer), [Choice::TakeOffer(id), Choice::PassOffer(id)]);
    assert!(offer.screen.text.contains("07:00 (UTC+3)"), "{}", offer.screen.text);
    let done = booking(Status::Completed);
    let how = said(Word::HowWasIt(&done), start());
    assert_eq!(buttons(&how), [1, 2, 3, 4, 5].map(|stars| Choice::Rate { booking: id, stars }));
    let asked = booking(Status::Requested);
    let moved = News::Moved { from: &booking(Status::Moved), to: &asked };
    for news in [News::Requested(&asked), moved] {
        assert_eq!(buttons(&told(news)), [Choice::Approve(id), Choice::Decline(id)], "{news:?}");
    }
    let stands = booking(Status::Confirmed);
    assert_eq!(buttons(&told(News::Moved { from: &booking(Status::Moved), to: &stands })), []);
}

#[test]
fn owners_read_who_ended_a_booking_and_why() {
    let cancelled = |by, reason: Option<&str>| Booking {
        cancelled_by: Some(by),
        cancel_reason: reason.map(str::to_owned),
        ..booking(Status::Cancelled)
    };
    let text = |b: &Booking| told(News::Cancelled(b)).screen.text;
    let (own, staff) = (text(&cancelled(Actor::Customer, None)), text(&cancelled(Actor::Staff, Some("Заболел"))));
    assert!(own.contains("отменена клиентом") && !own.contains("Причина"), "{own}");
    assert!(staff.contains("сотрудником") && staff.contains("Заболел"), "{staff}");
    let reason = herald().reason(&business(), Ended::Unanswered);
    let itself = text(&cancelled(Actor::System, Some(&reason)));
    assert!(itself.contains("автоматически") && itself.contains(&reason), "{itself}");
    assert!(own.contains("Анна &lt;b&gt;") && own.contains("tg://user?id=500"), "{own}");
    let forgotten = Booking {
        user: UserId(-3),
        customer_name: String::new(),
        phone: String::new(),
        ..cancelled(Actor::Customer, None)
    };
    assert!(!text(&forgotten).contains("tg://"), "{}", text(&forgotten));
}

#[test]
fn what_the_business_does_to_a_booking_is_said_in_words_of_its_own() {
    let now = start() - TimeDelta::hours(24);
    let off = Booking { cancel_reason: Some("Мастер заболел".into()), ..booking(Status::Cancelled) };
    let was = Booking { starts_at: start() - TimeDelta::hours(48), ..booking(Status::Moved) };
    let is = booking(Status::Confirmed);
    let said = |word: Word<'_>, lang| herald().letter(&business(), word, lang, now).screen.text;
    for (lang, cancelled, because, moved, before, changed, booked) in [
        (Lang::Ru, "пришлось отменить", "Причина", "Мы перенесли", "Было", "Мы изменили", "Мы записали вас"),
        (Lang::En, "had to cancel", "Reason", "We have moved", "Before", "We have changed", "We have booked"),
    ] {
        let text = said(Word::CalledOff(&off), lang);
        assert!(text.contains(cancelled) && text.contains(because) && text.contains("Мастер заболел"), "{text}");
        let text = said(Word::Rebooked { from: &was, to: &is }, lang);
        assert!(text.contains(moved) && text.contains(before) && text.contains("12:00"), "{text}");
        let text = said(Word::Rebooked { from: &is, to: &is }, lang);
        assert!(text.contains(changed) && !text.contains(moved), "{text}");
        assert!(said(Word::BookedFor(&is), lang).contains(booked));
    }
}

#[test]
fn reasons_fit_into_a_booking() {
    for language in [Lang::Ru, Lang::En] {
        for ended in [Ended::Unanswered, Ended::Lapsed] {
            let reason = herald().reason(&Business { language, ..business() }, ended);
            assert!((1..=200).contains(&reason.chars().count()), "{reason}");
        }
    }
}

/// Every letter there is, about a booking like this one.
fn all(b: &Booking, lang: Lang, now: DateTime<Utc>) -> Vec<Letter> {
    let herald = herald();
    let series = [b.clone(), b.clone()];
    let mut letters: Vec<Letter> = [
        News::Booked(b),
        News::Series(&series),
        News::Requested(b),
        News::Cancelled(b),
        News::Moved { from: b, to: b },
        News::Rated(b, 5, None),
        News::Rated(b, 1, Some("Так себе")),
    ]
    .into_iter()
    .flat_map(|news| herald.letters(&business(), news, &[(UserId(OWNER), Some(lang)), (UserId(8), None)], now))
    .collect();
    letters.extend(
        [
            Word::Reminder(b, 1),
            Word::Approved(b),
            Word::Declined(b),
            Word::Lapsed(b),
            Word::Unanswered(b),
            Word::Offer(b, now),
            Word::HowWasIt(b),
            Word::CalledOff(b),
            Word::BookedFor(b),
            Word::Rebooked { from: b, to: b },
        ]
        .map(|word| herald.letter(&business(), word, lang, now)),
    );
    letters
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_letter_is_one_that_telegram_takes(
        status in (0..Status::ALL.len()).prop_map(|n| Status::ALL[n]),
        answers in 0..20_usize,
        comment in proptest::option::of("[а-я<&>]{500}"),
        minutes in -10_000..10_000_i64,
        english in any::<bool>(),
    ) {
        let answer = Answer { question: "<".repeat(200), answer: "&".repeat(500) };
        let booking = Booking { comment, answers: vec![answer; answers], ..booking(status) };
        let letters = all(&booking, if english { Lang::En } else { Lang::Ru }, start() + TimeDelta::minutes(minutes));
        let keys: HashSet<&str> = letters.iter().map(|letter| letter.key.as_str()).collect();
        prop_assert_eq!(keys.len(), letters.len(), "a key twice");
        for letter in &letters {
            prop_assert!((1..=4096).contains(&letter.screen.text.chars().count()), "{}", letter.screen.text);
            prop_assert!(!letter.screen.text.contains('{'), "{}", letter.screen.text);
            buttons(letter);
        }
    }
}
