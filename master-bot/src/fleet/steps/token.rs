//! The bot's token: it answers, and as the right bot.

use anyhow::{Context, Result, bail};
use secrecy::SecretString;
use serde_json::{Value, json};
use shared::telegram::{Telegram, TelegramError};

use super::Yard;
use crate::registry::{
    BotId,
    bots::{self, Bot},
    tenants::{DeadToken, Tenant},
};

/// Telegram does not take the token, and only the bot's owner can change that.
#[derive(Debug, thiserror::Error)]
#[error("{}", match .0 {
    DeadToken::TokenRefused => "Telegram does not accept the bot's token: its owner has revoked it, or deleted the bot",
    DeadToken::BotDeleted => "the bot was deleted by its owner",
    DeadToken::BotNotOurs => "the bot is not managed by ours any more",
})]
pub(crate) struct TokenDead(pub(crate) DeadToken);

pub(super) async fn ensure(yard: &Yard, tenant: &Tenant) -> Result<Value> {
    let bot = bots::find(&yard.pool, tenant.bot_id).await?.context("the bot is not in the registry")?;
    let token = open(yard, bot.bot_id, bot.token_sealed.as_deref())?;
    let mut line = Telegram::new(&token, &yard.telegram_api_url)?;
    let me = match line.get_me().await {
        Err(TelegramError::Unauthorized) if bot.managed => {
            // Its owner has revoked the token; a managed bot's new one is ours for the asking.
            let token = match yard.telegram.managed_bot_token(bot.bot_id.0).await {
                Err(TelegramError::Refused(why)) => return Err(dead(&why).into()),
                token => token.context("getManagedBotToken")?,
            };
            let sealed = yard.sealer.seal(&bots::seal_row(bot.bot_id), &token)?;
            bots::keep(&yard.pool, &Bot { token_sealed: Some(sealed), ..bot.clone() }, yard.clock.now()).await?;
            line = Telegram::new(&token, &yard.telegram_api_url)?;
            line.get_me().await
        }
        Err(TelegramError::Unauthorized) => return Err(TokenDead(DeadToken::TokenRefused).into()),
        me => me,
    };
    let me = me.context("getMe with the tenant's token")?;
    if me.id != tenant.bot_id.0 {
        bail!("the token is that of another bot, @{}", me.username);
    }
    // Its owner may rename it at any time, and Telegram tells nobody.
    if me.username != bot.username {
        bots::rename(&yard.pool, bot.bot_id, &me.username).await?;
    }
    // A bot that served somebody else's program before may still have its webhook, and then polling is refused.
    line.delete_webhook().await.context("deleteWebhook")?;
    Ok(json!({ "bot_id": me.id, "username": me.username }))
}

/// Why a managed bot's token is not given out: 403 for one that was deleted, 400 for one that is not ours.
fn dead(why: &str) -> TokenDead {
    TokenDead(if why.contains("deactivated") { DeadToken::BotDeleted } else { DeadToken::BotNotOurs })
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
    let sealed = sealed
        .context("there is no token: the bot was taken out of service, or its owner must give the token again")?;
    Ok(yard.sealer.open(&bots::seal_row(bot), sealed)?)
}
