//! Those who run the business: who they are, and whether they may.

use sqlx::PgConnection;

use super::{BookError, Bookings};
use crate::{
    booking::{
        model::{Business, UserId},
        policy::Refusal,
        roles::{Member, Right},
    },
    store,
};

impl Bookings {
    /// What a person is to the business.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn member(&self, user: UserId) -> Result<Member, BookError> {
        Ok(store::admins::find(&self.pool, user).await?)
    }

    /// Whether a person has a right: for a question before an act, which asks again.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], or Postgres.
    pub async fn admit(&self, user: UserId, right: Right) -> Result<(Business, Member), BookError> {
        let mut conn = self.pool.acquire().await?;
        self.staffed(&mut conn, user, right).await
    }

    /// The business and who acts, if they have this right to anything at all. How far it goes is asked of the member by the
    /// act: [`Member::may_to`], [`Member::may_with`].
    pub(crate) async fn staffed(
        &self,
        conn: &mut PgConnection,
        user: UserId,
        right: Right,
    ) -> Result<(Business, Member), BookError> {
        let member = store::admins::find(&mut *conn, user).await?;
        if !member.may(right) {
            return Err(Refusal::NotAdmin.into());
        }
        Ok((store::settings::business(&mut *conn).await?, member))
    }
}
