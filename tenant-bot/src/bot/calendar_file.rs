//! A visit as a file for the customer's own calendar (iCalendar, RFC 5545).
//!
//! A calendar knows a visit by its UID: that of the first booking in a chain of moves, so that the file of a moved visit
//! takes the place of the one before, and that of a cancelled one takes it off. Of two files the one with the greater
//! SEQUENCE is the newer.

use chrono::{DateTime, TimeDelta, Utc};
use icalendar::{Alarm, Calendar, Component, Event, EventLike, EventStatus, Property};
use shared::outbox::Document;

use super::words::Words;
use crate::booking::{Dated, Status};

/// How long before a visit the calendar speaks up.
const ALARM: TimeDelta = TimeDelta::hours(1);

/// The file. `bot` tells this bot from all others: its username.
pub(crate) fn calendar_file(words: Words<'_>, dated: &Dated, bot: &str, now: DateTime<Utc>) -> Document {
    let (booking, business) = (&dated.booking, &dated.business);
    let cancelled = booking.status == Status::Cancelled;
    let uid = format!("{}@{bot}.t.me", dated.first.0);
    let summary = tidy(&format!("{} · {}", booking.what(), business.name));
    let mut event = Event::new();
    event
        .uid(&uid)
        .timestamp(now)
        .sequence(dated.moves + u32::from(cancelled))
        .summary(&summary)
        .description(&tidy(&description(words, dated)))
        .starts(booking.starts_at)
        .ends(booking.ends_at)
        .status(match booking.status {
            Status::Cancelled => EventStatus::Cancelled,
            Status::Requested => EventStatus::Tentative,
            _ => EventStatus::Confirmed,
        });
    if let Some(address) = &business.place.address {
        event.location(&tidy(address));
    }
    if !cancelled {
        let mut alarm = Alarm::display(&summary, -ALARM);
        // Said here, for the crate would take both out of the air.
        alarm.timestamp(now).uid(&format!("alarm-{uid}"));
        event.alarm(alarm);
    }
    let mut calendar = Calendar::empty();
    for property in [
        ("VERSION", "2.0"),
        ("PRODID", "-//Slotyard//Booking bot//RU"),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", "PUBLISH"),
    ] {
        calendar.append_property(Property::from(property));
    }
    calendar.push(event);
    Document::file(format!("visit-{}.ics", booking.id.0), calendar.to_string())
}

/// With whom, when by the business's own clocks, at what price, and whom to call.
fn description(words: Words<'_>, dated: &Dated) -> String {
    let (booking, business) = (&dated.booking, &dated.business);
    let plain = |key, args: &[(&str, &dyn std::fmt::Display)]| words.texts.plain(words.lang, key, args);
    let (when, offset) =
        (words.moment(business.zone, booking.starts_at), words.offset(business.zone, booking.starts_at));
    let mut lines = vec![
        booking.who(),
        plain("calendar_file.when", &[("when", &when), ("offset", &offset)]),
        plain("calendar_file.price", &[("price", &words.price(booking.price))]),
    ];
    if let Some(phone) = &business.place.phone {
        lines.push(plain("calendar_file.phone", &[("phone", phone)]));
    }
    lines.join("\n")
}

/// Without what has no place in a line of such a file.
fn tidy(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use icalendar::{CalendarComponent, CalendarDateTime, DatePerhapsTime};
    use shared::texts::{Lang, Texts};

    use super::*;
    use crate::booking::{
        Booking, BookingId, Business, Line, Place, Price, ResourceId, ServiceId, UserId, policy::Policy,
    };

    fn dated() -> Dated {
        let starts_at: DateTime<Utc> = "2026-11-24T11:30:00Z".parse().unwrap();
        let line = |name: &str, at: DateTime<Utc>, minutes| Line {
            service: ServiceId(1),
            service_name: name.into(),
            resources: vec![ResourceId(1)],
            resource_names: vec!["Артём".into()],
            starts_at: at,
            duration: TimeDelta::minutes(minutes),
            buffer_before: TimeDelta::zero(),
            buffer_after: TimeDelta::minutes(10),
            price: Price::exactly(90_000),
            session: None,
        };
        let lines = vec![
            line("Мужская стрижка, с укладкой; и мытьём", starts_at, 60),
            line("Борода", starts_at + TimeDelta::hours(1), 30),
        ];
        let booking = Booking {
            id: BookingId(14),
            user: UserId(7),
            status: Status::Confirmed,
            lines,
            starts_at,
            ends_at: starts_at + TimeDelta::minutes(90),
            price: Price::exactly(180_000),
            party: 1,
            customer_name: "Анна".into(),
            phone: "+79161234567".into(),
            comment: None,
            answers: vec![],
            held_until: None,
            series: None,
            moved_from: Some(BookingId(12)),
            cancelled_by: None,
            cancel_reason: None,
            coming_at: None,
            office: crate::booking::Office::default(),
        };
        let place = Place {
            address: Some("Москва, ул. Большая Никитская, д. 15,\r\nвход со двора".into()),
            phone: Some("+74951234567".into()),
            review_url: None,
        };
        let business = Business {
            name: "Борода \\ «У Олега»".into(),
            zone: Tz::Europe__Moscow,
            language: Lang::Ru,
            policy: Policy::default(),
            place,
        };
        Dated { business, booking, first: BookingId(12), moves: 1 }
    }

    fn text(document: &Document) -> String {
        String::from_utf8(document.content.clone()).unwrap()
    }

    fn file(dated: &Dated, lang: Lang) -> Document {
        let texts = Texts::load("tenant").unwrap();
        let now = "2026-11-23T07:00:00Z".parse().unwrap();
        calendar_file(Words { texts: &texts, lang }, dated, "boroda_bot", now)
    }

    fn read(document: &Document) -> Event {
        let calendar: Calendar = text(document).parse().unwrap();
        match calendar.components.into_iter().next() {
            Some(CalendarComponent::Event(event)) => event,
            other => panic!("no event: {other:?}"),
        }
    }

    #[test]
    fn the_file_looks_so() {
        // Folded lines are put together again: where they are folded is another test's.
        let whole = |lang| text(&file(&dated(), lang)).replace("\r\n ", "").replace("\r\n", "\n");
        insta::assert_snapshot!("calendar_file_ru", whole(Lang::Ru));
        insta::assert_snapshot!("calendar_file_en", whole(Lang::En));
    }

    #[test]
    fn its_lines_are_as_the_standard_wants_them() {
        let content = text(&file(&dated(), Lang::Ru));
        assert!(content.ends_with("END:VCALENDAR\r\n"));
        assert!(content.lines().count() > 15, "{content}");
        for line in content.split("\r\n") {
            assert!(line.len() <= 75, "{} octets: {line}", line.len());
            assert!(!line.contains(['\r', '\n']), "{line:?}");
        }
    }

    #[test]
    fn a_calendar_reads_what_was_written() {
        let dated = dated();
        let event = read(&file(&dated, Lang::Ru));
        let at = |moment| Some(DatePerhapsTime::DateTime(CalendarDateTime::Utc(moment)));
        assert_eq!(event.get_start(), at(dated.booking.starts_at));
        assert_eq!(event.get_end(), at(dated.booking.ends_at));
        assert_eq!(event.get_uid(), Some("12@boroda_bot.t.me"));
        assert_eq!(event.get_sequence(), Some(1));
        assert_eq!(event.get_summary(), Some("Мужская стрижка, с укладкой; и мытьём + Борода · Борода \\ «У Олега»"));
        assert_eq!(event.get_location(), Some("Москва, ул. Большая Никитская, д. 15,\nвход со двора"));
        assert_eq!(event.get_status(), Some(EventStatus::Confirmed));
        assert_eq!(event.components().len(), 1, "one alarm");
    }

    #[test]
    fn the_file_of_a_cancelled_visit_takes_it_off_the_calendar() {
        let mut dated = dated();
        dated.booking.status = Status::Cancelled;
        let event = read(&file(&dated, Lang::En));
        assert_eq!(event.get_status(), Some(EventStatus::Cancelled));
        assert_eq!((event.get_uid(), event.get_sequence()), (Some("12@boroda_bot.t.me"), Some(2)));
        assert!(event.components().is_empty(), "and rings no bell");
    }
}
