//! What would come of a change: every effect and every conflict. And the change itself.

use super::{
    Choice, button,
    draft::{self, Kind, kind},
    stale, trail,
};
use crate::{
    booking::{BookError, Fate, MassDone, MassPlan, Planned},
    bot::{
        admin::console::{Page, turns},
        chat::Chat,
        planned,
        turn::Turn,
    },
};

const PAGE: usize = 10;

pub(super) async fn show(chat: &mut Chat<'_>, page: usize, note: Option<String>) -> Result<Turn, BookError> {
    let Some(wish) = chat.talk.mass.as_ref().and_then(draft::MassDraft::wish) else { return Ok(stale(chat)) };
    let plan = chat.bookings.mass_preview(chat.user(), &wish).await?;
    Ok(shown(chat, &plan, page, note))
}

fn shown(chat: &Chat<'_>, plan: &MassPlan, page: usize, note: Option<String>) -> Turn {
    let words = chat.words();
    let Some(draft) = &chat.talk.mass else { return stale(chat) };
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let (goes, stays) = (plan.goes().count(), plan.stays().count());
    let mut parts = Vec::new();
    if plan.all.is_empty() {
        parts.push(words.say("mass.nobody", &[]));
    } else {
        let cancels = draft.kind == Kind::Cancel;
        let mut head = match (goes, cancels) {
            (0, _) => words.say("mass.will_nothing", &[]),
            (_, true) => words.count("mass.will_cancel", count(goes), &[]),
            (_, false) => words.count("mass.will_change", count(goes), &[]),
        };
        if stays > 0 {
            head.push('\n');
            head.push_str(&words.count("mass.will_stay", count(stays), &[]));
        }
        parts.push(head);
    }
    // Whatever needs a decision stands first.
    let stay = |planned: &&Planned| matches!(planned.fate, Fate::Stays(_));
    let all: Vec<&Planned> = plan.all.iter().filter(stay).chain(plan.goes()).collect();
    let pages = all.len().div_ceil(PAGE).max(1);
    let page = page.min(pages - 1);
    parts.extend(all.iter().skip(page * PAGE).take(PAGE).map(|one| planned::line(words, &plan.business, one)));
    let mut rows = Vec::new();
    if goes > 0 {
        parts.push(words.say("mass.they_are_told", &[]));
        let key = match (draft.kind, stays) {
            (Kind::Cancel, _) => "mass.go_cancel",
            (_, 0) => "mass.go_all",
            _ => "mass.go_some",
        };
        let text = words.count(key, count(goes), &[]);
        let go = button(Choice::Go(plan.digest())).to_string();
        rows.push(vec![shared::telegram::Button::press(text, go)]);
    }
    rows.extend(turns(words, (page, pages), |page| button(Choice::See(page))));
    let trail = trail(chat, &[kind(words, draft.kind), words.plain("mass.preview", &[])]);
    let page = Page::new(trail, parts.join("\n\n"), rows, button(Choice::Draft));
    Turn::show(page.noting(note).screen(words))
}

/// Does what was shown, or shows what has changed since. A second press finds no draft any more.
pub(super) async fn go(chat: &mut Chat<'_>, digest: i64) -> Result<Turn, BookError> {
    let words = chat.words();
    let Some(wish) = chat.talk.mass.as_ref().and_then(draft::MassDraft::wish) else {
        // Whoever may not is told that, whatever they have.
        chat.bookings.admit(chat.user(), crate::booking::roles::Right::MassChange).await?;
        return Ok(stale(chat));
    };
    match chat.bookings.mass_change(chat.user(), &wish, digest, chat.guest.update_id).await? {
        MassDone::Changed(plan) => Ok(shown(chat, &plan, 0, Some(words.say("mass.changed", &[])))),
        MassDone::Done(plan, _) => {
            chat.talk.mass = None;
            let n = i64::try_from(plan.goes().count()).unwrap_or(i64::MAX);
            let mut note = words.count("mass.done", n, &[]);
            let stays = plan.stays().count();
            if stays > 0 {
                note.push('\n');
                note.push_str(&words.count("mass.stayed", i64::try_from(stays).unwrap_or(i64::MAX), &[]));
            }
            draft::home(chat, Some(note)).await
        }
    }
}
