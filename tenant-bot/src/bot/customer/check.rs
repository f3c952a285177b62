//! The summary before the last yes, and the booking itself.

use chrono::{DateTime, Utc};
use shared::telegram::{Button, Screen};

use super::{
    super::{draft::Draft, summary::Summary, turn::Turn},
    Chat, card, noted, step, visit,
};
use crate::{
    booking::{BookError, Made, Price, Quote, Refusal, Status, Wish, contact::Contact, policy::Permit},
    bot::{
        choice::{Choice, Step},
        words::Words,
    },
};

/// Everything once more, with what can still be changed.
pub(super) async fn show(
    chat: &mut Chat<'_>,
    draft: &mut Draft,
    contact: &Contact,
    note: Option<&str>,
) -> Result<Turn, BookError> {
    let Some(starts_at) = draft.starts_at else { return Err(Refusal::Past.into()) };
    let words = chat.words();
    let quote = chat.bookings.quote(chat.user(), &draft.wanted, starts_at).await?;
    let text = format!("{}\n\n{}", words.say("confirm.head", &[]), summary(words, draft, &quote, contact));
    Ok(Turn::show(Screen::text(noted(note, &text)).inline(rows(chat, draft, &quote))))
}

/// The visit, its length, and whether the business is asked first.
fn summary(words: Words<'_>, draft: &Draft, quote: &Quote, contact: &Contact) -> String {
    let summary = Summary::quoted(words, quote, draft.wanted.party, contact)
        .with(draft.comment.as_deref(), draft.answered())
        .short()
        .say(words, quote.business.zone);
    let by_request = quote.permit == Permit::ByRequest;
    if by_request { format!("{summary}\n\n{}", words.say("confirm.by_request", &[])) } else { summary }
}

/// Length in minutes.
pub(super) fn minutes(quote: &Quote) -> i64 {
    (quote.ends_at - quote.starts_at).num_minutes()
}

fn rows(chat: &Chat<'_>, draft: &Draft, quote: &Quote) -> Vec<Vec<Button>> {
    let words = chat.words();
    let book = Step::Book { starts_at: quote.starts_at, minutes: minutes(quote), price: quote.price };
    let yes = if quote.permit == Permit::ByRequest { "confirm.request" } else { "confirm.yes" };
    let policy = &quote.business.policy;
    let mut rows = vec![vec![words.button(yes, Choice::Draft(draft.id, book))]];
    let services = draft.wanted.wants.len();
    let mut more = Vec::new();
    if services < usize::from(policy.visit_limit) {
        more.push(step(chat, "confirm.more", draft, Step::More));
    }
    if let Ok(last @ 1..) = u8::try_from(services - 1) {
        more.push(step(chat, "confirm.less", draft, Step::Less(last)));
    }
    if !more.is_empty() {
        rows.push(more);
    }
    let mut own = vec![step(chat, "confirm.comment", draft, Step::Comment)];
    if policy.repeat_limit > 1 {
        own.push(step(chat, "confirm.repeat", draft, Step::Repeat));
    }
    rows.push(own);
    rows.push(vec![step(chat, "confirm.rename", draft, Step::Rename)]);
    let back = draft.date.map_or(Step::Calendar, |date| Step::Day(date, 0));
    rows.push(vec![step(chat, "button.back", draft, back), words.button("button.menu", Choice::Menu)]);
    rows
}

/// The draft as a wish, with what its owner was shown.
pub(super) fn wish(draft: &Draft, starts_at: DateTime<Utc>, shown: (i64, Price)) -> Wish {
    Wish {
        wanted: draft.wanted.clone(),
        starts_at,
        shown,
        comment: draft.comment.clone(),
        answers: draft.answered(),
        source: draft.source.clone(),
    }
}

/// The booking. Only what was shown is booked: if the draft is another by now, it is shown again.
pub(super) async fn confirmed(
    chat: &mut Chat<'_>,
    draft: &mut Draft,
    starts_at: DateTime<Utc>,
    shown: (i64, Price),
) -> Result<Turn, BookError> {
    let made = if draft.starts_at == Some(starts_at) {
        chat.bookings.book(chat.user(), &wish(draft, starts_at, shown), chat.guest.update_id).await
    } else {
        Err(Refusal::OfferChanged.into())
    };
    match made {
        Ok(made) => {
            chat.talk.done = Some((draft.id, Some(made.booking.id)));
            if made.repeated {
                // It may have been cancelled since: then its card says so.
                return card::show(chat, made.booking.id).await;
            }
            Ok(Turn::show(booked(chat.words(), &made, "booked.head")))
        }
        Err(BookError::Refused(why @ Refusal::OfferChanged)) => {
            let why = chat.words().refusal(why);
            visit::onward(chat, draft, Some(&why)).await
        }
        Err(error) => Err(error),
    }
}

/// It stands, or was sent for approval.
pub(super) fn booked(words: Words<'_>, made: &Made, head: &str) -> Screen {
    let requested = made.booking.status == Status::Requested;
    let head = if requested { words.say("booked.requested", &[]) } else { words.say(head, &[]) };
    let tail = if requested { words.say("booked.requested_tail", &[]) } else { words.say("booked.tail", &[]) };
    let summary = words.card(made.business.zone, &made.booking);
    let mut text = format!("{head}\n\n{summary}");
    if let Some(address) = &made.business.place.address {
        text.push_str(&format!("\n{}", words.say("booking.address", &[("address", address)])));
    }
    text.push_str(&format!("\n\n{tail}"));
    let mut rows = card::way_here(words, &made.business, made.booking.id);
    rows.push(vec![words.button("menu.mine", Choice::Mine), words.button("button.menu", Choice::Menu)]);
    Screen::text(text).inline(rows)
}
