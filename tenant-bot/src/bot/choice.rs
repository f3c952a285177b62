//! What a button does, as the 1–64 bytes that travel in it.
//!
//! Everything a customer has chosen so far stands in the button, so that nothing has to be remembered between two
//! presses. Anybody can send any bytes: what is read here is well-formed, and still only a wish.
//!
//! ```text
//! menu                                    the menu
//! book                                    the services
//! svc:<service>                           who does it
//! days:<service>:<pick>:<page>            days with room; pick is a resource's number, or * for any
//! day:<service>:<pick>:<yyyymmdd>         times of a day
//! at:<service>:<pick>:<minute>            this time; minutes since 1970, UTC
//! who:<service>:<pick>:<minute>           give another name and number
//! iam:<service>:<pick>:<minute>           the name is that in Telegram
//! ok:<service>:<pick>:<minute>:<length>:<kopecks>   book; length in minutes and price as shown
//! mine                                    my bookings
//! my:<booking>                            one of them
//! drop:<booking>                          cancel it? (asks)
//! drop!:<booking>                         cancel it
//! plan:<days ahead>:<page>                the business's day
//! ```

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};

use crate::booking::{BookingId, Kopecks, Pick, ResourceId, ServiceId};

/// Largest number that a button carries: with it the longest button has 62 bytes. Rows are far fewer.
const MOST: i64 = 1 << 53;

/// A time of a service that a customer is looking at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Visit {
    pub(crate) service: ServiceId,
    pub(crate) pick: Pick,
    pub(crate) starts_at: DateTime<Utc>,
}

/// What a button does; see the module's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Menu,
    Services,
    Service(ServiceId),
    Days { service: ServiceId, pick: Pick, page: usize },
    Day { service: ServiceId, pick: Pick, date: NaiveDate },
    Time(Visit),
    Rename(Visit),
    TelegramName(Visit),
    Confirm { visit: Visit, minutes: i64, price: Kopecks },
    Mine,
    Card(BookingId),
    AskCancel(BookingId),
    Cancel(BookingId),
    Plan { days_ahead: u8, page: usize },
}

struct Shown(Pick);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Pick::Any => f.write_str("*"),
            Pick::One(id) => write!(f, "{}", id.0),
        }
    }
}

impl fmt::Display for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.service.0, Shown(self.pick), self.starts_at.timestamp().div_euclid(60))
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Menu => f.write_str("menu"),
            Self::Services => f.write_str("book"),
            Self::Service(id) => write!(f, "svc:{}", id.0),
            Self::Days { service, pick, page } => write!(f, "days:{}:{}:{page}", service.0, Shown(*pick)),
            Self::Day { service, pick, date } => {
                write!(f, "day:{}:{}:{}", service.0, Shown(*pick), date.format("%Y%m%d"))
            }
            Self::Time(visit) => write!(f, "at:{visit}"),
            Self::Rename(visit) => write!(f, "who:{visit}"),
            Self::TelegramName(visit) => write!(f, "iam:{visit}"),
            Self::Confirm { visit, minutes, price } => write!(f, "ok:{visit}:{minutes}:{}", price.0),
            Self::Mine => f.write_str("mine"),
            Self::Card(id) => write!(f, "my:{}", id.0),
            Self::AskCancel(id) => write!(f, "drop:{}", id.0),
            Self::Cancel(id) => write!(f, "drop!:{}", id.0),
            Self::Plan { days_ahead, page } => write!(f, "plan:{days_ahead}:{page}"),
        }
    }
}

/// A number without sign, spaces or leading zeros, so that every choice is written in one way only.
fn number(text: &str, most: i64) -> Option<i64> {
    let plain = text == "0" || !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok().filter(|n| *n <= most) } else { None }
}

fn id(text: &str) -> Option<i64> {
    number(text, MOST).filter(|n| *n > 0)
}

fn pick(text: &str) -> Option<Pick> {
    if text == "*" { Some(Pick::Any) } else { id(text).map(|n| Pick::One(ResourceId(n))) }
}

fn page(text: &str) -> Option<usize> {
    number(text, 99).and_then(|n| usize::try_from(n).ok())
}

fn visit([service, wanted, minute]: [&str; 3]) -> Option<Visit> {
    // Until the year 3871, in nine digits.
    let starts_at = DateTime::from_timestamp(number(minute, 999_999_999)? * 60, 0)?;
    Some(Visit { service: ServiceId(id(service)?), pick: pick(wanted)?, starts_at })
}

impl Choice {
    /// Reads a button; `None` for anything that no button of this version carries.
    pub(crate) fn parse(data: &str) -> Option<Self> {
        if data.len() > 64 {
            return None;
        }
        let parts: Vec<&str> = data.split(':').collect();
        Some(match parts[..] {
            ["menu"] => Self::Menu,
            ["book"] => Self::Services,
            ["svc", service] => Self::Service(ServiceId(id(service)?)),
            ["days", s, p, n] => Self::Days { service: ServiceId(id(s)?), pick: pick(p)?, page: page(n)? },
            ["day", s, p, d] if d.len() == 8 && d.bytes().all(|b| b.is_ascii_digit()) => {
                let date = NaiveDate::parse_from_str(d, "%Y%m%d").ok()?;
                Self::Day { service: ServiceId(id(s)?), pick: pick(p)?, date }
            }
            ["at", s, p, m] => Self::Time(visit([s, p, m])?),
            ["who", s, p, m] => Self::Rename(visit([s, p, m])?),
            ["iam", s, p, m] => Self::TelegramName(visit([s, p, m])?),
            ["ok", s, p, m, minutes, price] => Self::Confirm {
                visit: visit([s, p, m])?,
                minutes: number(minutes, 1440)?,
                price: Kopecks(number(price, 9_999_999_999)?),
            },
            ["mine"] => Self::Mine,
            ["my", n] => Self::Card(BookingId(id(n)?)),
            ["drop", n] => Self::AskCancel(BookingId(id(n)?)),
            ["drop!", n] => Self::Cancel(BookingId(id(n)?)),
            ["plan", d, n] => Self::Plan { days_ahead: u8::try_from(number(d, 1)?).ok()?, page: page(n)? },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn some_pick() -> impl Strategy<Value = Pick> {
        prop_oneof![Just(Pick::Any), (1..=MOST).prop_map(|n| Pick::One(ResourceId(n)))]
    }

    fn some_visit() -> impl Strategy<Value = Visit> {
        (1..=MOST, some_pick(), 0..=999_999_999i64).prop_map(|(s, pick, m)| Visit {
            service: ServiceId(s),
            pick,
            starts_at: DateTime::from_timestamp(m * 60, 0).unwrap(),
        })
    }

    fn some_choice() -> impl Strategy<Value = Choice> {
        let day = (1..=MOST, some_pick(), 1..3_000_000i32).prop_map(|(s, pick, d)| Choice::Day {
            service: ServiceId(s),
            pick,
            date: NaiveDate::from_num_days_from_ce_opt(d).unwrap(),
        });
        prop_oneof![
            Just(Choice::Menu),
            Just(Choice::Services),
            Just(Choice::Mine),
            (1..=MOST).prop_map(|n| Choice::Service(ServiceId(n))),
            (1..=MOST, some_pick(), 0..100usize).prop_map(|(s, pick, page)| Choice::Days {
                service: ServiceId(s),
                pick,
                page
            }),
            day,
            some_visit().prop_map(Choice::Time),
            some_visit().prop_map(Choice::Rename),
            some_visit().prop_map(Choice::TelegramName),
            (some_visit(), 0..=1440i64, 0..=9_999_999_999i64).prop_map(|(visit, minutes, price)| Choice::Confirm {
                visit,
                minutes,
                price: Kopecks(price)
            }),
            (1..=MOST).prop_map(|n| Choice::Card(BookingId(n))),
            (1..=MOST).prop_map(|n| Choice::AskCancel(BookingId(n))),
            (1..=MOST).prop_map(|n| Choice::Cancel(BookingId(n))),
            (0..=1u8, 0..100usize).prop_map(|(days_ahead, page)| Choice::Plan { days_ahead, page }),
        ]
    }

    proptest! {
        #[test]
        fn every_choice_fits_into_a_button_and_comes_back(choice in some_choice()) {
            let data = choice.to_string();
            prop_assert!((1..=64).contains(&data.len()), "{} bytes: {data}", data.len());
            prop_assert_eq!(Choice::parse(&data), Some(choice));
        }

        #[test]
        fn bytes_from_anywhere_are_refused_or_are_what_we_would_write(data in "[a-z!]{0,5}(:[0-9*a-z +-]{0,12}){0,6}") {
            if let Some(choice) = Choice::parse(&data) {
                prop_assert_eq!(choice.to_string(), data);
            }
        }
    }

    #[test]
    fn crooked_buttons_are_refused() {
        for data in [
            "",
            "x",
            "svc",
            "svc:",
            "svc:0",
            "svc:-1",
            "svc:+1",
            "svc:01",
            "svc:9999999999999999999",
            "svc:1:2",
            "day:1:*:20261301",
            "at:1:*:x",
            "ok:1:*:1:60",
            "ok:1:*:1:-60:1",
            "plan:7:0",
            "drop!:1 ",
            "my:1;drop table bookings",
            "day:1:*:2026112",
            "day:1:*:\r2611200",
        ] {
            assert_eq!(Choice::parse(data), None, "{data}");
        }
    }
}
