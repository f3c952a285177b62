//! What an operator wants, from the command line: the same rows that the bot's screens write.

use std::io::Write;

use anyhow::{Result, bail};
use shared::slug::Slug;

use crate::{
    fleet::{desk::FleetDesk, intent::Wished},
    registry::tenants::Intent,
};

/// Writes a wish down and tells what came of it.
pub(super) async fn wish(desk: &FleetDesk, slug: &Slug, intent: Intent<'_>) -> Result<()> {
    match desk.wish(slug, intent, &actor(), None).await? {
        Wished::Noted(tenant) => {
            let wanted = crate::fleet::desired::desired(&tenant, desk.clock.now());
            Ok(writeln!(
                std::io::stdout(),
                "noted: {slug} is wanted {wanted}; `master-bot tenants show {slug}` follows it"
            )?)
        }
        Wished::Nothing | Wished::Changed => {
            Ok(writeln!(std::io::stdout(), "nothing to do: it is so already, or it is being removed")?)
        }
        Wished::Unknown => bail!(unknown(slug)),
    }
}

/// As acts are signed with.
pub(super) fn actor() -> String {
    format!("cli:{}", std::env::var("USER").unwrap_or_else(|_| "somebody".into()))
}

/// For who has named nobody.
pub(super) fn unknown(slug: &Slug) -> String {
    format!("there is no tenant {slug}; `master-bot tenants list` shows all")
}
