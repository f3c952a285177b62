//! Who is before us: asked once for each update, and handed to whatever screen it leads to.

use anyhow::Result;
use shared::{telegram::incoming::Person, texts::Lang};

use super::{Front, access::Role};
use crate::registry::clients::Client;

/// A person with what we know of them.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    /// Everybody who speaks to us has a row, whether they ever buy or not.
    pub(crate) client: Client,
    pub(crate) role: Role,
}

impl Visitor {
    /// # Errors
    /// When the registry does not answer.
    pub(crate) async fn meet(front: &Front, person: &Person) -> Result<Self> {
        let client = front.desk.meet(person).await?;
        Ok(Self { role: front.access.role(person.id).await?, client })
    }

    /// The language that they are spoken to in.
    pub(crate) fn lang(&self) -> Lang {
        self.client.lang()
    }

    /// As acts are signed with: `operator:<Telegram id>`.
    pub(crate) fn as_operator(&self) -> String {
        format!("operator:{}", self.client.telegram_id)
    }
}
