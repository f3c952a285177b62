//! How somebody comes: an owner makes a link, sends it, and the first who opens it and says yes is one of us.

use std::fmt::Display;

use anyhow::Result;
use shared::{
    telegram::{Button, Screen, incoming::Message},
    texts::Lang,
};

use super::{Tap, button, cut, home, list, post_name};
use crate::{
    bot::{Front, callback::TeamAct, menu, visitor::Visitor, words::moment},
    registry::operators::Post,
    team::Joined,
};

/// Asks as whom somebody is to come.
pub(super) async fn ask(front: &Front, tap: &Tap<'_>) -> Result<()> {
    tap.answer(front, None).await?;
    let lang = tap.lang;
    let mut lines = Vec::new();
    let mut rows = Vec::new();
    for post in Post::ALL {
        let (role, can) =
            (post_name(front, lang, post), front.texts.say(lang, &format!("team.can.{}", post.name()), &[]));
        let args: [(&str, &dyn Display); 2] = [("role", &role), ("can", &can)];
        lines.push(front.texts.say(lang, "team.add_line", &args));
        rows.push(vec![Button::press(role, TeamAct::Invite(post).data())]);
    }
    rows.push(vec![button(front, lang, "team.back", &TeamAct::List(0))]);
    let text = front.texts.say(lang, "team.add_ask", &[("lines", &lines.join("\n"))]);
    tap.show(front, &Screen::text(text).inline(rows)).await
}

/// The link, to be sent to one person.
pub(super) async fn make(front: &Front, tap: &Tap<'_>, post: Post) -> Result<()> {
    let Some(invite) = front.access.team().invite(tap.by(), post, &tap.cause()).await? else {
        return tap.answer(front, Some("operator.not_yours")).await;
    };
    tap.answer(front, None).await?;
    let lang = tap.lang;
    let link = format!("https://t.me/{}?start=team_{}", front.me.username, invite.code);
    let (role, until) = (post_name(front, lang, post), moment(invite.good_until));
    let text = front.texts.say(lang, "team.invite", &[("role", &role), ("link", &link), ("until", &until)]);
    let screen = Screen::text(text).inline(vec![
        vec![button(front, lang, "team.withdraw", &TeamAct::Withdraw(invite.id))],
        vec![button(front, lang, "team.back", &TeamAct::List(0))],
    ]);
    tap.show(front, &screen).await
}

pub(super) async fn withdraw(front: &Front, tap: &Tap<'_>, id: i64) -> Result<()> {
    let done = front.access.team().withdraw(tap.by(), id, &tap.cause()).await?;
    tap.answer(front, Some(if done { "team.withdrawn" } else { "team.used" })).await?;
    tap.show(front, &list(front, tap.lang, 0).await?).await
}

/// Somebody has opened a link.
pub(in crate::bot) async fn opened(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    message: &Message,
    code: &str,
) -> Result<()> {
    let (team, lang) = (front.access.team(), visitor.lang());
    let invite = team.invite_by(code).await?;
    let screen = match (team.post(visitor.client.telegram_id).await?, invite) {
        (Some(post), _) => already(front, lang, post).await?,
        (None, Some(invite)) if team.is_good(&invite) => {
            let can = front.texts.say(lang, &format!("team.can.{}", invite.role.name()), &[]);
            let args: [(&str, &dyn Display); 2] = [("role", &post_name(front, lang, invite.role)), ("can", &can)];
            Screen::text(front.texts.say(lang, "team.invited", &args)).inline(vec![vec![
                button(front, lang, "team.accept", &TeamAct::Accept(invite.code.clone())),
                button(front, lang, "team.decline", &TeamAct::Decline(invite.code)),
            ]])
        }
        _ => Screen::text(front.texts.say(lang, "team.invite_bad", &[])),
    };
    front.reply(update_id, message.chat_id, &screen).await
}

pub(super) async fn accept(front: &Front, tap: &Tap<'_>, code: &str) -> Result<()> {
    let client = &tap.visitor.client;
    // Whoever made the link is told in their own language.
    let told = |lang: Lang, post: Post| {
        let username = client.username.as_ref().map(|u| format!(" (@{u})")).unwrap_or_default();
        let args: [(&str, &dyn Display); 3] =
            [("name", &cut(&client.name)), ("username", &username), ("role", &post_name(front, lang, post))];
        Screen::text(front.texts.say(lang, "team.joined", &args))
    };
    match front.access.team().join(client, code, &tap.cause(), told).await? {
        Joined::Yes(post) => {
            tracing::info!(person = client.telegram_id, role = post.name(), "somebody has joined the team");
            front.outbox.wake();
            tap.answer(front, Some("team.welcome")).await?;
            menu::set(front, client.telegram_id, post.into(), tap.lang).await;
            tap.show(front, &home(front, (tap.lang, post.into())).await?).await
        }
        Joined::Already(post) => {
            tap.answer(front, None).await?;
            tap.show(front, &already(front, tap.lang, post).await?).await
        }
        Joined::No => {
            tap.answer(front, None).await?;
            tap.show(front, &Screen::text(front.texts.say(tap.lang, "team.invite_bad", &[]))).await
        }
    }
}

/// No is an answer too; the link stays good for whoever it was meant for.
pub(super) async fn decline(front: &Front, tap: &Tap<'_>) -> Result<()> {
    tap.answer(front, None).await?;
    tap.show(front, &Screen::text(front.texts.say(tap.lang, "team.declined", &[]))).await
}

async fn already(front: &Front, lang: Lang, post: Post) -> Result<Screen> {
    let mut screen = home(front, (lang, post.into())).await?;
    let text = front.texts.say(lang, "team.already", &[]);
    screen.text = format!("{text}\n\n{}", screen.text);
    Ok(screen)
}
