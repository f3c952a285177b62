//! What a button does, as the 1–64 bytes that travel in it.
//!
//! Buttons of the way to a booking ([`Step`]) carry the number of the draft that they belong to; all others stand alone.
//! Anybody can send any bytes: what is read here is well-formed, written as we write it, and still only a wish.
//!
//! ```text
//! menu                          the menu
//! book                          the services, or their categories
//! cat:<n>                       the services of a category, by its place
//! svc:<service>                 begins a visit with this service
//! res:<resource>                who that is, and what they do
//! by:<resource>:<service>       begins a visit with this service by that one
//! pic:s:<service>, pic:r:<resource>   their picture
//! go                            goes on with the draft
//! mine, past:<page>             bookings ahead, and those that are over
//! my:<booking>                  one of them
//! drop:<booking>, drop!:<booking>     cancel it? (asks); cancels it
//! move:<booking>, again:<booking>     another time for it; the same once more
//! move:<booking>:<minute>       this other time
//! ics:<booking>, call           a file for a calendar; the business's number
//! come:<booking>                says that one comes
//! rate:<booking>:<stars>        how it was
//! take:<booking>, pass:<booking>      what is offered: taken, let pass
//! wait:<entry>, unwait:<entry>  an entry of the queue; leaves it
//! agree, privacy, export, forget, forget!   personal data
//! set, lang:<ru|en>, news:<on|off>, rem:<on|off>, help
//! quiet, quiet?                 no more news, under each of them; the same under a draft
//! plan:<days ahead>:<page>      the business's day
//! yes:<booking>                 agrees to a request
//! no:<booking>, no:<booking>:<why>    turns it down: asks why; does
//! a, a:<room>:…                 the console of those who run the business, see [`admin::Choice`]
//! b:<draft>:<step>              see [`Step`]
//! ```

pub(super) mod read;
mod step;

use std::fmt;

use chrono::{DateTime, Utc};
use shared::texts::Lang;

pub(crate) use self::step::{DraftId, Part, Step, Stretch};
use super::admin;
use crate::booking::{BookingId, ResourceId, ServiceId, WaitId};

/// Why a request is turned down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// There is no time.
    NoTime,
    /// It is not said.
    Unsaid,
    /// In words that are typed next.
    Typed,
}

/// What a button does; see the module's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Menu,
    Services,
    Category(u8),
    Service(ServiceId),
    Performer(ResourceId),
    With(ResourceId, ServiceId),
    ServicePhoto(ServiceId),
    ResourcePhoto(ResourceId),
    Resume,
    Mine,
    Past(usize),
    Card(BookingId),
    AskCancel(BookingId),
    Cancel(BookingId),
    Move(BookingId),
    MoveTo(BookingId, DateTime<Utc>),
    Again(BookingId),
    File(BookingId),
    Call,
    Come(BookingId),
    Rate {
        booking: BookingId,
        stars: u8,
    },
    TakeOffer(BookingId),
    PassOffer(BookingId),
    Wait(WaitId),
    Leave(WaitId),
    Consent,
    Privacy,
    Export,
    AskForget,
    Forget,
    Settings,
    Speak(Lang),
    Broadcasts(bool),
    /// Under news: no more of them; `trial`: under a draft, where it only says so.
    NoNews {
        trial: bool,
    },
    Reminders(bool),
    Help,
    Plan {
        days_ahead: u8,
        page: usize,
    },
    Approve(BookingId),
    Decline(BookingId),
    DeclineFor(BookingId, Why),
    Admin(admin::Choice),
    Draft(DraftId, Step),
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Menu => f.write_str("menu"),
            Self::Services => f.write_str("book"),
            Self::Category(n) => write!(f, "cat:{n}"),
            Self::Service(id) => write!(f, "svc:{}", id.0),
            Self::Performer(id) => write!(f, "res:{}", id.0),
            Self::With(who, what) => write!(f, "by:{}:{}", who.0, what.0),
            Self::ServicePhoto(id) => write!(f, "pic:s:{}", id.0),
            Self::ResourcePhoto(id) => write!(f, "pic:r:{}", id.0),
            Self::Resume => f.write_str("go"),
            Self::Mine => f.write_str("mine"),
            Self::Past(page) => write!(f, "past:{page}"),
            Self::Card(id) => write!(f, "my:{}", id.0),
            Self::AskCancel(id) => write!(f, "drop:{}", id.0),
            Self::Cancel(id) => write!(f, "drop!:{}", id.0),
            Self::Move(id) => write!(f, "move:{}", id.0),
            Self::MoveTo(id, at) => write!(f, "move:{}:{}", id.0, at.timestamp().div_euclid(60)),
            Self::Again(id) => write!(f, "again:{}", id.0),
            Self::File(id) => write!(f, "ics:{}", id.0),
            Self::Call => f.write_str("call"),
            Self::Come(id) => write!(f, "come:{}", id.0),
            Self::Rate { booking, stars } => write!(f, "rate:{}:{stars}", booking.0),
            Self::TakeOffer(id) => write!(f, "take:{}", id.0),
            Self::PassOffer(id) => write!(f, "pass:{}", id.0),
            Self::Wait(id) => write!(f, "wait:{}", id.0),
            Self::Leave(id) => write!(f, "unwait:{}", id.0),
            Self::Consent => f.write_str("agree"),
            Self::Privacy => f.write_str("privacy"),
            Self::Export => f.write_str("export"),
            Self::AskForget => f.write_str("forget"),
            Self::Forget => f.write_str("forget!"),
            Self::Settings => f.write_str("set"),
            Self::Speak(lang) => write!(f, "lang:{}", lang.code()),
            Self::Broadcasts(on) => write!(f, "news:{}", switch(*on)),
            Self::NoNews { trial: false } => f.write_str("quiet"),
            Self::NoNews { trial: true } => f.write_str("quiet?"),
            Self::Reminders(on) => write!(f, "rem:{}", switch(*on)),
            Self::Help => f.write_str("help"),
            Self::Plan { days_ahead, page } => write!(f, "plan:{days_ahead}:{page}"),
            Self::Approve(id) => write!(f, "yes:{}", id.0),
            Self::Decline(id) => write!(f, "no:{}", id.0),
            Self::DeclineFor(id, why) => write!(f, "no:{}:{}", id.0, why.word()),
            Self::Admin(choice) => write!(f, "{choice}"),
            Self::Draft(id, step) => write!(f, "b:{id}:{step}"),
        }
    }
}

fn switch(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

impl Why {
    pub(in crate::bot) fn word(self) -> &'static str {
        match self {
            Self::NoTime => "time",
            Self::Unsaid => "none",
            Self::Typed => "type",
        }
    }

    pub(in crate::bot) fn from_word(word: &str) -> Option<Self> {
        [Self::NoTime, Self::Unsaid, Self::Typed].into_iter().find(|w| w.word() == word)
    }
}

impl Choice {
    /// Reads a button; `None` for anything that no button of this version carries.
    pub(crate) fn parse(data: &str) -> Option<Self> {
        if data.len() > 64 {
            return None;
        }
        let parts: Vec<&str> = data.split(':').collect();
        match parts[..] {
            ["b", draft, ref step @ ..] => Some(Self::Draft(DraftId::parse(draft)?, Step::parse(step)?)),
            ["a", ref room @ ..] => admin::Choice::parse(room).map(Self::Admin),
            [verb] => Self::plain(verb),
            [verb, of] => Self::of_one(verb, of),
            _ => Self::of_two(&parts),
        }
    }

    fn plain(verb: &str) -> Option<Self> {
        const ALL: [Choice; 14] = [
            Choice::NoNews { trial: false },
            Choice::NoNews { trial: true },
            Choice::Menu,
            Choice::Services,
            Choice::Resume,
            Choice::Mine,
            Choice::Call,
            Choice::Consent,
            Choice::Privacy,
            Choice::Export,
            Choice::AskForget,
            Choice::Forget,
            Choice::Settings,
            Choice::Help,
        ];
        ALL.into_iter().find(|choice| choice.to_string() == verb)
    }

    fn of_one(verb: &str, of: &str) -> Option<Self> {
        let booking = || read::id(of).map(BookingId);
        let on = || [true, false].into_iter().find(|on| switch(*on) == of);
        Some(match verb {
            "cat" => Self::Category(u8::try_from(read::number(of, 99)?).ok()?),
            "svc" => Self::Service(ServiceId(read::id(of)?)),
            "res" => Self::Performer(ResourceId(read::id(of)?)),
            "past" => Self::Past(read::page(of)?),
            "my" => Self::Card(booking()?),
            "drop" => Self::AskCancel(booking()?),
            "drop!" => Self::Cancel(booking()?),
            "move" => Self::Move(booking()?),
            "again" => Self::Again(booking()?),
            "ics" => Self::File(booking()?),
            "come" => Self::Come(booking()?),
            "take" => Self::TakeOffer(booking()?),
            "pass" => Self::PassOffer(booking()?),
            "wait" => Self::Wait(WaitId(read::id(of)?)),
            "unwait" => Self::Leave(WaitId(read::id(of)?)),
            "lang" => Self::Speak([Lang::Ru, Lang::En].into_iter().find(|lang| lang.code() == of)?),
            "news" => Self::Broadcasts(on()?),
            "rem" => Self::Reminders(on()?),
            "yes" => Self::Approve(booking()?),
            "no" => Self::Decline(booking()?),
            _ => return None,
        })
    }

    fn of_two(parts: &[&str]) -> Option<Self> {
        Some(match *parts {
            ["by", who, what] => Self::With(ResourceId(read::id(who)?), ServiceId(read::id(what)?)),
            ["move", of, at] => Self::MoveTo(BookingId(read::id(of)?), read::minute(at)?),
            ["pic", "s", of] => Self::ServicePhoto(ServiceId(read::id(of)?)),
            ["pic", "r", of] => Self::ResourcePhoto(ResourceId(read::id(of)?)),
            ["rate", of, stars] => {
                let stars = u8::try_from(read::number(stars, 5)?).ok().filter(|s| *s > 0)?;
                Self::Rate { booking: BookingId(read::id(of)?), stars }
            }
            ["plan", days, page] => {
                Self::Plan { days_ahead: u8::try_from(read::number(days, 1)?).ok()?, page: read::page(page)? }
            }
            ["no", of, why] => Self::DeclineFor(BookingId(read::id(of)?), Why::from_word(why)?),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{step::tests::some_step, *};

    fn some_choice() -> impl Strategy<Value = Choice> {
        let plain =
            "menu book go mine call agree privacy export forget forget! set help lang:ru lang:en news:on news:off
                     rem:on rem:off"
                .split_whitespace();
        let plain: Vec<Choice> = plain.map(|data| Choice::parse(data).unwrap()).collect();
        let one = (1..=read::MOST, 0..16usize).prop_map(|(n, which)| {
            let booking = BookingId(n);
            [
                Choice::Service(ServiceId(n)),
                Choice::Performer(ResourceId(n)),
                Choice::ServicePhoto(ServiceId(n)),
                Choice::ResourcePhoto(ResourceId(n)),
                Choice::Card(booking),
                Choice::AskCancel(booking),
                Choice::Cancel(booking),
                Choice::Move(booking),
                Choice::Again(booking),
                Choice::File(booking),
                Choice::Come(booking),
                Choice::TakeOffer(booking),
                Choice::PassOffer(booking),
                Choice::Approve(booking),
                Choice::Decline(booking),
                Choice::Wait(WaitId(n)),
            ][which]
        });
        prop_oneof![
            proptest::sample::select(plain),
            one,
            (0..100u8).prop_map(Choice::Category),
            (0..100usize).prop_map(Choice::Past),
            (1..=read::MOST).prop_map(|n| Choice::Leave(WaitId(n))),
            (1..=read::MOST, 1..=read::LAST_MINUTE).prop_map(|(n, minute)| {
                Choice::MoveTo(BookingId(n), DateTime::from_timestamp(minute * 60, 0).unwrap())
            }),
            (1..=read::MOST, 1..=read::MOST).prop_map(|(r, s)| Choice::With(ResourceId(r), ServiceId(s))),
            (1..=read::MOST, 1..=5u8).prop_map(|(n, stars)| Choice::Rate { booking: BookingId(n), stars }),
            (1..=read::MOST, proptest::sample::select(vec![Why::NoTime, Why::Unsaid, Why::Typed]))
                .prop_map(|(n, why)| Choice::DeclineFor(BookingId(n), why)),
            (0..=1u8, 0..100usize).prop_map(|(days_ahead, page)| Choice::Plan { days_ahead, page }),
            (any::<i64>(), some_step()).prop_map(|(n, step)| Choice::Draft(DraftId::of(n), step)),
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
        fn bytes_from_anywhere_are_refused_or_are_what_we_would_write(
            data in "[a-z!]{0,7}(:[0-9*a-z +-]{0,12}){0,6}|b:[0-9a-z]{6}:[a-z]{2,5}(:[0-9*dwmae+ -]{0,10}){0,4}|a:(day|book|guests):[0-9a-z!]{2,7}(:[0-9a-z*-]{0,9}){0,3}"
        ) {
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
            "rate:1:0",
            "rate:1:6",
            "lang:de",
            "news:yes",
            "no:1:because",
            "plan:7:0",
            "drop!:1 ",
            "my:1;drop table bookings",
            "b:00000:at:1",
            "b:0000000:at:1",
            "b:00000A:at:1",
            "b:zzzzzz",
            "b:000001:day:20261301:0",
            "b:000001:day:2026112:0",
            "b:000001:day:\r2611200:0",
            "b:000001:month:202613",
            "b:000001:at:x",
            "b:000001:party:0",
            "b:000001:party:501",
            "b:000001:rep:0",
            "b:000001:rep:1:1",
            "b:000001:ok:1:60:100:99",
            "b:000001:ok:1:-60:1:0",
            "b:000001:pick:0",
            "b:000001:pick:**",
        ] {
            assert_eq!(Choice::parse(data), None, "{data}");
        }
    }
}
