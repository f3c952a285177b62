//! The menu of commands: what everybody can do, and what only some may. Sent to Telegram and not kept, so it is set anew
//! at every start. It is a convenience: without it every command works all the same.

use shared::{telegram::TelegramError, texts::Lang};

use super::{
    Front,
    access::{Right, Role},
    visitor::Visitor,
};

/// Every command with the key of its words, and the right that it needs.
const COMMANDS: [(&str, &str, Option<Right>); 11] = [
    ("start", "buyer.command", None),
    ("mybots", "client.command", None),
    ("staff", "team.command", Some(Right::See)),
    ("tenants", "operator.command", Some(Right::See)),
    ("sell", "sale.command", Some(Right::Sell)),
    ("stats", "sale.stats_command", Some(Right::Sell)),
    ("language", "buyer.command_language", None),
    ("cancel", "buyer.command_cancel", None),
    ("terms", "buyer.command_terms", None),
    ("support", "buyer.command_support", None),
    ("help", "buyer.command_help", None),
];

/// What this role may do, in words.
pub(crate) fn commands(front: &Front, lang: Lang, role: Role) -> Vec<(&'static str, String)> {
    let may = COMMANDS.iter().filter(|(_, _, right)| right.is_none_or(|right| role.may(right)));
    may.map(|(command, key, _)| (*command, front.texts.plain(lang, key, &[]))).collect()
}

/// Sets everybody's.
pub(crate) async fn set_all(front: &Front) {
    for (language, lang) in [(None, Lang::Ru), (Some(Lang::En), Lang::En)] {
        let commands = commands(front, lang, Role::Buyer);
        if let Err(error) = front.telegram.set_my_commands(language, &borrowed(&commands)).await {
            tracing::warn!(%error, "the list of commands could not be set");
        }
    }
    if let Err(error) = set_staff(front).await {
        tracing::warn!(error = format!("{error:#}"), "the staff's commands could not be set");
    }
}

async fn set_staff(front: &Front) -> anyhow::Result<()> {
    let team = front.access.team();
    for owner in &team.owners {
        set(front, *owner, Role::Owner, team.lang_of(*owner).await?).await;
    }
    for member in team.members().await? {
        set(front, member.telegram_id, member.role.into(), Lang::from_code(member.language.as_deref())).await;
    }
    // Whoever left while Telegram did not answer.
    for person in team.gone().await?.into_iter().filter(|person| !team.owners.contains(person)) {
        set(front, person, Role::Buyer, team.lang_of(person).await?).await;
    }
    Ok(())
}

/// Sets one person's.
pub(crate) async fn set(front: &Front, person: i64, role: Role, lang: Lang) {
    if let Err(error) = try_set(front, person, role, lang).await {
        tracing::debug!(person, %error, "a menu of commands could not be set: the bot was never opened");
    }
}

/// Sets the menu of whoever is before us, in the language that was chosen.
pub(crate) async fn set_for(front: &Front, chat_id: i64, visitor: &Visitor) {
    if let Err(error) = try_set(front, chat_id, visitor.role, visitor.lang()).await {
        tracing::warn!(%error, "a chat keeps its old menu of commands");
    }
}

async fn try_set(front: &Front, chat_id: i64, role: Role, lang: Lang) -> Result<(), TelegramError> {
    front.telegram.set_chat_commands(chat_id, &borrowed(&commands(front, lang, role))).await
}

fn borrowed<'a>(commands: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    commands.iter().map(|(command, words)| (*command, words.as_str())).collect()
}
