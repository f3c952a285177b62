//! One of the team: another role, or none.

use std::fmt::Display;

use anyhow::Result;
use shared::{
    telegram::{Button, Screen},
    texts::Lang,
};

use super::{Tap, button, cut, list, post_name};
use crate::{
    bot::{Front, access::Role, callback::TeamAct, menu, words::moment},
    registry::operators::{Member, Post},
    team::Changed,
};

pub(super) async fn show(front: &Front, tap: &Tap<'_>, id: i64) -> Result<()> {
    tap.answer(front, None).await?;
    let screen = match front.access.team().member(id).await? {
        Some(member) => card(front, tap, &member),
        None => list(front, tap.lang, 0).await?,
    };
    tap.show(front, &screen).await
}

fn card(front: &Front, tap: &Tap<'_>, member: &Member) -> Screen {
    let lang = tap.lang;
    let username = member.username.as_ref().map(|u| format!(" · @{u}")).unwrap_or_default();
    let can = front.texts.say(lang, &format!("team.can.{}", member.role.name()), &[]);
    let args: [(&str, &dyn Display); 6] = [
        ("name", &cut(&member.name)),
        ("username", &username),
        ("id", &member.telegram_id),
        ("role", &post_name(front, lang, member.role)),
        ("can", &can),
        ("since", &moment(member.added_at)),
    ];
    let text = front.texts.say(lang, "team.member", &args);
    let mut rows = Vec::new();
    if member.telegram_id == tap.by() {
        // Nobody locks themselves out by a slip of the finger.
        rows.push(vec![button(front, lang, "team.back", &TeamAct::List(0))]);
        let text = format!("{text}\n\n{}", front.texts.say(lang, "team.yourself", &[]));
        return Screen::text(text).inline(rows);
    }
    for post in Post::ALL.into_iter().filter(|post| *post != member.role) {
        let text = front.texts.plain(lang, "team.make", &[("role", &post_name(front, lang, post))]);
        rows.push(vec![Button::press(text, TeamAct::SetRole(member.id, post).data())]);
    }
    rows.push(vec![button(front, lang, "team.remove", &TeamAct::AskRemove(member.id))]);
    rows.push(vec![button(front, lang, "team.back", &TeamAct::List(0))]);
    Screen::text(text).inline(rows)
}

pub(super) async fn set_role(front: &Front, tap: &Tap<'_>, (id, post): (i64, Post)) -> Result<()> {
    let told = |lang: Lang| {
        let can = front.texts.say(lang, &format!("team.can.{}", post.name()), &[]);
        let args: [(&str, &dyn Display); 2] = [("role", &post_name(front, lang, post)), ("can", &can)];
        Screen::text(front.texts.say(lang, "team.changed_you", &args))
    };
    match front.access.team().change(tap.by(), (id, post), &tap.cause(), told).await? {
        Changed::Done(member) => {
            tracing::info!(person = member.telegram_id, role = post.name(), by = tap.by(), "another role");
            front.outbox.wake();
            front.live.forget_chat(member.telegram_id);
            tap.answer(front, Some("operator.noted")).await?;
            let lang = Lang::from_code(member.language.as_deref());
            menu::set(front, member.telegram_id, member.role.into(), lang).await;
            tap.show(front, &card(front, tap, &member)).await
        }
        Changed::Nothing => {
            tap.answer(front, Some("operator.nothing")).await?;
            let member = front.access.team().member(id).await?;
            let screen = match member {
                Some(member) => card(front, tap, &member),
                None => list(front, tap.lang, 0).await?,
            };
            tap.show(front, &screen).await
        }
        Changed::Refused => tap.answer(front, Some("team.refused")).await,
    }
}

pub(super) async fn ask_remove(front: &Front, tap: &Tap<'_>, id: i64) -> Result<()> {
    tap.answer(front, None).await?;
    let lang = tap.lang;
    let Some(member) = front.access.team().member(id).await? else {
        return tap.show(front, &list(front, lang, 0).await?).await;
    };
    let text = front.texts.say(lang, "team.remove_ask", &[("name", &cut(&member.name))]);
    let screen = Screen::text(text).inline(vec![
        vec![button(front, lang, "team.remove_yes", &TeamAct::Remove(id))],
        vec![button(front, lang, "team.remove_no", &TeamAct::Member(id))],
    ]);
    tap.show(front, &screen).await
}

pub(super) async fn remove(front: &Front, tap: &Tap<'_>, id: i64) -> Result<()> {
    let told = |lang: Lang| Screen::text(front.texts.say(lang, "team.removed_you", &[]));
    let note = match front.access.team().remove(tap.by(), id, &tap.cause(), told).await? {
        Changed::Done(member) => {
            tracing::info!(person = member.telegram_id, by = tap.by(), "somebody has left the team");
            front.outbox.wake();
            front.live.forget_chat(member.telegram_id);
            front.steps.forget(member.telegram_id).await;
            menu::set(front, member.telegram_id, Role::Buyer, Lang::from_code(member.language.as_deref())).await;
            "operator.noted"
        }
        Changed::Nothing => "operator.nothing",
        Changed::Refused => return tap.answer(front, Some("team.refused")).await,
    };
    tap.answer(front, Some(note)).await?;
    tap.show(front, &list(front, tap.lang, 0).await?).await
}
