//! Whoever or whatever a booking takes the time of.

use sqlx::{FromRow, PgExecutor, Row, postgres::PgRow};

use crate::booking::{Resource, ResourceId, ResourceKind, ServiceId};

impl FromRow<'_, PgRow> for Resource {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let kind: String = row.try_get("kind")?;
        Ok(Self {
            id: ResourceId(row.try_get("id")?),
            name: row.try_get("name")?,
            kind: ResourceKind::from_word(&kind)
                .ok_or_else(|| sqlx::Error::Decode(format!("a kind «{kind}»").into()))?,
        })
    }
}

/// Who does this service, in the business's order.
///
/// # Errors
/// When Postgres fails.
pub async fn list_doing(executor: impl PgExecutor<'_>, service: ServiceId) -> Result<Vec<Resource>, sqlx::Error> {
    sqlx::query_as(
        "select r.id, r.name, r.kind from resources r join service_resources sr on sr.resource_id = r.id
          where sr.service_id = $1 and r.active order by r.position, r.id",
    )
    .bind(service.0)
    .fetch_all(executor)
    .await
}
