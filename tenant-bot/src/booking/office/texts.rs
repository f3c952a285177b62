//! The business's own words. What may stand in a text is known to the texts themselves; here they are kept.

use serde_json::json;

pub use crate::store::text_templates::Place as TextPlace;
use crate::{
    booking::{
        desk::{BookError, Bookings},
        model::UserId,
        roles::Right,
    },
    store::{self, audit::Deed},
};

impl Bookings {
    /// Puts own words (HTML that the texts have read) in the place of ours, or (`None`) ours back.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`](crate::booking::Refusal::NotAdmin), or Postgres.
    pub async fn set_text(&self, user: UserId, place: TextPlace<'_>, words: Option<&str>) -> Result<(), BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        self.staffed(&mut tx, user, Right::EditTexts).await?;
        let before = store::text_templates::find(&mut *tx, place).await?;
        if before.as_deref() == words {
            return Ok(());
        }
        match words {
            Some(words) => store::text_templates::set(&mut *tx, place, words, user, now).await?,
            None => drop(store::text_templates::delete(&mut *tx, place).await?),
        }
        let detail = json!({ "field": place.lang.code(), "from": before, "to": words });
        let action = if words.is_some() { "text.changed" } else { "text.reset" };
        store::audit::append(&mut *tx, &Deed { by: user, action, subject: Some(place.key), detail }, now).await?;
        Ok(tx.commit().await?)
    }
}
