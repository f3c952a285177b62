//! The rules of booking, and the service that keeps them.
//!
//! What may be booked is computed by pure functions ([`hours`], [`availability`], [`policy`]) from rows that the
//! service has read. The same functions decide what is shown and, inside the booking's transaction, what is done:
//! a button is only a wish, and may be stale or forged. That two people never hold one slot is promised by
//! Postgres (`occupancy` in the migration), not by anything here.

pub mod availability;
pub mod contact;
mod desk;
pub mod hours;
mod model;
pub(crate) mod office;
pub mod policy;
pub mod roles;
pub mod schedule;

pub(crate) use self::office::{read_broadcast_card, write_broadcast_letters};
pub use self::{
    desk::{
        After, BlockMade, Blocked, BookError, Bookings, CONSENT_VERSION, Card, Dated, Deed, Edit, Ended, Fate, ForWhom,
        Forgotten, Held, Herald, Hindrance, ListedBlock, Made, MassChange, MassDone, MassPlan, MassScope, MassWish,
        NewBlock, NewTimes, NewVisit, News, Offer, OfferPart, Openings, Order, Performer, Planned, Quote, QuoteLine,
        Rated, Rebooking, Repeat, SeriesDate, SeriesError, Settings, Sheet, SheetColumn, SheetDay, StaffCard, Wait,
        WaitState, WaitWish, Wish, Word, this_minute,
    },
    model::{
        Actor, Answer, Booking, BookingId, Business, Combination, Doer, Kopecks, Line, Office, Pick, Place, Price,
        Profile, Question, Resource, ResourceId, ResourceKind, Service, ServiceId, SessionId, Status, UserId, WaitId,
        Want, Wanted,
    },
    office::{
        Audience, AuditEntry, AuditFilter, AuditPage, BroadcastCard, Caption, CombinationCard, Customer, CustomerCard,
        Customers, Digest, DigestKind, DigestTimes, Drafted, Field, Figures, Found, Interval, Invitation, Invite,
        LINK_LASTS, Letter, Link, MOST_LISTED, NewService, NewsHome, OtherDays, OtherDaysCard, OtherDaysList, Outside,
        QuestionEdit, Report, ResourceCard, ResourceField, ServiceCard, ServiceField, Setting, Setup, SetupStep, Shape,
        StaleCard, Team, TeamMember, TeamNews, TextPlace, Value, Week, WorkCard, WorkChat, Written, Wrong, ZoneChange,
        tag,
    },
    policy::Refusal,
};
