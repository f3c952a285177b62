//! The fleet: what should run, what does, and the way from one to the other.
//!
//! A reconciler takes no input but the database and what the world shows when it is looked at. A signal (money was
//! booked, an operator tapped, a container died) says only "look now": it carries nothing that would have to be
//! believed, and if it is lost the next look, at most half a minute later, finds the same. So the first start of a
//! tenant, its recovery after a crash, the repair of what somebody changed by hand and an upgrade are one piece of
//! code, and there is no state that only our own code could advance.
//!
//! * [`desired`]: what should be, a pure function of what people want and have paid.
//! * [`look`]: what is, in a constant number of calls for the whole fleet.
//! * [`plan`]: the steps from one to the other, a pure function.
//! * [`steps`]: each step ensures one part of a tenant and knows how to undo it.
//! * [`reconciler`], [`worker`]: when to look, and the work on one tenant under its lease.
//! * [`doubts`], [`strays`]: what the engine hints at, and containers that are nobody's.
//! * [`sentinel`]: ends what a tenant does to Postgres for too long.
//! * [`desk`]: what operators may want ([`intent`]), and what they and the buyers are shown ([`roster`], [`card`],
//!   [`starts`]); rows alone, so that it works in a process without the engine's socket.
//! * [`answers`]: what was asked of the engine through rows; [`scrub`] takes secrets out of it.
//! * [`kept`]: what is left of a removed tenant's data, until its time has come.

pub(crate) mod answers;
pub(crate) mod card;
pub(crate) mod desired;
pub(crate) mod desk;
mod doubts;
pub(crate) mod intent;
pub(crate) mod kept;
pub(crate) mod look;
pub(crate) mod own;
pub(crate) mod plan;
pub(crate) mod reconciler;
pub(crate) mod roster;
mod scrub;
pub(crate) mod sentinel;
pub(crate) mod starts;
pub(crate) mod steps;
mod strays;
#[cfg(test)]
mod tests;
pub(crate) mod worker;
