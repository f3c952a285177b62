//! Dates, times, money and refusals in the words of one language.

use std::fmt::Display;

use chrono::{DateTime, Datelike, NaiveDate, Offset, TimeDelta, Utc};
use chrono_tz::Tz;
use shared::{
    telegram::Button,
    texts::{Lang, Texts},
};

use super::{choice::Choice, summary::Summary};
use crate::booking::{Booking, Kopecks, Price, Refusal, Wrong};

/// The texts in one language.
#[derive(Clone, Copy)]
pub(crate) struct Words<'a> {
    pub(crate) texts: &'a Texts,
    pub(crate) lang: Lang,
}

impl Words<'_> {
    /// The text under `key`.
    pub(crate) fn say(self, key: &str, args: &[(&str, &dyn Display)]) -> String {
        self.texts.say(self.lang, key, args)
    }

    /// The text under `key` where no HTML is read: on buttons and in windows.
    pub(crate) fn plain(self, key: &str, args: &[(&str, &dyn Display)]) -> String {
        self.texts.plain(self.lang, key, args)
    }

    /// The form of the text under `key` that goes with the number `n`.
    pub(crate) fn count(self, key: &str, n: i64, args: &[(&str, &dyn Display)]) -> String {
        self.texts.count(self.lang, key, n, args)
    }

    /// A button with the text under `key`.
    pub(crate) fn button(self, key: &str, choice: Choice) -> Button {
        Button::press(self.plain(key, &[]), choice.to_string())
    }

    /// `пн, 23 ноября`
    pub(crate) fn date(self, date: NaiveDate) -> String {
        let weekday = self.say(&format!("date.weekday.d{}", date.weekday().number_from_monday()), &[]);
        let month = self.say(&format!("date.month.m{}", date.month()), &[]);
        self.say("date.full", &[("weekday", &weekday), ("day", &date.day()), ("month", &month)])
    }

    /// `пн 23.11`
    pub(crate) fn short_date(self, date: NaiveDate) -> String {
        let weekday = self.say(&format!("date.weekday.d{}", date.weekday().number_from_monday()), &[]);
        format!("{weekday} {}", date.format("%d.%m"))
    }

    /// `пн, 23 ноября, 14:30`
    pub(crate) fn moment(self, zone: Tz, at: DateTime<Utc>) -> String {
        let local = at.with_timezone(&zone);
        format!("{}, {}", self.date(local.date_naive()), local.format("%H:%M"))
    }

    /// `14:30`
    pub(crate) fn time(self, zone: Tz, at: DateTime<Utc>) -> String {
        at.with_timezone(&zone).format("%H:%M").to_string()
    }

    /// `UTC+3`, `UTC+5:30`: how far the business's clocks are at that moment.
    pub(crate) fn offset(self, zone: Tz, at: DateTime<Utc>) -> String {
        let minutes = at.with_timezone(&zone).offset().fix().local_minus_utc() / 60;
        let sign = if minutes < 0 { '−' } else { '+' };
        match (minutes.abs() / 60, minutes.abs() % 60) {
            (0, 0) => "UTC".to_owned(),
            (h, 0) => format!("UTC{sign}{h}"),
            (h, m) => format!("UTC{sign}{h}:{m:02}"),
        }
    }

    /// `1 ч 30 мин`
    pub(crate) fn duration(self, length: TimeDelta) -> String {
        let (h, m) = (length.num_minutes() / 60, length.num_minutes() % 60);
        match (h, m) {
            (0, m) => self.say("duration.minutes", &[("m", &m)]),
            (h, 0) => self.say("duration.hours", &[("h", &h)]),
            (h, m) => self.say("duration.both", &[("h", &h), ("m", &m)]),
        }
    }

    /// `1 ч`, `1 ч – 1 ч 30 мин`
    pub(crate) fn lengths(self, (shortest, longest): (TimeDelta, TimeDelta)) -> String {
        if shortest == longest {
            return self.duration(shortest);
        }
        format!("{} – {}", self.duration(shortest), self.duration(longest))
    }

    /// `Ноябрь 2026`
    pub(crate) fn month(self, day: NaiveDate) -> String {
        format!("{} {}", self.plain(&format!("date.month_alone.m{}", day.month()), &[]), day.year())
    }

    /// `пн`
    pub(crate) fn weekday(self, number_from_monday: u32) -> String {
        self.plain(&format!("date.weekday.d{number_from_monday}"), &[])
    }

    /// `1 800 ₽`, `от 1 000 до 1 500 ₽`
    pub(crate) fn price(self, price: Price) -> String {
        match price.to {
            Some(to) => {
                let (from, to) = (grouped(price.from), grouped(to));
                self.say("price.range", &[("from", &from), ("to", &to)])
            }
            None if price.from.0 == 0 => self.say("price.free", &[]),
            None => format!("{}\u{a0}₽", grouped(price.from)),
        }
    }

    /// What is booked, with whom, when and for how much.
    pub(crate) fn summary(self, zone: Tz, b: &Booking) -> String {
        Summary::of(b).say(self, zone)
    }

    /// The same, so that it fits on a screen with whatever stands around it.
    pub(crate) fn card(self, zone: Tz, b: &Booking) -> String {
        Summary::of(b).short().say(self, zone)
    }

    /// Why something cannot be set up so.
    pub(crate) fn wrong(self, wrong: Wrong) -> String {
        self.say(&format!("wrong.{}", wrong.word()), &[("n", &wrong.number())])
    }

    /// Why not, kindly.
    pub(crate) fn refusal(self, refusal: Refusal) -> String {
        let long = |key, length| self.say(key, &[("length", &self.duration(length))]);
        let many = |key, n: u16| self.count(key, i64::from(n), &[]);
        match refusal {
            Refusal::Taken => self.say("refusal.taken", &[]),
            Refusal::Past => self.say("refusal.past", &[]),
            Refusal::TooSoon(notice) => long("refusal.too_soon", notice),
            Refusal::TooFar(days) => many("refusal.too_far", days),
            Refusal::Closed => self.say("refusal.closed", &[]),
            Refusal::DayFull => self.say("refusal.day_full", &[]),
            Refusal::LimitReached(limit) => many("refusal.limit", limit),
            Refusal::OfferChanged => self.say("refusal.offer_changed", &[]),
            Refusal::NoSuchService => self.say("refusal.no_such_service", &[]),
            Refusal::NoSuchResource => self.say("refusal.no_such_resource", &[]),
            Refusal::PartyTooLarge(most) => many("refusal.party_too_large", most),
            Refusal::VisitTooLong(most) => many("refusal.visit_too_long", most),
            Refusal::NoContact => self.say("refusal.no_contact", &[]),
            Refusal::NoConsent => self.say("refusal.no_consent", &[]),
            Refusal::Blocked => self.say("refusal.blocked", &[]),
            Refusal::OnlyKnown => self.say("refusal.only_known", &[]),
            Refusal::NotNow => self.say("refusal.not_now", &[]),
            Refusal::NoSuchBooking => self.say("refusal.no_such_booking", &[]),
            Refusal::NoSuchCustomer => self.say("refusal.no_such_customer", &[]),
            Refusal::NotUnderstood => self.say("refusal.not_understood", &[]),
            Refusal::NoLonger => self.say("refusal.no_longer", &[]),
            Refusal::TooLateToCancel(left) => long("refusal.too_late_to_cancel", left),
            Refusal::TooLateToMove(left) => long("refusal.too_late_to_move", left),
            Refusal::TooManyRepeats(most) => many("refusal.too_many_repeats", most),
            Refusal::NothingToRate => self.say("refusal.nothing_to_rate", &[]),
            Refusal::OfferOver => self.say("refusal.offer_over", &[]),
            Refusal::NoWaiting => self.say("refusal.no_waiting", &[]),
            Refusal::TooEarly(length) => long("refusal.too_early", length),
            Refusal::NotBegun => self.say("refusal.not_begun", &[]),
            Refusal::NotAdmin => self.say("refusal.not_admin", &[]),
        }
    }
}

/// `1 800`, `1 800,50`
pub(crate) fn grouped(sum: Kopecks) -> String {
    let roubles = (sum.0 / 100).to_string();
    let mut grouped = String::new();
    for (i, digit) in roubles.chars().enumerate() {
        if i > 0 && (roubles.len() - i).is_multiple_of(3) {
            grouped.push('\u{a0}');
        }
        grouped.push(digit);
    }
    let cents = sum.0 % 100;
    if cents == 0 { grouped } else { format!("{grouped},{cents:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::booking::Status;

    fn both(f: impl Fn(Words<'_>) -> String) -> [String; 2] {
        let texts = Texts::load("tenant").unwrap();
        [Lang::Ru, Lang::En].map(|lang| f(Words { texts: &texts, lang }))
    }

    #[test]
    fn money_is_grouped_and_says_nothing_of_kopecks_that_are_not_there() {
        assert_eq!(both(|w| w.price(Price::exactly(180_000)))[0], "1\u{a0}800\u{a0}₽");
        assert_eq!(both(|w| w.price(Price::exactly(123_456_705)))[1], "1\u{a0}234\u{a0}567,05\u{a0}₽");
        assert_eq!(both(|w| w.price(Price::exactly(0))), ["бесплатно", "free"]);
        let range = Price { from: Kopecks(100_000), to: Some(Kopecks(150_000)) };
        assert_eq!(both(|w| w.price(range))[0], "от 1\u{a0}000 до 1\u{a0}500\u{a0}₽");
    }

    #[test]
    fn times_are_the_businesss_own() {
        let at: DateTime<Utc> = "2026-11-23T09:30:00Z".parse().unwrap();
        assert_eq!(
            both(|w| w.moment(Tz::Asia__Yekaterinburg, at)),
            ["пн, 23 ноября, 14:30", "Mon, 23 November, 14:30"]
        );
        assert_eq!(both(|w| w.offset(Tz::Asia__Kolkata, at))[0], "UTC+5:30");
        assert_eq!(both(|w| w.duration(TimeDelta::minutes(90))), ["1 ч 30 мин", "1 h 30 min"]);
    }

    /// Keys are string literals after `say(`, `count(` and `button(`; those put together at run time are listed here.
    #[test]
    fn every_text_that_is_asked_for_exists() {
        let texts = Texts::load("tenant").unwrap();
        let mut keys: Vec<String> = Vec::new();
        keys.extend((1..=7).map(|d| format!("date.weekday.d{d}")));
        keys.extend((1..=12).flat_map(|m| [format!("date.month.m{m}"), format!("date.month_alone.m{m}")]));
        keys.extend(super::super::COMMANDS.map(|command| format!("command.{command}")));
        for kind in ["person", "table", "room"] {
            keys.extend([format!("resource.choose.{kind}"), format!("resource.any.{kind}")]);
        }
        let wrongs = [
            Wrong::Gone,
            Wrong::Changed,
            Wrong::LastOwner,
            Wrong::LinkOver,
            Wrong::TooMany(1),
            Wrong::NoSchedule,
            Wrong::TooLong(1),
            Wrong::TooFar,
            Wrong::OutOfRange,
            Wrong::HasBookings,
            Wrong::NoDays,
            Wrong::TooFew,
        ];
        keys.extend(wrongs.map(|wrong| format!("wrong.{}", wrong.word())));
        keys.extend(["shift", "to", "on", "svc", "off"].map(|kind| format!("mass.kind.{kind}")));
        keys.extend(Status::ALL.map(|status| format!("days.status.{}", status.word())));
        let marks = [Status::Arrived, Status::Completed, Status::NoShow, Status::Confirmed];
        keys.extend(marks.map(|to| format!("days.mark.{}", to.word())));
        for field in ["name", "phone", "note", "paid"] {
            keys.extend([format!("days.field.{field}"), format!("days.type.{field}")]);
        }
        for field in ["note", "tag", "discount"] {
            keys.extend([format!("guests.write.{field}"), format!("guests.type.{field}")]);
        }
        keys.extend(["ask_decline", "ask_cancel", "ask_cancel_caller"].map(|key| format!("days.{key}")));
        for key in [
            "booked",
            "booked_told",
            "moved",
            "moved_told",
            "yes",
            "yes_move",
            "yes_outside",
            "times",
            "no_times",
            "found",
            "nobody_found",
            "what",
            "no_services",
            "title",
            "title_move",
        ] {
            keys.push(format!("book.{key}"));
        }
        let deeds = "booked held requested confirmed arrived completed no_show cancelled moved made_by_move coming lapsed edited";
        keys.extend(deeds.split(' ').map(|deed| format!("days.deed.{deed}")));
        keys.extend(["customer", "staff", "system"].map(|by| format!("days.by.{by}")));
        let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let code: String = std::fs::read_to_string(path).unwrap().split_whitespace().collect();
                for call in ["say(\"", "plain(\"", "button(\"", "count(\"", "long(\"", "many(\"", "step(chat,draft,\""]
                {
                    keys.extend(code.split(call).skip(1).filter_map(|c| Some(c.split_once('"')?.0.to_owned())));
                }
            }
        }
        assert!(keys.len() > 60, "{keys:?}");
        let missing: Vec<&String> = keys.iter().filter(|k| !k.is_empty() && !texts.has(k)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
