//! Booking for others: for a customer who is known, for somebody who called, for somebody who just walked in.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use super::{
    BookError, Bookings, Made, News, Word,
    book::{Quote, is_for},
    by_hand::{Hand, unbound, within_reach},
    place::Placing,
    read::{Openings, open_days},
};
use crate::{
    booking::{
        contact::Contact,
        model::{Actor, Booking, Office, Price, ResourceId, Status, UserId, Wanted},
        policy::Refusal,
        roles::{Member, Right},
    },
    reminders,
    store::{self, booking_history::Change, users::Known},
};

/// For whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForWhom<'a> {
    /// Somebody who has a card: they spoke to the bot, or called before.
    Known(UserId),
    /// Somebody of whom only this name is known, 1–60 characters; they get a card with it.
    Guest(&'a str),
}

/// A booking for somebody else.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    /// For whom.
    pub whom: ForWhom<'a>,
    /// The visit.
    pub wanted: Wanted,
    /// When it begins, to the minute; now is early enough.
    pub starts_at: DateTime<Utc>,
    /// Whether it may lie outside the hours of work.
    pub outside: bool,
    /// Length in minutes and price, as they were shown; none: whatever they are.
    pub shown: Option<(i64, Price)>,
}

impl Bookings {
    /// Free times of a visit for somebody else, as [`openings`](Self::openings) gives them to customers, without what binds
    /// only those.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], why the visit is not possible as such, or Postgres.
    pub async fn openings_for(
        &self,
        by: UserId,
        whom: ForWhom<'_>,
        wanted: &Wanted,
        dates: Option<(NaiveDate, NaiveDate)>,
    ) -> Result<Openings, BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let (business, member) = self.staffed(&mut conn, by, Right::BookFor).await?;
        let (user, known) = self.met(&mut conn, member, whom, now).await?;
        let wanted = within_reach(member, Right::BookFor, wanted.clone());
        let hand = Hand { business: unbound(&business), member, user, wanted: &wanted, instead_of: None, now };
        let offer = hand.offer(&mut conn, &known).await?;
        let (within, days) = open_days(hand.view(&offer), &mut conn, dates).await?;
        Ok(Openings { business, offer, within, days })
    }

    /// What would be booked, and whether that is outside the hours of work.
    ///
    /// # Errors
    /// As [`openings_for`](Self::openings_for); [`Refusal::Taken`], [`Refusal::Closed`] for who may not book outside the hours.
    pub async fn quote_for(
        &self,
        by: UserId,
        whom: ForWhom<'_>,
        wanted: &Wanted,
        starts_at: DateTime<Utc>,
    ) -> Result<(Quote, bool), BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let (business, member) = self.staffed(&mut conn, by, Right::BookFor).await?;
        let (user, known) = self.met(&mut conn, member, whom, now).await?;
        let wanted = within_reach(member, Right::BookFor, wanted.clone());
        let hand = Hand { business: unbound(&business), member, user, wanted: &wanted, instead_of: None, now };
        let mut offer = hand.offer(&mut conn, &known).await?;
        hand.quote(&mut conn, &mut offer, starts_at).await
    }

    /// Books for somebody else, in one transaction. It stands at once; the customer is told if they have a chat, and the team.
    /// That they agree that their name is kept is the business's matter here, and noted so in the booking's history.
    ///
    /// # Errors
    /// As [`quote_for`](Self::quote_for), or [`Refusal::OfferChanged`].
    pub async fn book_for(&self, by: UserId, order: &Order<'_>, update_id: i64) -> Result<Made, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let made = self.book_for_in(&mut tx, by, order, update_id, now).await?;
        tx.commit().await?;
        self.committed();
        Ok(made)
    }

    async fn book_for_in(
        &self,
        conn: &mut PgConnection,
        by: UserId,
        order: &Order<'_>,
        update_id: i64,
        now: DateTime<Utc>,
    ) -> Result<Made, BookError> {
        let (business, member) = self.staffed(&mut *conn, by, Right::BookFor).await?;
        let wanted = within_reach(member, Right::BookFor, order.wanted.clone());
        let (user, known) = match order.whom {
            ForWhom::Known(user) => {
                if !store::customers::has_to_do_with(&mut *conn, user, member.sees(Right::BookFor)).await? {
                    return Err(Refusal::NoSuchCustomer.into());
                }
                // Locked first, as when they book themselves.
                let known = store::users::lock(&mut *conn, user, now).await?.ok_or(Refusal::NoSuchCustomer)?;
                (user, known)
            }
            ForWhom::Guest(name) => {
                if let Some(booking) = store::bookings::find_made_for_others(&mut *conn, by, update_id).await? {
                    return Ok(Made { business, booking, repeated: true });
                }
                let user = store::customers::write_down(&mut *conn, (name, None), business.language, now).await?;
                (user, store::users::find(&mut *conn, user, now).await?)
            }
        };
        if let Some(booking) = store::bookings::find_made_for_others(&mut *conn, by, update_id).await? {
            return Ok(Made { business, booking, repeated: true });
        }
        let ahead = store::bookings::list_ahead(&mut *conn, user, now).await?;
        if let Some(booking) = ahead.iter().find(|b| is_for(b, &wanted, order.starts_at)) {
            return Ok(Made { business, booking: booking.clone(), repeated: true });
        }
        let contact = called(&mut *conn, user, &known).await?;
        let hand = Hand { business: unbound(&business), member, user, wanted: &wanted, instead_of: None, now };
        let mut offer = hand.offer(&mut *conn, &known).await?;
        // What this person keeps while they type themselves is given up for it.
        self.release_holds(&mut *conn, &business, user, now).await?;
        let (_, outside) = hand.quote(&mut *conn, &mut offer, order.starts_at).await?;
        if outside && !order.outside {
            return Err(Refusal::Closed.into());
        }
        let placing = Placing {
            user,
            wanted: &wanted,
            starts_at: order.starts_at,
            limits: Some(Hand::limits()),
            status: Status::Confirmed,
            held_until: None,
            shown: order.shown,
            contact: Some(&contact),
            comment: None,
            answers: &[],
            source: None,
            series: None,
            instead_of: None,
            update_id,
        };
        let mut booking = self.place(&mut *conn, &hand.business, &offer, &placing, now).await?;
        only_theirs(member, Right::BookFor, &booking, None)?;
        booking.office = Office { made_by: Some(by), ..booking.office };
        store::bookings::set_office(&mut *conn, booking.id, &booking.office).await?;
        let change =
            Change { booking: booking.id, action: "booked", by: (Actor::Staff, Some(by)), detail: Some(BY_WORD) };
        store::booking_history::append(&mut *conn, &change, now).await?;
        let rows = reminders::plan::rows(&booking, &business.policy, now);
        store::reminders::insert(&mut *conn, booking.id, &rows).await?;
        self.tell_others(&mut *conn, &business, News::Booked(&booking), Some(by), now).await?;
        self.tell_customer(&mut *conn, &business, Word::BookedFor(&booking), now).await?;
        Ok(Made { business, booking, repeated: false })
    }

    /// Who it is for, as far as the rules are concerned, before anything is written.
    async fn met(
        &self,
        conn: &mut PgConnection,
        member: Member,
        whom: ForWhom<'_>,
        now: DateTime<Utc>,
    ) -> Result<(UserId, Known), BookError> {
        let user = match whom {
            ForWhom::Known(user) => user,
            // Nobody has this number.
            ForWhom::Guest(_) => UserId(0),
        };
        let theirs =
            user.0 == 0 || store::customers::has_to_do_with(&mut *conn, user, member.sees(Right::BookFor)).await?;
        if !theirs {
            return Err(Refusal::NoSuchCustomer.into());
        }
        Ok((user, store::users::find(&mut *conn, user, now).await?))
    }
}

/// What history says of a booking that somebody of the business made: who agreed to what is known to them, not to us.
const BY_WORD: &str = "by word of mouth";

/// The name and number under which it is booked: as given to the bot, or as the business has written it down.
async fn called(conn: &mut PgConnection, user: UserId, known: &Known) -> Result<Contact, BookError> {
    if let Some(contact) = &known.contact {
        return Ok(contact.clone());
    }
    let name = store::customers::name(conn, user).await?.unwrap_or_default();
    let name: String = name.chars().take(60).collect();
    Ok(Contact { name: if name.is_empty() { "—".to_owned() } else { name }, phone: String::new() })
}

/// Who has only a schedule of their own takes nobody else's time, save where it was so before.
pub(super) fn only_theirs(
    member: Member,
    right: Right,
    booking: &Booking,
    before: Option<&Booking>,
) -> Result<(), Refusal> {
    let Some(own) = member.sees(right) else { return Ok(()) };
    let was = |n: usize, resources: &[ResourceId]| {
        before.and_then(|b| b.lines.get(n)).is_some_and(|line| line.resources == resources)
    };
    let all = booking.lines.iter().enumerate().all(|(n, line)| line.resources == [own] || was(n, &line.resources));
    if all { Ok(()) } else { Err(Refusal::NotAdmin) }
}
