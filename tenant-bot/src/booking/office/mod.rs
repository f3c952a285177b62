//! What those who run the business set up: one room to a file, one act to a transaction, each noted in the audit log.
//!
//! Nothing here touches a booking that was made: its length, price and time are its own.

mod audit;
mod customers;
mod team;
mod texts;
mod work_chat;
mod wrong;

pub use self::{
    audit::{AuditEntry, AuditFilter, AuditPage},
    customers::{Customer, CustomerCard, Customers, Figures, Found, Written, tag},
    team::{Invitation, Invite, LINK_LASTS, Team, TeamMember, TeamNews},
    texts::TextPlace,
    work_chat::{StaleCard, WorkCard, WorkChat},
    wrong::Wrong,
};
