//! The days of a month, those with room as buttons.

use chrono::{Datelike, Days, Months, NaiveDate};
use shared::telegram::{Button, Screen};

use super::{
    super::{draft::Draft, turn::Turn},
    Chat, in_rows, noted, visit, who,
};
use crate::{
    booking::{BookError, Openings, Pick},
    bot::{
        choice::{Choice, Step},
        draft::Goal,
        words::Words,
    },
};

/// A place of the calendar where no day of the month stands: Telegram takes no empty button.
const BLANK: &str = "\u{2800}";
/// So many days are asked for at once.
const AT_ONCE: u64 = 62;

/// When the draft's visit can be had: of a booking that is moved, by the one whom it is moved to.
pub(super) async fn look(
    chat: &Chat<'_>,
    draft: &mut Draft,
    dates: Option<(NaiveDate, NaiveDate)>,
) -> Result<Openings, BookError> {
    let openings = match draft.goal {
        Goal::Book => chat.bookings.openings(chat.user(), &draft.wanted, dates).await?,
        Goal::Move(booking) => {
            let pick = draft.only_pick();
            let openings = chat.bookings.openings_to_move(chat.user(), booking, pick, dates).await?.0;
            if let ([part], [want]) = (&openings.offer.parts[..], &mut draft.wanted.wants[..])
                && !part.doers.iter().any(|doer| want.pick.allows(&doer.resources))
            {
                // Whoever it was with does it no more.
                want.pick = Pick::Any;
            }
            openings
        }
    };
    draft.read(&openings.offer);
    Ok(openings)
}

/// A month; the first one with room, if none is asked for.
pub(super) async fn show(
    chat: &mut Chat<'_>,
    draft: &mut Draft,
    month: Option<NaiveDate>,
    note: Option<&str>,
) -> Result<Turn, BookError> {
    draft.starts_at = None;
    let asked = month.or(draft.date).map(first_of);
    let mut openings = look(chat, draft, asked.map(|first| (first, last_of(first)))).await?;
    let (first_day, last_day) = openings.within;
    let shown = asked.or_else(|| openings.days.keys().next().copied()).unwrap_or(first_day);
    let shown = first_of(shown).clamp(first_of(first_day), first_of(last_day.max(first_day)));
    let seen_to = first_day.checked_add_days(Days::new(AT_ONCE - 1)).unwrap_or(first_day);
    // What was read may be another month, or end before this one does.
    if asked.map_or(last_of(shown) > seen_to, |asked| asked != shown) {
        openings = look(chat, draft, Some((shown, last_of(shown)))).await?;
    }
    draft.date = Some(shown);
    Ok(Turn::show(screen(chat.words(), draft, &openings, shown, note)))
}

fn first_of(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

fn last_of(day: NaiveDate) -> NaiveDate {
    first_of(day).checked_add_months(Months::new(1)).and_then(|next| next.pred_opt()).unwrap_or(day)
}

/// The Monday of its week.
fn week_of(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())).unwrap_or(day)
}

fn screen(words: Words<'_>, draft: &Draft, openings: &Openings, month: NaiveDate, note: Option<&str>) -> Screen {
    let to = |step: Step| Choice::Draft(draft.id, step).to_string();
    let idle = |text: String| Button::press(text, to(Step::NoRoom));
    let mut rows = vec![(1..=7).map(|n| idle(words.weekday(n))).collect::<Vec<_>>()];
    let mut days = Vec::new();
    // Weeks that are over would only be in the way.
    let begins = week_of(openings.within.0).max(month);
    let blanks = begins.weekday().num_days_from_monday();
    days.extend((0..blanks).map(|_| idle(BLANK.to_owned())));
    let in_month: Vec<NaiveDate> = begins.iter_days().take_while(|d| d.month() == month.month()).collect();
    days.extend(in_month.iter().map(|day| {
        if openings.days.contains_key(day) {
            Button::press(day.day().to_string(), to(Step::Day(*day, 0)))
        } else {
            idle("·".to_owned())
        }
    }));
    while days.len() % 7 != 0 {
        days.push(idle(BLANK.to_owned()));
    }
    rows.extend(in_rows(days, 7));
    rows.push(turning(words, draft, openings.within, month));
    let has_room = in_month.iter().any(|day| openings.days.contains_key(day));
    if !has_room && openings.business.policy.waitlist && draft.goal == Goal::Book {
        let from = month.max(openings.within.0);
        rows.push(vec![Button::press(words.plain("wait.offer", &[]), to(Step::Wait(from)))]);
    }
    rows.extend(other_people(words, draft, openings));
    rows.extend(picture(words, draft, openings));
    rows.push(vec![words.button("button.back", back(draft, openings)), words.button("button.menu", Choice::Menu)]);
    let offset = openings.days.values().flatten().next().map(|slot| slot.starts_at);
    let noon = month.and_hms_opt(12, 0, 0).map(|noon| noon.and_utc());
    let offset = offset.or(noon).map(|at| words.offset(openings.business.zone, at)).unwrap_or_default();
    let ask = match has_room {
        true => words.say("day.choose", &[("offset", &offset)]),
        false => words.say("day.none", &[("month", &words.month(month)), ("offset", &offset)]),
    };
    let text = format!("{}\n\n{ask}", visit::head(words, draft, &openings.offer));
    Screen::text(noted(note, &text)).inline(rows)
}

/// `‹ Ноябрь 2026 ›`, with an arrow only where something can be booked.
fn turning(words: Words<'_>, draft: &Draft, (first, last): (NaiveDate, NaiveDate), month: NaiveDate) -> Vec<Button> {
    let to = |step: Step| Choice::Draft(draft.id, step).to_string();
    let mut row = Vec::new();
    if month > first_of(first)
        && let Some(before) = month.pred_opt()
    {
        row.push(Button::press("‹", to(Step::month_of(before))));
    }
    row.push(Button::press(words.month(month), to(Step::NoRoom)));
    if month < first_of(last)
        && let Some(after) = month.checked_add_months(Months::new(1))
    {
        row.push(Button::press("›", to(Step::month_of(after))));
    }
    row
}

/// Of a visit with one service that is moved: whoever else does it.
fn other_people(words: Words<'_>, draft: &Draft, openings: &Openings) -> Option<Vec<Button>> {
    let [part] = &openings.offer.parts[..] else { return None };
    (matches!(draft.goal, Goal::Move(_)) && who::is_asked(part, draft.wanted.party))
        .then(|| vec![words.button("move.elsewhere", Choice::Draft(draft.id, Step::Who))])
}

/// The picture of a service, or of who does it, where neither stood on a screen before.
fn picture(words: Words<'_>, draft: &Draft, openings: &Openings) -> Option<Vec<Button>> {
    let ([part], [want]) = (&openings.offer.parts[..], &draft.wanted.wants[..]) else { return None };
    if who::is_asked(part, draft.wanted.party) || openings.offer.largest_party.is_some_and(|most| most > 1) {
        return None;
    }
    let resource = match want.pick {
        Pick::One(id) => openings.offer.resource(id).filter(|r| r.photo.is_some()),
        Pick::Any => None,
    };
    let choice = match (part.service.photo.is_some(), resource) {
        (true, _) => Choice::ServicePhoto(part.service.id),
        (false, Some(resource)) => Choice::ResourcePhoto(resource.id),
        (false, None) => return None,
    };
    Some(vec![words.button("button.photo", choice)])
}

fn back(draft: &Draft, openings: &Openings) -> Choice {
    if let Goal::Move(booking) = draft.goal {
        return Choice::Card(booking);
    }
    let offer = &openings.offer;
    let choice_of_people = match &offer.parts[..] {
        [.., last] => who::is_asked(last, draft.wanted.party),
        [] => false,
    };
    match choice_of_people {
        true => Choice::Draft(draft.id, Step::Who),
        false if offer.largest_party.is_some_and(|most| most > 1) => Choice::Draft(draft.id, Step::Size),
        false => Choice::Services,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_before_the_next_one_begins() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(last_of(day("2028-02-10")), day("2028-02-29"));
        assert_eq!(last_of(day("2026-12-31")), day("2026-12-31"));
        assert_eq!(first_of(day("2026-12-31")), day("2026-12-01"));
    }
}
