//! Twelve tables, an evening.

use anyhow::Result;
use play::world::World;

use crate::narrator::Narrator;

pub(super) async fn play(_: &World, _: &Narrator) -> Result<()> {
    anyhow::bail!("not yet")
}
