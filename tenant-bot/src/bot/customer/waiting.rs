//! The queue for a time that may become free.

use chrono::{Datelike, Days, Months, NaiveDate};
use shared::telegram::{Button, Screen};

use super::{
    super::{
        draft::{Draft, Waiting},
        turn::Turn,
    },
    Chat, check, details, mine, noted, step,
};
use crate::{
    booking::{BookError, BookingId, Business, Refusal, Wait, WaitId, WaitState, WaitWish, hours::local_date},
    bot::{
        choice::{Choice, Part, Step, Stretch},
        words::Words,
    },
};

/// On which days?
pub(super) async fn ask_days(chat: &mut Chat<'_>, draft: &Draft, date: NaiveDate) -> Result<Turn, BookError> {
    let words = chat.words();
    let today = chat.bookings.business().await.map(|business| local_date(business.zone, chat.now))?;
    let button = |stretch| {
        let (from, to) = dates(date, stretch, today);
        let label = if stretch == Stretch::Day {
            words.plain("wait.day", &[("date", &words.date(date))])
        } else {
            let (from, to) = (words.short_date(from), words.short_date(to));
            words.plain("wait.days_between", &[("from", &from), ("to", &to)])
        };
        vec![Button::press(label, Choice::Draft(draft.id, Step::WaitDays(date, stretch)).to_string())]
    };
    let rows = vec![
        button(Stretch::Day),
        button(Stretch::Week),
        button(Stretch::Month),
        vec![step(chat, "button.back", draft, Step::Day(date, 0)), words.button("button.menu", Choice::Menu)],
    ];
    let text = words.say("wait.days", &[("service", &draft.what)]);
    Ok(Turn::show(Screen::text(text).inline(rows)))
}

/// At what time of day?
pub(super) fn ask_part(chat: &Chat<'_>, draft: &Draft, date: NaiveDate, stretch: Stretch) -> Turn {
    let words = chat.words();
    let button = |key, part| step(chat, key, draft, Step::WaitAt(date, stretch, part));
    let rows = vec![
        vec![button("wait.any", Part::Any)],
        vec![button("wait.morning", Part::Morning)],
        vec![button("wait.by_day", Part::Day)],
        vec![button("wait.evening", Part::Evening)],
        vec![step(chat, "button.back", draft, Step::Wait(date))],
    ];
    Turn::show(Screen::text(words.say("wait.part", &[])).inline(rows))
}

/// That day, or what is left of its week or of its month.
fn dates(date: NaiveDate, stretch: Stretch, today: NaiveDate) -> (NaiveDate, NaiveDate) {
    let (back, last) = match stretch {
        Stretch::Day => return (date, date),
        Stretch::Week => {
            let gone = date.weekday().num_days_from_monday();
            (gone, date.checked_add_days(Days::new(u64::from(6 - gone))))
        }
        Stretch::Month => {
            let next = date.with_day(1).and_then(|first| first.checked_add_months(Months::new(1)));
            (date.day0(), next.and_then(|next| next.pred_opt()))
        }
    };
    let first = date.checked_sub_days(Days::new(u64::from(back))).unwrap_or(date);
    (first.max(today.min(date)), last.unwrap_or(date))
}

/// The day in three, by the business's clocks.
fn hours(part: Part) -> Option<(u16, u16)> {
    match part {
        Part::Any => None,
        Part::Morning => Some((0, 12 * 60)),
        Part::Day => Some((12 * 60, 17 * 60)),
        Part::Evening => Some((17 * 60, 24 * 60)),
    }
}

/// All is said; whoever we do not know yet is asked for their name first.
pub(super) async fn chosen(
    chat: &mut Chat<'_>,
    draft: &mut Draft,
    date: NaiveDate,
    (stretch, part): (Stretch, Part),
) -> Result<Turn, BookError> {
    let today = chat.bookings.business().await.map(|business| local_date(business.zone, chat.now))?;
    draft.starts_at = None;
    draft.waiting = Some(Waiting { dates: dates(date, stretch, today), hours: hours(part) });
    details::onward(chat, draft, None).await
}

/// Joins. If such a time is free at the moment, it is offered at once.
pub(super) async fn join(chat: &mut Chat<'_>, draft: &mut Draft) -> Result<Turn, BookError> {
    let Some(Waiting { dates, hours }) = draft.waiting.take() else { return Err(Refusal::NoWaiting.into()) };
    let wish = WaitWish { wanted: draft.wanted.clone(), dates, hours };
    let wait = chat.bookings.wait(chat.user(), &wish, chat.guest.update_id).await?;
    chat.talk.done = Some((draft.id, None));
    if draft.kept {
        chat.bookings.let_go(chat.user()).await?;
    }
    let (business, _) = chat.bookings.waits(chat.user()).await?;
    let note = chat.words().say("wait.joined", &[]);
    Ok(Turn::show(screen(chat.words(), &business, &wait, Some(&note))))
}

/// One's own entry.
pub(super) async fn show(chat: &mut Chat<'_>, id: WaitId) -> Result<Turn, BookError> {
    let (business, waits) = chat.bookings.waits(chat.user()).await?;
    match waits.iter().find(|w| w.id == id) {
        Some(wait) => Ok(Turn::show(screen(chat.words(), &business, wait, None))),
        None => Err(Refusal::OfferOver.into()),
    }
}

fn screen(words: Words<'_>, business: &Business, wait: &Wait, note: Option<&str>) -> Screen {
    let zone = business.zone;
    let mut rows = Vec::new();
    let text = match &wait.state {
        WaitState::Waiting => {
            // Half-open: the last moment belongs to the day before midnight.
            let last = wait.until - chrono::TimeDelta::minutes(1);
            let (from, to) = (words.moment(zone, wait.from), words.moment(zone, last));
            let args: [(&str, &dyn std::fmt::Display); 3] = [("service", &wait.what), ("from", &from), ("to", &to)];
            let mut text = words.say("wait.card", &args);
            if let Some((opens, closes)) = wait.hours {
                let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
                let (from, to) = (clock(opens), clock(closes));
                text.push_str(&format!("\n{}", words.say("wait.between", &[("from", &from), ("to", &to)])));
            }
            text
        }
        WaitState::Offered(booking, until) => {
            rows.push(vec![words.button("wait.take", Choice::TakeOffer(booking.id))]);
            rows.push(vec![words.button("wait.pass", Choice::PassOffer(booking.id))]);
            let kept = words.say("name.kept", &[("until", &words.time(zone, *until))]);
            let head = words.say("wait.offered", &[]);
            format!("{head}\n\n{}\n\n{kept}", words.card(zone, booking))
        }
    };
    rows.push(vec![words.button("wait.leave", Choice::Leave(wait.id))]);
    rows.push(vec![words.button("menu.mine", Choice::Mine), words.button("button.menu", Choice::Menu)]);
    Screen::text(noted(note, &text)).inline(rows)
}

/// Leaves the queue.
pub(super) async fn leave(chat: &mut Chat<'_>, id: WaitId) -> Result<Turn, BookError> {
    let words = chat.words();
    let was_there = chat.bookings.leave(chat.user(), id).await?;
    let said = if was_there { words.plain("wait.left", &[]) } else { words.plain("wait.gone", &[]) };
    Ok(mine::list(chat).await?.saying(said))
}

/// Takes what is offered.
pub(super) async fn take(chat: &mut Chat<'_>, offer: BookingId) -> Result<Turn, BookError> {
    let made = chat.bookings.take_offer(chat.user(), offer, chat.guest.update_id).await?;
    Ok(Turn::show(check::booked(chat.words(), &made, "booked.head")))
}

/// Lets it pass, and waits on.
pub(super) async fn pass(chat: &mut Chat<'_>, offer: BookingId) -> Result<Turn, BookError> {
    chat.bookings.pass_offer(chat.user(), offer).await?;
    let said = chat.words().plain("wait.passed", &[]);
    Ok(mine::list(chat).await?.saying(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_ends_on_sunday_and_a_month_on_its_last_day() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let wednesday = day("2026-11-25");
        let tuesday = day("2026-11-24");
        assert_eq!(dates(wednesday, Stretch::Day, tuesday), (wednesday, wednesday));
        assert_eq!(dates(wednesday, Stretch::Week, tuesday), (tuesday, day("2026-11-29")));
        assert_eq!(dates(wednesday, Stretch::Month, tuesday), (tuesday, day("2026-11-30")));
        assert_eq!(dates(day("2026-12-10"), Stretch::Month, tuesday), (day("2026-12-01"), day("2026-12-31")));
    }
}
