//! What a customer says about a visit before and after it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{BookError, Bookings, Made, News};
use crate::{
    booking::{
        model::{Actor, Booking, BookingId, Business, UserId},
        policy::{Act, Person, Refusal, may},
    },
    store::{self, booking_history::Change},
};

/// More words than this are cut off.
const MOST_WORDS: usize = 1000;

/// A rating that stands.
#[derive(Clone, Debug)]
pub struct Rated {
    /// The business.
    pub business: Business,
    /// The visit.
    pub booking: Booking,
    /// The stars that stand, 1–5: the first ones that were given.
    pub stars: u8,
    /// Whether it had been rated before this call.
    pub repeated: bool,
}

impl Bookings {
    /// Notes that the customer says they come.
    ///
    /// # Errors
    /// Why it cannot be said, or Postgres.
    pub async fn come(&self, user: UserId, id: BookingId) -> Result<Made, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let (business, who, mut booking) = own(&mut tx, (user, id), now).await?;
        may(&who, Act::Come(&booking), &business.policy, business.zone, now)?;
        if booking.coming_at.is_some() {
            return Ok(Made { business, booking, repeated: true });
        }
        store::bookings::set_coming(&mut *tx, id, now).await?;
        booking.coming_at = Some(now);
        let change = Change { booking: id, action: "coming", by: (Actor::Customer, Some(user)), detail: None };
        store::booking_history::append(&mut *tx, &change, now).await?;
        tx.commit().await?;
        Ok(Made { business, booking, repeated: false })
    }

    /// Rates a visit, once, with 1–5 stars. The owners are told.
    ///
    /// # Errors
    /// [`NothingToRate`](crate::booking::Refusal::NothingToRate), [`NoSuchBooking`](crate::booking::Refusal::NoSuchBooking),
    /// or Postgres.
    pub async fn rate(&self, user: UserId, id: BookingId, stars: u8) -> Result<Rated, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let (business, who, booking) = own(&mut tx, (user, id), now).await?;
        // Who presses again, even after weeks, is shown what stands and not told that there is nothing.
        if let Some(stars) = store::feedback::stars(&mut *tx, id).await? {
            return Ok(Rated { business, booking, stars, repeated: true });
        }
        may(&who, Act::Rate(&booking), &business.policy, business.zone, now)?;
        if !(1..=5).contains(&stars) {
            return Err(Refusal::NothingToRate.into());
        }
        store::feedback::rate_once(&mut *tx, id, user, stars, now).await?;
        self.tell_team(&mut tx, &business, News::Rated(&booking, stars, None), now).await?;
        tx.commit().await?;
        self.committed();
        Ok(Rated { business, booking, stars, repeated: false })
    }

    /// Adds words (1–1000 characters; what is longer is cut off) to a rating, once. The owners are told. `false`: there is no
    /// rating, or it has words already, or there are no words.
    ///
    /// # Errors
    /// [`NoSuchBooking`](crate::booking::Refusal::NoSuchBooking), or Postgres.
    pub async fn comment(&self, user: UserId, id: BookingId, words: &str) -> Result<bool, BookError> {
        let now = self.clock.now();
        // Postgres keeps no NUL.
        let words: String = words.trim().chars().filter(|c| *c != '\0').take(MOST_WORDS).collect();
        let mut tx = self.pool.begin().await?;
        let (business, _, booking) = own(&mut tx, (user, id), now).await?;
        if words.is_empty() {
            return Ok(false);
        }
        let Some(stars) = store::feedback::comment_once(&mut *tx, id, &words, now).await? else { return Ok(false) };
        self.tell_team(&mut tx, &business, News::Rated(&booking, stars, Some(&words)), now).await?;
        tx.commit().await?;
        self.committed();
        Ok(true)
    }
}

/// A booking of this person's own, locked: of many presses at once the second finds what the first has done.
async fn own(
    conn: &mut PgConnection,
    (user, id): (UserId, BookingId),
    now: DateTime<Utc>,
) -> Result<(Business, Person, Booking), BookError> {
    let business = store::settings::business(&mut *conn).await?;
    let booking = store::bookings::lock(&mut *conn, id).await?.ok_or(Refusal::NoSuchBooking)?;
    let who = store::users::find(&mut *conn, user, now).await?.person;
    may(&who, Act::See(&booking), &business.policy, business.zone, now)?;
    Ok((business, who, booking))
}
