//! The fleet as a list: pages, filters by state, search.

use std::fmt::Display;

use anyhow::Result;
use shared::{
    telegram::{Button, Screen, incoming::Message},
    texts::Lang,
};

use super::{Tap, button, card, cut, home, letters};
use crate::{
    bot::{
        Front,
        access::{Right, Role},
        callback::{OperatorAct, Words},
        operator::OperatorStep,
        steps::Step,
        visitor::Visitor,
    },
    fleet::{
        card::State,
        roster::{Line, Roster, Sought},
    },
};

/// Bots on a page.
const PAGE: u32 = 8;
/// Characters of a name that a button on a phone has room for.
const NAME: usize = 40;

pub(super) async fn show(front: &Front, tap: &Tap<'_>, at: (u32, Option<State>)) -> Result<()> {
    front.live.forget_card(tap.place());
    front.telegram.answer_press(&tap.press.id, None, false).await?;
    front.show(tap.update_id, tap.press, &screen(front, (tap.lang, tap.role), at).await?).await
}

/// Asks what to look for.
pub(super) async fn ask(front: &Front, tap: &Tap<'_>) -> Result<()> {
    front.live.forget_card(tap.place());
    if tap.is_private() {
        front.steps.set(tap.press.from.id, &Step::Operator(OperatorStep::Find)).await?;
    }
    front.telegram.answer_press(&tap.press.id, None, false).await?;
    let key = if tap.is_private() { "operator.find_ask" } else { "operator.find_private" };
    let back = vec![button(front, tap.lang, "operator.back", &OperatorAct::List(0, None))];
    front.show(tap.update_id, tap.press, &Screen::text(front.texts.say(tap.lang, key, &[])).inline(vec![back])).await
}

/// What was found by words that were typed: a list, or at once the only one.
pub(super) async fn search(
    front: &Front,
    update_id: i64,
    visitor: &Visitor,
    message: &Message,
    typed: &str,
) -> Result<()> {
    let who = (visitor.lang(), visitor.role);
    let Some(words) = Words::of(typed) else {
        let screen = Screen::text(front.texts.say(who.0, "operator.find_ask", &[]));
        return front.reply(update_id, message.chat_id, &screen).await;
    };
    let roster = front.fleet.roster(&Sought::Words(words.as_str().to_owned()), window(0)).await?;
    if let ([only], 1) = (roster.lines.as_slice(), roster.found) {
        card::reply(front, update_id, visitor, message, &only.slug).await?;
    } else {
        front.reply(update_id, message.chat_id, &finds(front, who, (0, &words), &roster)).await?;
    }
    front.steps.forget(message.from.id).await;
    Ok(())
}

pub(super) async fn found(front: &Front, tap: &Tap<'_>, page: u32, words: &Words) -> Result<()> {
    front.live.forget_card(tap.place());
    front.telegram.answer_press(&tap.press.id, None, false).await?;
    let roster = front.fleet.roster(&Sought::Words(words.as_str().to_owned()), window(page)).await?;
    let screen = finds(front, (tap.lang, tap.role), (page, words), &roster);
    front.show(tap.update_id, tap.press, &screen).await
}

fn window(page: u32) -> (usize, usize) {
    let (page, size) = (usize::try_from(page).unwrap_or(usize::MAX), usize::try_from(PAGE).unwrap_or(8));
    (page.saturating_mul(size), size)
}

/// The list: of all who are not gone, or of those in one state.
pub(super) async fn screen(
    front: &Front,
    (lang, role): (Lang, Role),
    (page, state): (u32, Option<State>),
) -> Result<Screen> {
    let roster = front.fleet.roster(&state.map_or(Sought::Present, Sought::Of), window(page)).await?;
    let undelivered = if role.may(Right::Letters) { letters::button_of_list(front, lang).await? } else { None };
    let last: Vec<Button> = undelivered.into_iter().chain([home(front, lang)]).collect();
    if roster.counts.is_empty() {
        let screen = Screen::text(front.texts.say(lang, "operator.empty", &[]));
        return Ok(screen.inline(vec![last]));
    }
    let mut rows = rows(front, lang, &roster.lines);
    rows.extend(turn(front, lang, page, roster.found, |page| OperatorAct::List(page, state)));
    rows.extend(filters(front, lang, &roster, state).chunks(2).map(<[Button]>::to_vec));
    rows.push(vec![button(front, lang, "operator.find", &OperatorAct::Find)]);
    rows.push(last);
    let pages = pages(roster.found);
    let what = state.map(|state| {
        let name = front.texts.say(lang, &format!("operator.state.{}", state.name()), &[]);
        let args: [(&str, &dyn Display); 3] = [("icon", &state.icon()), ("state", &name), ("n", &roster.found)];
        format!("{}\n", front.texts.say(lang, "operator.list_only", &args))
    });
    let args: [(&str, &dyn Display); 4] = [
        ("n", &roster.present()),
        ("only", &what.unwrap_or_default()),
        ("page", &page.saturating_add(1)),
        ("pages", &pages),
    ];
    Ok(Screen::text(front.texts.say(lang, "operator.list", &args)).inline(rows))
}

fn finds(front: &Front, (lang, _): (Lang, Role), (page, words): (u32, &Words), roster: &Roster) -> Screen {
    let b = |key: &str, act: OperatorAct| button(front, lang, key, &act);
    let last = vec![b("operator.find_again", OperatorAct::Find), b("operator.back", OperatorAct::List(0, None))];
    let args: [(&str, &dyn Display); 4] = [
        ("words", &words.as_str()),
        ("n", &roster.found),
        ("page", &page.saturating_add(1)),
        ("pages", &pages(roster.found)),
    ];
    if roster.lines.is_empty() {
        return Screen::text(front.texts.say(lang, "operator.found_none", &args[..1])).inline(vec![last]);
    }
    let mut rows = rows(front, lang, &roster.lines);
    rows.extend(turn(front, lang, page, roster.found, |page| OperatorAct::Found(page, words.clone())));
    rows.push(last);
    Screen::text(front.texts.say(lang, "operator.found", &args)).inline(rows)
}

fn pages(found: usize) -> usize {
    found.div_ceil(window(0).1).max(1)
}

fn rows(front: &Front, lang: Lang, lines: &[Line]) -> Vec<Vec<Button>> {
    let row = |line: &Line| {
        let name = cut(&line.business_name, NAME);
        let args: [(&str, &dyn Display); 3] = [("state", &line.state.icon()), ("slug", &line.slug), ("name", &name)];
        Button::press(front.texts.plain(lang, "operator.row", &args), OperatorAct::Card(line.slug.clone()).data())
    };
    lines.iter().map(|line| vec![row(line)]).collect()
}

/// The arrows, where there is something to turn to.
fn turn(front: &Front, lang: Lang, page: u32, found: usize, to: impl Fn(u32) -> OperatorAct) -> Option<Vec<Button>> {
    let mut turn = Vec::new();
    if page > 0 {
        turn.push(button(front, lang, "operator.earlier", &to(page - 1)));
    }
    if window(page.saturating_add(1)).0 < found {
        turn.push(button(front, lang, "operator.later", &to(page.saturating_add(1))));
    }
    (!turn.is_empty()).then_some(turn)
}

/// A button for each state that somebody is in, and one for all when only some are shown.
fn filters(front: &Front, lang: Lang, roster: &Roster, shown: Option<State>) -> Vec<Button> {
    let all = shown.map(|_| {
        let text = front.texts.plain(lang, "operator.filter_all", &[("n", &roster.present())]);
        Button::press(text, OperatorAct::List(0, None).data())
    });
    let of = |state: State| {
        let n = roster.counts.get(&state).copied().filter(|n| *n > 0 && shown != Some(state))?;
        let name = front.texts.plain(lang, &format!("operator.state.{}", state.name()), &[]);
        let args: [(&str, &dyn Display); 3] = [("icon", &state.icon()), ("state", &name), ("n", &n)];
        let text = front.texts.plain(lang, "operator.filter", &args);
        Some(Button::press(text, OperatorAct::List(0, Some(state)).data()))
    };
    all.into_iter().chain(State::ALL.into_iter().filter_map(of)).collect()
}
