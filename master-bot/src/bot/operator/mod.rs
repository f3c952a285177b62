//! The operator's screens: the fleet as a list, one tenant as a card, and what may be wanted of it.
//!
//! The role is asked at every command and every press; a stranger's press does nothing.

mod letters;
mod step;

pub(crate) use self::step::OperatorStep;

use anyhow::Result;
use shared::{
    outbox::LetterAct,
    slug::Slug,
    telegram::{
        Button, Screen,
        incoming::{Message, Press},
    },
    texts::Lang,
};

use super::{Front, access::Right, callback::OperatorAct, visitor::Visitor, words::day};
use crate::{
    fleet::{
        answers::Answer,
        card::{Card, State},
        intent::Wished,
    },
    registry::{PaymentId, asks::Asker, tenants::Intent},
    runtime::Usage,
};

/// Rows on a page of the list.
const PAGE: u32 = 8;
/// Lines of a log that are asked for.
const LOG_LINES: i32 = 30;
/// What is left of a message of 4096 characters after the title, with room for escapes.
const LOG_CHARS: usize = 3000;

/// `/tenants`.
pub(super) async fn list_command(front: &Front, update_id: i64, visitor: &Visitor, message: &Message) -> Result<()> {
    let lang = visitor.lang();
    let screen = if visitor.role.may(Right::Operate) {
        list(front, lang, 0).await?
    } else {
        Screen::text(front.texts.say(lang, "operator.denied", &[]))
    };
    front.reply(update_id, message.chat_id, &screen).await
}

/// A press on one of the operator's buttons, or what claims to be one.
pub(super) async fn press(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    press: &Press,
    act: &OperatorAct,
) -> Result<()> {
    let lang = visitor.lang();
    if !visitor.role.may(Right::Operate) {
        let note = front.texts.plain(lang, "operator.denied", &[]);
        return Ok(front.telegram.answer_press(&press.id, Some(&note), true).await?);
    }
    match act {
        OperatorAct::List(page) => {
            front.live.forget_card((press.chat_id, press.message_id));
            front.telegram.answer_press(&press.id, None, false).await?;
            front.show(update_id, press, &list(front, lang, *page).await?).await
        }
        OperatorAct::Card(slug) => {
            front.telegram.answer_press(&press.id, None, false).await?;
            front.fleet.measure(slug, &actor(press)).await?;
            show_card(front, update_id, press, slug, lang).await
        }
        OperatorAct::Stop(slug) => {
            let reason = front.texts.plain(lang, "operator.reason", &[]);
            wish(front, update_id, press, (slug, lang), Intent::Hold(&reason)).await
        }
        OperatorAct::Start(slug) => wish(front, update_id, press, (slug, lang), Intent::Release).await,
        OperatorAct::Restart(slug) => wish(front, update_id, press, (slug, lang), Intent::Restart).await,
        OperatorAct::Logs(slug) => logs(front, update_id, press, slug, lang).await,
        OperatorAct::AskRemove(slug) => ask_remove(front, update_id, press, slug, lang).await,
        // Somebody may have changed its fate since the question was shown: then nothing is removed.
        OperatorAct::Remove(slug, asked_at) => {
            wish(front, update_id, press, (slug, lang), Intent::Remove { asked_at: Some(*asked_at) }).await
        }
        OperatorAct::Letters(page) => letters::show(front, update_id, press, *page, lang).await,
        OperatorAct::Resend(id, attempts) => {
            letters::act(front, update_id, press, (*id, *attempts), LetterAct::Resend, lang).await
        }
        OperatorAct::Dismiss(id, attempts) => {
            letters::act(front, update_id, press, (*id, *attempts), LetterAct::Dismiss, lang).await
        }
        OperatorAct::Refunded(payment) => refunded(front, update_id, press, *payment, lang).await,
    }
}

async fn wish(
    front: &Front,
    update_id: i64,
    press: &Press,
    (slug, lang): (&Slug, Lang),
    intent: Intent<'_>,
) -> Result<()> {
    let actor = actor(press);
    let cause = format!("update:{update_id}");
    let key = match front.fleet.wish(slug, intent, &actor, Some(&cause)).await? {
        Wished::Noted(tenant) => {
            tracing::info!(tenant = %tenant.slug, actor, ?intent, "an operator's wish");
            "operator.noted"
        }
        Wished::Nothing => "operator.nothing",
        Wished::Unknown => "operator.gone",
    };
    let note = front.texts.plain(lang, key, &[]);
    front.telegram.answer_press(&press.id, Some(&note), false).await?;
    show_card(front, update_id, press, slug, lang).await
}

async fn show_card(front: &Front, update_id: i64, press: &Press, slug: &Slug, lang: Lang) -> Result<()> {
    let Some(screen) = card_screen(front, slug, lang).await? else {
        return front.show(update_id, press, &Screen::text(front.texts.say(lang, "operator.gone", &[]))).await;
    };
    front.show(update_id, press, &screen).await?;
    front.live.watch_card((press.chat_id, press.message_id), slug, lang, front.clock.now(), screen);
    Ok(())
}

async fn list(front: &Front, lang: Lang, page: u32) -> Result<Screen> {
    let offset = i64::from(page) * i64::from(PAGE);
    let (lines, all) = front.fleet.page(offset, PAGE.into()).await?;
    let undelivered = letters::button_of_list(front, lang).await?;
    if all == 0 {
        let screen = Screen::text(front.texts.say(lang, "operator.empty", &[]));
        return Ok(screen.inline(undelivered.into_iter().map(|button| vec![button]).collect()));
    }
    let pages = (all + i64::from(PAGE) - 1) / i64::from(PAGE);
    let mut rows: Vec<Vec<Button>> = lines
        .iter()
        .map(|line| {
            let args: [(&str, &dyn std::fmt::Display); 3] =
                [("state", &line.state.icon()), ("slug", &line.slug), ("name", &line.business_name)];
            vec![Button::press(
                front.texts.plain(lang, "operator.row", &args),
                OperatorAct::Card(line.slug.clone()).data(),
            )]
        })
        .collect();
    let mut turn = Vec::new();
    if page > 0 {
        turn.push(button(front, lang, "operator.earlier", &OperatorAct::List(page - 1)));
    }
    if i64::from(page) + 1 < pages {
        turn.push(button(front, lang, "operator.later", &OperatorAct::List(page.saturating_add(1))));
    }
    if !turn.is_empty() {
        rows.push(turn);
    }
    rows.extend(undelivered.map(|button| vec![button]));
    let args: [(&str, &dyn std::fmt::Display); 3] = [("n", &all), ("page", &page.saturating_add(1)), ("pages", &pages)];
    Ok(Screen::text(front.texts.say(lang, "operator.list", &args)).inline(rows))
}

/// The card as it should look now; none if there is no such tenant.
pub(super) async fn card_screen(front: &Front, slug: &Slug, lang: Lang) -> Result<Option<Screen>> {
    let now = front.clock.now();
    let Some(card) = front.fleet.card(slug).await? else { return Ok(None) };
    let say = |key: &str| front.texts.say(lang, key, &[]);
    let hold = card.hold_reason.as_ref().map(|r| front.texts.say(lang, "operator.hold", &[("reason", r)]));
    let error = card.last_error.as_ref().map(|e| {
        let short: String = e.chars().take(500).collect();
        let next = card.next_attempt_at.map_or(0, |at| (at - now).num_seconds().max(0));
        let args: [(&str, &dyn std::fmt::Display); 3] =
            [("error", &short), ("attempts", &card.attempts), ("next", &next)];
        front.texts.say(lang, "operator.error", &args)
    });
    let beat = match &card.heartbeat {
        Some(beat) if card.state == State::Running => {
            let age = (front.clock.machine().now() - beat.at).num_minutes().max(0);
            front.texts.say(lang, "operator.beat", &[("age", &age)])
        }
        _ if matches!(card.state, State::Starting | State::Failing) => say("operator.silent"),
        _ => say("operator.still"),
    };
    let paid = card.paid_until.map_or_else(|| "—".to_owned(), |until| day(until, "Europe/Moscow"));
    let usage = card.usage.as_ref().map(|u| format!("\n{}", usage_line(front, lang, u))).unwrap_or_default();
    let args: [(&str, &dyn std::fmt::Display); 11] = [
        ("usage", &usage),
        ("icon", &card.state.icon()),
        ("slug", &card.slug),
        ("name", &card.business_name),
        ("bot", &card.bot_username),
        ("state", &say(&format!("operator.state.{}", card.state.name()))),
        ("desired", &say(&format!("operator.desired.{}", card.desired))),
        ("hold", &hold.unwrap_or_default()),
        ("paid", &paid),
        ("parts", &beat),
        ("error", &error.unwrap_or_default()),
    ];
    let text = front.texts.say(lang, "operator.card", &args);
    Ok(Some(Screen::text(text).inline(card_buttons(front, lang, &card))))
}

fn card_buttons(front: &Front, lang: Lang, card: &Card) -> Vec<Vec<Button>> {
    let b = |key: &str, act: OperatorAct| button(front, lang, key, &act);
    let slug = || card.slug.clone();
    let mut rows = match card.state {
        State::Removing | State::Removed => Vec::new(),
        State::Stopping | State::Stopped => vec![
            vec![b("operator.start", OperatorAct::Start(slug())), b("operator.logs", OperatorAct::Logs(slug()))],
            vec![b("operator.remove", OperatorAct::AskRemove(slug()))],
        ],
        State::Starting | State::Running | State::Failing | State::Suspended => vec![
            vec![b("operator.stop", OperatorAct::Stop(slug())), b("operator.restart", OperatorAct::Restart(slug()))],
            vec![b("operator.logs", OperatorAct::Logs(slug())), b("operator.remove", OperatorAct::AskRemove(slug()))],
        ],
    };
    rows.push(vec![b("operator.refresh", OperatorAct::Card(slug())), b("operator.back", OperatorAct::List(0))]);
    rows
}

async fn ask_remove(front: &Front, update_id: i64, press: &Press, slug: &Slug, lang: Lang) -> Result<()> {
    front.live.forget_card((press.chat_id, press.message_id));
    front.telegram.answer_press(&press.id, None, false).await?;
    let Some(card) = front.fleet.card(slug).await? else {
        return front.show(update_id, press, &Screen::text(front.texts.say(lang, "operator.gone", &[]))).await;
    };
    let yes = front.texts.plain(lang, "operator.remove_yes", &[("slug", slug)]);
    let text = front.texts.say(lang, "operator.remove_ask", &[("slug", slug), ("name", &card.business_name)]);
    let screen = Screen::text(text).inline(vec![
        vec![Button::press(yes, OperatorAct::Remove(slug.clone(), card.generation).data())],
        vec![button(front, lang, "operator.back", &OperatorAct::Card(slug.clone()))],
    ]);
    front.show(update_id, press, &screen).await
}

/// The engine may be another process's; what it answers, or that it does not, comes as a letter.
async fn logs(front: &Front, update_id: i64, press: &Press, slug: &Slug, lang: Lang) -> Result<()> {
    let (actor, cause) = (actor(press), format!("update:{update_id}"));
    let asker = Asker { actor: &actor, chat: Some((press.chat_id, lang.code())), cause: Some(&cause) };
    let known = front.fleet.ask_log(slug, LOG_LINES, asker).await?;
    let note = (!known).then(|| front.texts.plain(lang, "operator.gone", &[]));
    Ok(front.telegram.answer_press(&press.id, note.as_deref(), false).await?)
}

/// What the engine answered; none: nobody has.
pub(super) fn answer_text(front: &Front, lang: Lang, slug: &Slug, answer: Option<&Answer>) -> String {
    let say = |key: &str| front.texts.say(lang, key, &[("slug", slug)]);
    match answer {
        None => say("operator.logs_silence"),
        Some(Answer::NoContainer) => say("operator.logs_gone"),
        Some(Answer::Failed(why)) => front.texts.say(lang, "operator.logs_fail", &[("why", why)]),
        Some(Answer::Log(log)) if log.trim().is_empty() => say("operator.logs_none"),
        Some(Answer::Log(log)) => {
            let all: Vec<char> = log.trim_end().chars().collect();
            let tail: String = all[all.len().saturating_sub(LOG_CHARS)..].iter().collect();
            front.texts.say(lang, "operator.logs_title", &[("slug", slug), ("text", &tail)])
        }
        Some(Answer::Usage(usage)) => usage_line(front, lang, usage),
    }
}

fn usage_line(front: &Front, lang: Lang, usage: &Usage) -> String {
    let (memory, limit) = (mebibytes(usage.memory), mebibytes(usage.memory_limit));
    let cpu = format!("{:.1}", usage.cpu_percent);
    let args: [(&str, &dyn std::fmt::Display); 3] = [("memory", &memory), ("limit", &limit), ("cpu", &cpu)];
    front.texts.say(lang, "operator.usage", &args)
}

#[expect(clippy::cast_precision_loss, reason = "for people, with one decimal")]
fn mebibytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / f64::from(1 << 20))
}

fn actor(press: &Press) -> String {
    format!("operator:{}", press.from.id)
}

/// An operator has returned money in the provider's cabinet.
async fn refunded(front: &Front, update_id: i64, press: &Press, payment: PaymentId, lang: Lang) -> Result<()> {
    let actor = actor(press);
    if !front.desk.refunded(payment, &actor).await? {
        let note = front.texts.plain(lang, "operator.nothing", &[]);
        return Ok(front.telegram.answer_press(&press.id, Some(&note), false).await?);
    }
    tracing::info!(%payment, actor, "money was returned, an operator says");
    front.telegram.answer_press(&press.id, None, false).await?;
    let text = front.texts.say(lang, "money.refunded", &[("payment", &payment), ("who", &press.from.first_name)]);
    front.show(update_id, press, &Screen::text(text)).await
}

fn button(front: &Front, lang: Lang, key: &str, act: &OperatorAct) -> Button {
    Button::press(front.texts.plain(lang, key, &[]), act.data())
}

/// What an operator wrote in answer to a question of these screens. Asked for the role anew: it may have been taken away
/// meanwhile.
pub(super) async fn typed(
    _front: &Front,
    _update_id: i64,
    _visitor: &Visitor,
    _message: &Message,
    step: &OperatorStep,
) -> Result<()> {
    match *step {}
}
