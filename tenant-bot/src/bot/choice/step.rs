//! The steps on the way to a booking. Each belongs to one draft, by its number.
//!
//! ```text
//! more, more:<category>           services to add
//! add:<n>:<service>               adds a service as the n-th (from 0)
//! less:<n>                        takes the n-th away, if it is the last
//! size, party:<people>            how many come
//! who, pick:<resource or *>       with whom the last service
//! cal, month:<yyyymm>             the calendar
//! none                            a day without room
//! day:<yyyymmdd>:<page>           the times of a day
//! at:<minute>                     this time; minutes since 1970, UTC
//! name, me                        another name and number; the name in Telegram
//! note, skip                      a comment; no answer to what was asked
//! check                           the summary
//! ok:<minute>:<length>:<from>:<to>    books: length in minutes and price in kopecks as shown; `to` 0: no range
//! rep, rep:<weeks>, rep:<weeks>:<times>   repeats
//! dates, date:<n>                 the dates of them; one that cannot be had
//! date:<n>:<minute>, undate:<n>   another time for it; without it
//! all:<dates>:<length>:<from>:<to>    books all of them
//! once                            no repeats
//! mv:<minute>                     moves
//! wait:<yyyymmdd>                 waits for a freed time: on which days?
//! wait:<yyyymmdd>:<d|w|m>         that day, its week, its month: at what time of day?
//! wait:<yyyymmdd>:<d|w|m>:<a|m|d|e>   at any time, in the morning, by day, in the evening
//! ```

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use super::read;
use crate::booking::{Kopecks, Pick, Price, ServiceId};

/// The number of a draft, in six letters and digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct DraftId(u32);

/// So many numbers have six digits to the base of 36.
const DRAFTS: i64 = 36 * 36 * 36 * 36 * 36 * 36;
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

impl DraftId {
    /// The number of the draft that an update begins; a repeat of the update begins the same.
    pub(crate) fn of(update_id: i64) -> Self {
        Self(u32::try_from(update_id.rem_euclid(DRAFTS)).unwrap_or_default())
    }

    pub(in crate::bot) fn parse(text: &str) -> Option<Self> {
        let mut number = 0u32;
        for byte in text.bytes() {
            let digit = DIGITS.iter().position(|d| *d == byte)?;
            number = number.checked_mul(36)?.checked_add(u32::try_from(digit).ok()?)?;
        }
        (text.len() == 6).then_some(Self(number))
    }
}

impl fmt::Display for DraftId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [b'0'; 6];
        let mut rest = self.0 as usize;
        for place in text.iter_mut().rev() {
            *place = DIGITS[rest % 36];
            rest /= 36;
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// The days on which one waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stretch {
    Day,
    Week,
    Month,
}

/// The part of the day at which one waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Any,
    Morning,
    Day,
    Evening,
}

/// What a button of a draft does; see the module's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    More,
    MoreOf(u8),
    Add(u8, ServiceId),
    Less(u8),
    Size,
    Party(u16),
    Who,
    Pick(Pick),
    Calendar,
    /// By its first day.
    Month(NaiveDate),
    NoRoom,
    Day(NaiveDate, usize),
    At(DateTime<Utc>),
    Rename,
    TelegramName,
    Comment,
    Skip,
    Check,
    Book {
        starts_at: DateTime<Utc>,
        minutes: i64,
        price: Price,
    },
    Repeat,
    Every(u8),
    Times(u8, u8),
    Dates,
    Date(u8),
    Instead(u8, DateTime<Utc>),
    DropDate(u8),
    BookAll {
        dates: u8,
        minutes: i64,
        price: Price,
    },
    Once,
    MoveTo(DateTime<Utc>),
    Wait(NaiveDate),
    WaitDays(NaiveDate, Stretch),
    WaitAt(NaiveDate, Stretch, Part),
}

impl Stretch {
    const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    fn word(self) -> &'static str {
        match self {
            Self::Day => "d",
            Self::Week => "w",
            Self::Month => "m",
        }
    }
}

impl Part {
    const ALL: [Self; 4] = [Self::Any, Self::Morning, Self::Day, Self::Evening];

    fn word(self) -> &'static str {
        match self {
            Self::Any => "a",
            Self::Morning => "m",
            Self::Day => "d",
            Self::Evening => "e",
        }
    }
}

struct Minute(DateTime<Utc>);

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.timestamp().div_euclid(60))
    }
}

struct Sum(Price);

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0.from.0, self.0.to.map_or(0, |to| to.0))
    }
}

struct Day(NaiveDate);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y%m%d"))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::More => f.write_str("more"),
            Self::MoreOf(n) => write!(f, "more:{n}"),
            Self::Add(n, service) => write!(f, "add:{n}:{}", service.0),
            Self::Less(n) => write!(f, "less:{n}"),
            Self::Size => f.write_str("size"),
            Self::Party(people) => write!(f, "party:{people}"),
            Self::Who => f.write_str("who"),
            Self::Pick(Pick::Any) => f.write_str("pick:*"),
            Self::Pick(Pick::One(id)) => write!(f, "pick:{}", id.0),
            Self::Calendar => f.write_str("cal"),
            Self::Month(day) => write!(f, "month:{}", day.format("%Y%m")),
            Self::NoRoom => f.write_str("none"),
            Self::Day(date, page) => write!(f, "day:{}:{page}", Day(*date)),
            Self::At(at) => write!(f, "at:{}", Minute(*at)),
            Self::Rename => f.write_str("name"),
            Self::TelegramName => f.write_str("me"),
            Self::Comment => f.write_str("note"),
            Self::Skip => f.write_str("skip"),
            Self::Check => f.write_str("check"),
            Self::Book { starts_at, minutes, price } => {
                write!(f, "ok:{}:{minutes}:{}", Minute(*starts_at), Sum(*price))
            }
            Self::Repeat => f.write_str("rep"),
            Self::Every(weeks) => write!(f, "rep:{weeks}"),
            Self::Times(weeks, times) => write!(f, "rep:{weeks}:{times}"),
            Self::Dates => f.write_str("dates"),
            Self::Date(n) => write!(f, "date:{n}"),
            Self::Instead(n, at) => write!(f, "date:{n}:{}", Minute(*at)),
            Self::DropDate(n) => write!(f, "undate:{n}"),
            Self::BookAll { dates, minutes, price } => write!(f, "all:{dates}:{minutes}:{}", Sum(*price)),
            Self::Once => f.write_str("once"),
            Self::MoveTo(at) => write!(f, "mv:{}", Minute(*at)),
            Self::Wait(date) => write!(f, "wait:{}", Day(*date)),
            Self::WaitDays(date, days) => write!(f, "wait:{}:{}", Day(*date), days.word()),
            Self::WaitAt(date, days, part) => write!(f, "wait:{}:{}:{}", Day(*date), days.word(), part.word()),
        }
    }
}

fn price(from: &str, to: &str) -> Option<Price> {
    let most = 99_999_999_999;
    let (from, to) = (read::number(from, most)?, read::number(to, most)?);
    (to == 0 || to > from).then_some(Price { from: Kopecks(from), to: (to > 0).then_some(Kopecks(to)) })
}

fn place(text: &str) -> Option<u8> {
    u8::try_from(read::number(text, 99)?).ok()
}

fn from_one(text: &str, most: u16) -> Option<u8> {
    u8::try_from(read::small(text, 1..=most)?).ok()
}

impl Step {
    pub(super) fn parse(parts: &[&str]) -> Option<Self> {
        let days = |word: &str| Stretch::ALL.into_iter().find(|d| d.word() == word);
        let part = |word: &str| Part::ALL.into_iter().find(|p| p.word() == word);
        Some(match *parts {
            ["more"] => Self::More,
            ["more", n] => Self::MoreOf(place(n)?),
            ["add", n, service] => Self::Add(place(n)?, ServiceId(read::id(service)?)),
            ["less", n] => Self::Less(place(n)?),
            ["size"] => Self::Size,
            ["party", people] => Self::Party(read::small(people, 1..=500)?),
            ["who"] => Self::Who,
            ["pick", who] => Self::Pick(read::pick(who)?),
            ["cal"] => Self::Calendar,
            ["month", month] => Self::Month(read::month(month)?),
            ["none"] => Self::NoRoom,
            ["day", date, page] => Self::Day(read::date(date)?, read::page(page)?),
            ["at", at] => Self::At(read::minute(at)?),
            ["name"] => Self::Rename,
            ["me"] => Self::TelegramName,
            ["note"] => Self::Comment,
            ["skip"] => Self::Skip,
            ["check"] => Self::Check,
            ["ok", at, minutes, from, to] => Self::Book {
                starts_at: read::minute(at)?,
                minutes: read::number(minutes, 1440)?,
                price: price(from, to)?,
            },
            ["rep"] => Self::Repeat,
            ["rep", weeks] => Self::Every(from_one(weeks, 52)?),
            ["rep", weeks, times] => Self::Times(from_one(weeks, 52)?, from_one(times, 99).filter(|n| *n > 1)?),
            ["dates"] => Self::Dates,
            ["date", n] => Self::Date(place(n)?),
            ["date", n, at] => Self::Instead(place(n)?, read::minute(at)?),
            ["undate", n] => Self::DropDate(place(n)?),
            ["all", dates, minutes, from, to] => Self::BookAll {
                dates: from_one(dates, 99)?,
                minutes: read::number(minutes, 1440)?,
                price: price(from, to)?,
            },
            ["once"] => Self::Once,
            ["mv", at] => Self::MoveTo(read::minute(at)?),
            ["wait", date] => Self::Wait(read::date(date)?),
            ["wait", date, d] => Self::WaitDays(read::date(date)?, days(d)?),
            ["wait", date, d, p] => Self::WaitAt(read::date(date)?, days(d)?, part(p)?),
            _ => return None,
        })
    }

    /// The month that a date lies in.
    pub(crate) fn month_of(date: NaiveDate) -> Self {
        Self::Month(date.with_day(1).unwrap_or(date))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::booking::ResourceId;

    fn some_date() -> impl Strategy<Value = NaiveDate> {
        (720_000..3_000_000i32).prop_map(|d| NaiveDate::from_num_days_from_ce_opt(d).unwrap())
    }

    fn some_minute() -> impl Strategy<Value = DateTime<Utc>> {
        (0..=read::LAST_MINUTE).prop_map(|m| DateTime::from_timestamp(m * 60, 0).unwrap())
    }

    fn some_price() -> impl Strategy<Value = Price> {
        (0..=99_999_999_998i64, 0..=99_999_999_999i64)
            .prop_map(|(a, b)| Price { from: Kopecks(a), to: (b > a).then_some(Kopecks(b)) })
    }

    pub(in super::super) fn some_step() -> impl Strategy<Value = Step> {
        let plain = "more size who pick:* cal none name me note skip check rep dates once";
        let plain: Vec<Step> =
            plain.split_whitespace().map(|s| Step::parse(&s.split(':').collect::<Vec<_>>()).unwrap()).collect();
        let days = || proptest::sample::select(Stretch::ALL.to_vec());
        let booking = (some_minute(), 0..=1440i64, some_price());
        let all = (1..=99u8, 0..=1440i64, some_price());
        prop_oneof![
            proptest::sample::select(plain),
            (0..100u8, 1..=read::MOST).prop_map(|(n, s)| Step::Add(n, ServiceId(s))),
            (0..100u8, 0..4usize)
                .prop_map(|(n, which)| { [Step::MoreOf(n), Step::Less(n), Step::Date(n), Step::DropDate(n)][which] }),
            (1..=500u16).prop_map(Step::Party),
            (1..=read::MOST).prop_map(|n| Step::Pick(Pick::One(ResourceId(n)))),
            some_date().prop_map(Step::month_of),
            (some_date(), 0..100usize).prop_map(|(date, page)| Step::Day(date, page)),
            some_minute().prop_map(Step::At),
            some_minute().prop_map(Step::MoveTo),
            booking.prop_map(|(starts_at, minutes, price)| Step::Book { starts_at, minutes, price }),
            all.prop_map(|(dates, minutes, price)| Step::BookAll { dates, minutes, price }),
            (1..=52u8).prop_map(Step::Every),
            (1..=52u8, 2..=99u8).prop_map(|(weeks, times)| Step::Times(weeks, times)),
            (0..100u8, some_minute()).prop_map(|(n, at)| Step::Instead(n, at)),
            some_date().prop_map(Step::Wait),
            (some_date(), days()).prop_map(|(date, d)| Step::WaitDays(date, d)),
            (some_date(), days(), proptest::sample::select(Part::ALL.to_vec()))
                .prop_map(|(date, d, p)| Step::WaitAt(date, d, p)),
        ]
    }

    proptest! {
        #[test]
        fn every_update_begins_a_draft_that_comes_back(update_id in any::<i64>()) {
            let id = DraftId::of(update_id);
            prop_assert_eq!(id.to_string().len(), 6);
            prop_assert_eq!(DraftId::parse(&id.to_string()), Some(id));
        }
    }

    #[test]
    fn updates_that_follow_one_another_begin_different_drafts() {
        assert_ne!(DraftId::of(41), DraftId::of(42));
        assert_eq!(DraftId::parse("zzzzzzz"), None);
    }
}
