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
        BlockMade, BookError, Bookings, CONSENT_VERSION, Card, Dated, Ended, Forgotten, Held, Herald, Made, NewBlock,
        News, Offer, OfferPart, Openings, Performer, Quote, QuoteLine, Rated, Repeat, SeriesDate, SeriesError,
        Settings, Wait, WaitState, WaitWish, Wish, Word,
    },
    model::{
        Actor, Answer, Booking, BookingId, Business, Combination, Doer, Kopecks, Line, Pick, Place, Price, Profile,
        Question, Resource, ResourceId, ResourceKind, Service, ServiceId, SessionId, Status, UserId, WaitId, Want,
        Wanted,
    },
    office::{
        Audience, AuditEntry, AuditFilter, AuditPage, BroadcastCard, Caption, CombinationCard, Digest, DigestKind,
        DigestTimes, Drafted, Field, Interval, Invitation, Invite, LINK_LASTS, Letter, Link, NewService, NewsHome,
        OtherDays, OtherDaysCard, OtherDaysList, Outside, QuestionEdit, Report, ResourceCard, ResourceField,
        ServiceCard, ServiceField, Setting, Setup, SetupStep, Shape, Team, TeamMember, TeamNews, TextPlace, Value,
        Week, Wrong, ZoneChange,
    },
    policy::Refusal,
};
