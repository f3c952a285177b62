//! The business's data, taken away: everything, and the log of who did what.

use std::io;

use serde_json::json;
use shared::{
    outbox::{Document, Letter, Outbox},
    telegram::Screen,
};
use sqlx::PgConnection;

use super::AuditFilter;
use crate::{
    booking::{
        desk::{BookError, Bookings},
        model::UserId,
        roles::Right,
    },
    reports::{
        archive::{Archive, File, Form},
        csv::Deeds,
    },
    store::{
        self,
        audit::Deed,
        export::{TABLES, Table},
    },
};

/// Acts are read so many at once.
const PAGE: i64 = 500;

/// What stands above the part of this number, HTML.
pub type Caption<'a> = &'a (dyn Fn(u16) -> String + Sync);

/// The parts of an export: each is sent when it is full, so that never more than one is held.
struct Parts<'a> {
    user: UserId,
    update_id: i64,
    caption: Caption<'a>,
    now: chrono::DateTime<chrono::Utc>,
    archive: Archive,
    sent: u16,
}

fn broken(error: zip::result::ZipError) -> BookError {
    BookError::Store(sqlx::Error::Io(io::Error::other(error)))
}

impl Parts<'_> {
    /// Sends what is there; `false`: it was sent before, in answer to the same update.
    async fn send(&mut self, conn: &mut PgConnection) -> Result<bool, BookError> {
        let archive = std::mem::replace(&mut self.archive, Archive::new()).done().map_err(broken)?;
        self.sent += 1;
        let part = self.sent;
        let letter = Letter {
            key: format!("export:{}:{}:{part}", self.user.0, self.update_id),
            chat_id: self.user.0,
            screen: Screen::text((self.caption)(part)),
            due_at: self.now,
        };
        let name = format!("slotyard-{}-{part}.zip", self.now.format("%Y-%m-%d"));
        Ok(Outbox::enqueue_document(conn, self.now, &letter, &Document::file(name, archive)).await?)
    }

    /// Writes a table down, in as many files as it takes; `None`: this update was answered before.
    async fn table(&mut self, conn: &mut PgConnection, table: Table) -> Result<Option<u64>, BookError> {
        let columns = store::export::columns(&mut *conn, table).await?;
        let mut count = 0;
        for form in [Form::Json, Form::Csv] {
            count = 0;
            store::export::open(&mut *conn, table).await?;
            let mut nth = 1;
            let mut file =
                File::begin(&mut self.archive, form, &form.name(table.name, nth), &columns).map_err(broken)?;
            loop {
                let rows = store::export::next(&mut *conn).await?;
                if rows.is_empty() {
                    break;
                }
                count += rows.len() as u64;
                file.rows(&mut self.archive, &rows).map_err(broken)?;
                if self.archive.is_full() {
                    file.end(&mut self.archive).map_err(broken)?;
                    if !self.send(&mut *conn).await? {
                        return Ok(None);
                    }
                    nth += 1;
                    let name = form.name(table.name, nth);
                    file = File::begin(&mut self.archive, form, &name, &columns).map_err(broken)?;
                }
            }
            file.end(&mut self.archive).map_err(broken)?;
            store::export::close(&mut *conn).await?;
        }
        Ok(Some(count))
    }
}

impl Bookings {
    /// Sends all that the business owns to its owner, as one archive of JSON and CSV, or as several if there is much of it;
    /// all as it is at one moment. How many: 0 if this update was answered before.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`](crate::booking::Refusal::NotAdmin), or Postgres.
    pub async fn export_all(&self, user: UserId, update_id: i64, caption: Caption<'_>) -> Result<u16, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        store::export::stand_still(&mut tx).await?;
        let (business, _) = self.staffed(&mut tx, user, Right::Export).await?;
        let mut parts = Parts { user, update_id, caption, now, archive: Archive::new(), sent: 0 };
        let mut counts = serde_json::Map::new();
        for table in TABLES {
            let Some(count) = parts.table(&mut tx, table).await? else { return Ok(0) };
            counts.insert(table.name.to_owned(), json!(count));
        }
        let about = json!({
            "business": business.name,
            "zone": business.zone.name(),
            "made_at": now,
            "version": env!("CARGO_PKG_VERSION"),
            "rows": counts,
        });
        parts.archive.file("about.json").map_err(broken)?;
        parts.archive.write(format!("{about:#}\n").as_bytes()).map_err(broken)?;
        if !parts.send(&mut tx).await? {
            return Ok(0);
        }
        let detail = json!({ "parts": parts.sent });
        let deed = Deed { by: user, action: "export.taken", subject: None, detail };
        store::audit::append(&mut *tx, &deed, now).await?;
        tx.commit().await?;
        self.outbox.wake();
        Ok(parts.sent)
    }

    /// Who did what, as a table: all of it, of one area, or of one person. That it was taken is an act, too.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`](crate::booking::Refusal::NotAdmin), or Postgres.
    pub async fn audit_file(&self, user: UserId, filter: &AuditFilter) -> Result<Document, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let (business, _) = self.staffed(&mut tx, user, Right::SeeAudit).await?;
        let mut table = Deeds::new(business.zone);
        let mut before = None;
        loop {
            let of = (filter.area.as_deref(), filter.by);
            let deeds = store::audit::list(&mut *tx, of, before, PAGE).await?;
            let Some(last) = deeds.last() else { break };
            before = Some(last.id);
            deeds.iter().for_each(|deed| table.row(deed));
        }
        let deed = Deed { by: user, action: "export.log", subject: None, detail: json!({}) };
        store::audit::append(&mut *tx, &deed, now).await?;
        tx.commit().await?;
        Ok(Document::file(format!("log-{}.csv", now.format("%Y-%m-%d")), table.done()))
    }
}
