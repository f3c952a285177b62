//! The menu of commands: each role's own. Sent to Telegram and not kept, so it is set anew at every start.

use shared::texts::Lang;

use crate::bot::{
    Front,
    access::{Right, Role},
};

/// Sets everybody's.
pub(crate) async fn set_all(front: &Front) {
    let say = |lang, key| front.texts.plain(lang, key, &[]);
    for (scope, lang) in [(None, Lang::Ru), (Some(Lang::En), Lang::En)] {
        if let Err(error) = front.telegram.set_my_commands(scope, &[("start", &say(lang, "buyer.command"))]).await {
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
        set(front, person, Role::Buyer, Lang::Ru).await;
    }
    Ok(())
}

/// Sets one person's; what a buyer sees is everybody's.
pub(crate) async fn set(front: &Front, person: i64, role: Role, lang: Lang) {
    let say = |key| front.texts.plain(lang, key, &[]);
    let commands = [
        ("start", "buyer.command", true),
        ("staff", "team.command", role.may(Right::See)),
        ("tenants", "operator.command", role.may(Right::See)),
    ];
    let texts: Vec<(&str, String)> =
        commands.into_iter().filter(|(_, _, may)| *may).map(|(name, key, _)| (name, say(key))).collect();
    let commands: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let set = match role {
        Role::Buyer => front.telegram.delete_chat_commands(person).await,
        _ => front.telegram.set_chat_commands(person, &commands).await,
    };
    if let Err(error) = set {
        tracing::debug!(person, %error, "one of the staff has not opened the bot yet");
    }
}
