//! The booking desk: what it is asked, what it reads, and what it writes. Each change is one transaction.
//!
//! What comes from a button or a typed word is only a wish: everything is asked again, by the same rules that showed it,
//! in the transaction that does it.

mod behalf;
mod blocked;
mod blocks;
mod book;
mod by_hand;
mod change;
mod dated;
mod feedback;
mod hold;
mod mass;
mod person;
mod place;
mod queue;
mod read;
mod rebook;
mod requests;
mod series;
mod sheet;
mod sight;
mod staff;
mod team;
mod waitlist;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use shared::{
    clock::Clock,
    outbox::{Letter, Outbox},
    telegram::Screen,
    texts::Lang,
};
use sqlx::PgPool;
use tokio::sync::Notify;

use super::{
    model::{Answer, Booking, Business, Price, UserId, Wanted},
    office::{Digest, TeamNews, Wrong},
    policy::Refusal,
};

pub use self::{
    behalf::{ForWhom, Order},
    blocked::{Blocked, ListedBlock, NewTimes},
    blocks::{BlockMade, NewBlock},
    book::{Quote, QuoteLine},
    dated::Dated,
    feedback::Rated,
    hold::Held,
    mass::{After, Fate, Hindrance, MassChange, MassDone, MassPlan, MassScope, MassWish, Planned},
    person::{CONSENT_VERSION, Forgotten, Settings},
    read::{Card, Offer, OfferPart, Openings, Performer},
    rebook::{NewVisit, Rebooking},
    series::{Repeat, SeriesDate, SeriesError},
    sheet::{Sheet, SheetColumn, SheetDay},
    staff::{Deed, Edit, StaffCard, this_minute},
    waitlist::{Wait, WaitState, WaitWish},
};

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The rules say no; the person is told why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// What the business wants to set up cannot be so; the person is told why.
    #[error(transparent)]
    Wrong(#[from] Wrong),
    /// Postgres failed; the call may be repeated.
    #[error("the database failed")]
    Store(#[from] sqlx::Error),
}

/// What the team is told.
#[derive(Clone, Copy, Debug)]
pub enum News<'a> {
    /// A new booking that stands.
    Booked(&'a Booking),
    /// New bookings that were made together; at least two.
    Series(&'a [Booking]),
    /// A new booking that waits for them.
    Requested(&'a Booking),
    /// A booking is no more; who cancelled it, and why, stands in it.
    Cancelled(&'a Booking),
    /// A booking has another time, and as a new booking `to`.
    Moved {
        /// As it was.
        from: &'a Booking,
        /// As it is; it may be a request.
        to: &'a Booking,
    },
    /// Many bookings were changed at once: what was planned, and the bookings that took the place of others.
    Mass(&'a MassPlan, &'a [Booking]),
    /// A visit was rated, 1–5 stars, or a comment was added to that.
    Rated(&'a Booking, u8, Option<&'a str>),
}

/// What a customer is told that they did not ask for just now.
#[derive(Clone, Copy, Debug)]
pub enum Word<'a> {
    /// The visit is near. The letter says when it is as of `now`, and how far off that is. The number is that of the
    /// reminder's row.
    Reminder(&'a Booking, i64),
    /// The business has agreed to a request.
    Approved(&'a Booking),
    /// The business has turned a request down; the reason stands in the booking.
    Declined(&'a Booking),
    /// The business has cancelled a booking; the reason stands in the booking.
    CalledOff(&'a Booking),
    /// The business has booked for the customer.
    BookedFor(&'a Booking),
    /// The business has given a booking another time, or made something else of it.
    Rebooked {
        /// As it was.
        from: &'a Booking,
        /// As it is.
        to: &'a Booking,
    },
    /// The business asks for another time: these are free, the nearest.
    NewTimes(&'a Booking, &'a [DateTime<Utc>]),
    /// Nobody of the business has answered a request before the visit's time came.
    Lapsed(&'a Booking),
    /// A booking was cancelled because nobody said that they would come.
    Unanswered(&'a Booking),
    /// A time that was waited for is kept until then.
    Offer(&'a Booking, DateTime<Utc>),
    /// How was it?
    HowWasIt(&'a Booking),
}

impl<'a> News<'a> {
    /// The bookings that it is about: before and after a move, each of a series.
    pub fn bookings(&self) -> Vec<&'a Booking> {
        match self {
            Self::Series(all) => all.iter().collect(),
            Self::Moved { from, to } => vec![from, to],
            Self::Mass(plan, made) => plan.goes().map(|planned| &planned.old).chain(*made).collect(),
            Self::Booked(booking) | Self::Requested(booking) | Self::Cancelled(booking) | Self::Rated(booking, ..) => {
                vec![booking]
            }
        }
    }
}

impl<'a> Word<'a> {
    /// The booking that it is about.
    pub fn booking(&self) -> &'a Booking {
        match self {
            Self::Reminder(booking, _)
            | Self::Approved(booking)
            | Self::Declined(booking)
            | Self::CalledOff(booking)
            | Self::BookedFor(booking)
            | Self::NewTimes(booking, _)
            | Self::Rebooked { to: booking, .. }
            | Self::Lapsed(booking)
            | Self::Unanswered(booking)
            | Self::Offer(booking, _)
            | Self::HowWasIt(booking) => booking,
        }
    }
}

/// Puts news into words. The desk sends them and does not read them.
pub trait Herald: Send + Sync {
    /// One letter to each of the team, with a key that is unique for this event and person.
    fn letters(
        &self,
        business: &Business,
        news: News<'_>,
        team: &[(UserId, Option<Lang>)],
        now: DateTime<Utc>,
    ) -> Vec<Letter>;

    /// The letter to the customer, with a key that is unique for this event.
    fn letter(&self, business: &Business, word: Word<'_>, lang: Lang, now: DateTime<Utc>) -> Letter;

    /// The card of a booking for this group, with a key that is unique for the two.
    fn card(&self, business: &Business, booking: &Booking, chat_id: i64, now: DateTime<Utc>) -> Letter;

    /// The letter to one of the team about the team, with this key.
    fn team_letter(
        &self,
        business: &Business,
        news: TeamNews<'_>,
        to: (UserId, Lang),
        key: &str,
        now: DateTime<Utc>,
    ) -> Letter;

    /// What one of the team is told of a day.
    fn digest(&self, business: &Business, digest: &Digest, lang: Lang) -> Screen;

    /// Why a booking ended by itself, 1–200 characters in the business's language; it stands in the booking.
    fn reason(&self, business: &Business, ended: Ended) -> String;
}

/// Why a booking ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Nobody said that they would come.
    Unanswered,
    /// Nobody of the business answered the request.
    Lapsed,
}

/// What a customer wants, in full.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The visit.
    pub wanted: Wanted,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// Length in minutes and price, as the customer was shown them.
    pub shown: (i64, Price),
    /// What the customer wishes to add, 1–500 characters.
    pub comment: Option<String>,
    /// What the customer answered.
    pub answers: Vec<Answer>,
    /// The end of the deep link that the customer came by, 1–32 characters.
    pub source: Option<String>,
}

/// A change that stands.
#[derive(Clone, Debug)]
pub struct Made {
    /// The business, for its zone.
    pub business: Business,
    /// The booking as it is now.
    pub booking: Booking,
    /// Whether it had been so before this call, which then changed nothing.
    pub repeated: bool,
}

/// The booking desk of one business.
#[derive(Clone)]
pub struct Bookings {
    pub(crate) pool: PgPool,
    pub(crate) outbox: Outbox,
    pub(crate) clock: Clock,
    pub(crate) herald: Arc<dyn Herald>,
    /// Rung when something was written that falls due later: a reminder, an offer, a freed time.
    pub(crate) errands: Arc<Notify>,
    /// Rung when a booking may have changed whose card hangs in a work chat.
    pub(crate) cards: Arc<Notify>,
    /// Rung when a broadcast is to begin, to go on, or to begin at another time.
    pub(crate) news: Arc<Notify>,
}

impl Bookings {
    /// A desk over the tenant's schema, which the pool works in.
    pub fn new(pool: PgPool, outbox: Outbox, clock: Clock, herald: Arc<dyn Herald>) -> Self {
        Self {
            pool,
            outbox,
            clock,
            herald,
            errands: Arc::new(Notify::new()),
            cards: Arc::new(Notify::new()),
            news: Arc::new(Notify::new()),
        }
    }

    /// After a commit: letters go out, and whoever waits for due rows looks again.
    pub(crate) fn committed(&self) {
        self.outbox.wake();
        self.errands.notify_one();
        self.cards.notify_one();
    }
}
