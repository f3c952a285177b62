//! The work chat: a group in which the team sees bookings as cards.

use chrono::{DateTime, Utc};
use serde_json::json;
use shared::outbox::Outbox;
use sqlx::PgConnection;

use super::{
    LINK_LASTS, TeamNews, Wrong,
    team::{code, note},
};
pub use crate::store::work_chats::{StaleCard, WorkChat};
use crate::{
    booking::{
        desk::{BookError, Bookings, News},
        model::{Booking, BookingId, Business, Status, UserId},
        roles::Right,
    },
    store::{self, invites::Into},
};

/// More groups than this nobody watches.
const MOST_CHATS: usize = 5;
/// So many cards are read at once.
const BATCH: i64 = 50;

/// What a card shows.
#[derive(Clone, Debug)]
pub struct WorkCard {
    /// The business, for its zone and language.
    pub business: Business,
    /// The booking.
    pub booking: Booking,
    /// The one that took its place.
    pub moved_to: Option<Booking>,
}

impl Bookings {
    /// A code that connects the group in which it is said to the bot, once, within two days.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), [`Wrong::TooMany`], or Postgres.
    pub async fn chat_link(&self, by: UserId) -> Result<String, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        self.staffed(&mut tx, by, Right::ConnectChat).await?;
        if store::work_chats::list(&mut *tx).await?.len() >= MOST_CHATS {
            return Err(Wrong::TooMany(5).into());
        }
        let code = code();
        store::invites::insert(&mut *tx, by, Into::Chat(&code), (now, now + LINK_LASTS)).await?;
        tx.commit().await?;
        Ok(code)
    }

    /// Connects a group to the bot. A link is only as good as whoever made it still is.
    ///
    /// # Errors
    /// [`Wrong::LinkOver`], or Postgres.
    pub async fn connect_chat(&self, who: UserId, code: &str, chat: (i64, &str)) -> Result<Business, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let business = store::settings::business(&mut *tx).await?;
        let invite = store::invites::lock_by_code(&mut *tx, "chat", code, now).await?.ok_or(Wrong::LinkOver)?;
        if !store::admins::find(&mut *tx, invite.made_by).await?.may(Right::ConnectChat) {
            return Err(Wrong::LinkOver.into());
        }
        store::invites::mark_used(&mut *tx, invite.id, who, now).await?;
        store::work_chats::insert(&mut *tx, chat, invite.made_by, now).await?;
        note(&mut tx, invite.made_by, "chat.connected", Some(chat.1), json!({}), now).await?;
        tx.commit().await?;
        Ok(business)
    }

    /// The groups that are connected.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), or Postgres.
    pub async fn work_chats(&self, by: UserId) -> Result<(Business, Vec<WorkChat>), BookError> {
        let mut conn = self.pool.acquire().await?;
        let (business, _) = self.staffed(&mut conn, by, Right::ConnectChat).await?;
        Ok((business, store::work_chats::list(&mut *conn).await?))
    }

    /// Whether bookings are shown in this group.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn is_work_chat(&self, chat_id: i64) -> Result<bool, BookError> {
        Ok(store::work_chats::is_one(&self.pool, chat_id).await?)
    }

    /// Shows no more bookings in a group. Its cards stay there, without working buttons.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), [`Wrong::Gone`], or Postgres.
    pub async fn disconnect_chat(&self, by: UserId, chat_id: i64) -> Result<(), BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        self.staffed(&mut tx, by, Right::ConnectChat).await?;
        let chat = store::work_chats::remove(&mut *tx, chat_id).await?.ok_or(Wrong::Gone)?;
        note(&mut tx, by, "chat.disconnected", Some(&chat.title), json!({}), now).await?;
        Ok(tx.commit().await?)
    }

    /// A group has become a supergroup, which is another chat.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn chat_moved(&self, from: i64, to: i64) -> Result<(), BookError> {
        let mut tx = self.pool.begin().await?;
        store::work_chats::migrate(&mut tx, from, to).await?;
        tx.commit().await?;
        self.committed();
        Ok(())
    }

    /// The bot was thrown out of a group: whoever connected it is told, once.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn chat_lost(&self, chat_id: i64) -> Result<(), BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let Some(chat) = store::work_chats::remove(&mut *tx, chat_id).await? else { return Ok(()) };
        let key = format!("chat_lost:{chat_id}:{}", now.timestamp_micros());
        let whom = UserId(chat.connected_by);
        self.tell_member(&mut tx, whom, &key, TeamNews::ChatLost(&chat.title), now).await?;
        tx.commit().await?;
        self.committed();
        Ok(())
    }

    /// What the card of a booking shows; a hold is shown to nobody.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn work_card(&self, id: BookingId) -> Result<Option<WorkCard>, BookError> {
        let mut conn = self.pool.acquire().await?;
        let booking = store::bookings::find(&mut *conn, id).await?.filter(|booking| booking.status != Status::Held);
        let Some(booking) = booking else { return Ok(None) };
        let moved_to = match store::bookings::moved_to(&mut *conn, id).await? {
            Some(next) => store::bookings::find(&mut *conn, next).await?,
            None => None,
        };
        Ok(Some(WorkCard { business: store::settings::business(&mut *conn).await?, booking, moved_to }))
    }

    /// Cards that are to be edited, after this one (by group and booking).
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn stale_cards(&self, after: (i64, i64)) -> Result<Vec<StaleCard>, BookError> {
        let mut conn = self.pool.acquire().await?;
        store::work_chats::note_messages(&mut *conn).await?;
        Ok(store::work_chats::stale_cards(&mut *conn, after, BATCH).await?)
    }

    /// A card shows its booking up to the change that it was read with.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn card_shown(&self, card: &StaleCard) -> Result<(), BookError> {
        Ok(store::work_chats::mark_shown(&self.pool, card).await?)
    }

    /// A card cannot be edited any more, and is left as it is.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn card_lost(&self, card: &StaleCard) -> Result<(), BookError> {
        Ok(store::work_chats::forget_card(&self.pool, card).await?)
    }

    /// Puts the news into the work chats, in the transaction that makes them: a card for each booking that has none there.
    /// What was changed in mass is told in one letter, and the cards go over to the bookings that are new.
    pub(crate) async fn tell_chats(
        &self,
        conn: &mut PgConnection,
        business: &Business,
        news: News<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), BookError> {
        let chats = store::work_chats::list(&mut *conn).await?;
        if chats.is_empty() {
            return Ok(());
        }
        let bookings: Vec<&Booking> = match news {
            News::Booked(booking) | News::Requested(booking) | News::Cancelled(booking) => vec![booking],
            News::Moved { to, .. } => vec![to],
            News::Series(all) => all.iter().collect(),
            News::Rated(..) => Vec::new(),
            News::Mass(_, made) => {
                let groups: Vec<_> = chats.iter().map(|chat| (UserId(chat.chat_id), Some(business.language))).collect();
                for letter in self.herald.letters(business, news, &groups, now) {
                    Outbox::enqueue(&mut *conn, now, &letter).await?;
                }
                for booking in made {
                    if let Some(old) = booking.moved_from {
                        store::work_chats::hand_cards_over(&mut *conn, old, booking.id).await?;
                    }
                }
                Vec::new()
            }
        };
        for chat in &chats {
            for booking in &bookings {
                let letter = self.herald.card(business, booking, chat.chat_id, now);
                if store::work_chats::insert_card(&mut *conn, booking.id, chat.chat_id, &letter.key).await? {
                    Outbox::enqueue(&mut *conn, now, &letter).await?;
                }
            }
        }
        Ok(())
    }
}
