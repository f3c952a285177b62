//! `master-bot tenants token`: the owner of a bot has sent its new token by another way than Telegram.

use std::io::BufRead;

use anyhow::{Context, Result, bail};
use secrecy::SecretString;
use shared::{
    settings::Env,
    slug::Slug,
    telegram::{Telegram, TelegramError},
};

use super::wishes::{unknown, wish};
use crate::{
    config,
    fleet::{desk::FleetDesk, plan::Part},
    keys,
    registry::{
        bots, facts,
        tenants::{self, Intent},
    },
};

/// Keeps the token that comes on the standard input, if it is that of the tenant's bot, and starts the bot with it.
pub(super) async fn run(desk: &FleetDesk, slug: &Slug) -> Result<()> {
    let settings = config::Keys::read(Env::from_process())?;
    let line = config::Line::read(Env::from_process())?;
    let tenant = tenants::find(&desk.pool, slug).await?.with_context(|| unknown(slug))?;
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed)?;
    let token = SecretString::from(typed.trim().to_owned());
    let me = match Telegram::new(&token, &line.telegram_api_url)?.get_me().await {
        Err(TelegramError::Unauthorized | TelegramError::Refused(_)) => bail!("Telegram does not accept this token"),
        me => me.context("the token could not be looked at")?,
    };
    if me.id != tenant.bot_id.0 {
        bail!("this is the token of another bot, @{}; {slug} is @{}", me.username, tenant.bot_username);
    }
    let sealer = keys::sealer(&desk.pool, &settings.keys, &desk.clock).await?;
    let sealed = sealer.seal(&bots::seal_row(tenant.bot_id), &token)?;
    bots::replace_token(&desk.pool, tenant.bot_id, &sealed).await?;
    facts::doubt(&desk.pool, tenant.id, &[Part::Token.name()], desk.clock.now()).await?;
    wish(desk, slug, Intent::Restart).await
}
