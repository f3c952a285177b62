//! The bot's token: it answers, and as the right bot.

use anyhow::{Context, Result, bail};
use secrecy::SecretString;
use serde_json::{Value, json};
use shared::telegram::{Telegram, TelegramError};

use super::Yard;
use crate::registry::{
    BotId,
    bots::{self, Bot},
    tenants::Tenant,
};

pub(super) async fn ensure(yard: &Yard, tenant: &Tenant) -> Result<Value> {
    let bot = bots::find(&yard.pool, tenant.bot_id).await?.context("the bot is not in the registry")?;
    let token = open(yard, bot.bot_id, bot.token_sealed.as_deref())?;
    let mut line = Telegram::new(&token, &yard.telegram_api_url)?;
    let me = match line.get_me().await {
        Err(TelegramError::Unauthorized) => {
            let token = fetch_anew(yard, &bot).await?;
            line = Telegram::new(&token, &yard.telegram_api_url)?;
            line.get_me().await
        }
        me => me,
    };
    let me = me.context("getMe with the tenant's token")?;
    if me.id != tenant.bot_id.0 {
        bail!("the token is that of another bot, @{}", me.username);
    }
    if me.username != bot.username {
        bots::rename(&yard.pool, bot.bot_id, &me.username).await?;
    }
    // A bot that served somebody else's program before may still have its webhook, and then polling is refused.
    line.delete_webhook().await.context("deleteWebhook")?;
    Ok(json!({ "bot_id": me.id, "username": me.username }))
}

/// The token is dead: revoked, or its bot is deleted. Both look alike until a managed bot's new token is asked for.
async fn fetch_anew(yard: &Yard, bot: &Bot) -> Result<SecretString> {
    let name = &bot.username;
    if !bot.managed {
        bail!("the token of @{name} is dead: revoked, or the bot was deleted. Its owner must give the new one");
    }
    match yard.telegram.managed_bot_token(bot.bot_id.0).await {
        Ok(token) => {
            let sealed = yard.sealer.seal(&bots::seal_row(bot.bot_id), &token)?;
            bots::keep(&yard.pool, &Bot { token_sealed: Some(sealed), ..bot.clone() }, yard.clock.now()).await?;
            Ok(token)
        }
        Err(TelegramError::Refused(why)) if why.contains("deactivated") => {
            bail!("the bot @{name} was deleted by its owner, for good ({why})")
        }
        Err(TelegramError::Refused(why)) => {
            bail!(
                "the token of @{name} was revoked, and we may not have the new one: is the bot still managed by us? ({why})"
            )
        }
        Err(error) => Err(error).context("getManagedBotToken"),
    }
}

/// Takes the bot out of service: a managed bot's token is dead everywhere, and ours is forgotten.
pub(super) async fn undo(yard: &Yard, tenant: &Tenant) -> Result<()> {
    let Some(bot) = bots::find(&yard.pool, tenant.bot_id).await? else { return Ok(()) };
    if bot.managed && bot.token_sealed.is_some() {
        match yard.telegram.replace_managed_bot_token(bot.bot_id.0).await {
            // Deleted by its owner, or taken from our management: there is nothing left to revoke.
            Ok(_) | Err(TelegramError::Refused(_)) => {}
            Err(error) => return Err(error).context("replaceManagedBotToken"),
        }
    }
    bots::wipe_token(&yard.pool, bot.bot_id).await?;
    Ok(())
}

/// The token itself.
pub(super) fn open(yard: &Yard, bot: BotId, sealed: Option<&[u8]>) -> Result<SecretString> {
    let sealed = sealed.context("the bot's token was wiped: it was taken out of service")?;
    Ok(yard.sealer.open(&bots::seal_row(bot), sealed)?)
}
