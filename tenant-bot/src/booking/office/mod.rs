//! What those who run the business set up: one room to a file, one act to a transaction, each noted in the audit log.
//!
//! Nothing here touches a booking that was made: its length, price and time are its own.

mod audit;
mod broadcasts;
mod customers;
pub(crate) mod digest;
mod exceptions;
mod export;
pub(crate) mod figures;
mod offer;
mod policies;
mod resources;
mod services;
mod setup;
mod team;
mod texts;
mod value;
mod week;
mod work_chat;
mod wrong;

pub(crate) use self::broadcasts::{card as read_broadcast_card, write_letters as write_broadcast_letters};
pub use self::{
    audit::{AuditEntry, AuditFilter, AuditPage},
    broadcasts::{Audience, BroadcastCard, Drafted, Letter, NewsHome},
    customers::{Customer, CustomerCard, Customers, Figures, Found, Written, tag},
    digest::{Digest, DigestKind, DigestTimes},
    exceptions::{OtherDays, OtherDaysCard, OtherDaysList},
    export::Caption,
    figures::{MOST_LISTED, Report},
    policies::{Setting, ZoneChange},
    resources::{CombinationCard, ResourceCard, ResourceField},
    services::{Link, NewService, QuestionEdit, ServiceCard, ServiceField},
    setup::{Setup, SetupStep},
    team::{Invitation, Invite, LINK_LASTS, Team, TeamMember, TeamNews},
    texts::TextPlace,
    value::{Field, Shape, Value},
    week::{Interval, Outside, Week},
    work_chat::{StaleCard, WorkCard, WorkChat},
    wrong::Wrong,
};
