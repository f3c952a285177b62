//! One booking, with every legal move.

use shared::telegram::Button;

use super::{
    Choice, button,
    sheet::{called, sign},
};
use crate::{
    booking::{Actor, BookError, Booking, BookingId, Deed, StaffCard, Status, hours::local_date},
    bot::{
        admin::{book, console::Page, guests},
        chat::Chat,
        choice,
        turn::Turn,
        words::Words,
    },
};

pub(in crate::bot::admin) async fn show(chat: &mut Chat<'_>, id: BookingId) -> Result<Turn, BookError> {
    noting(chat, id, None).await
}

/// The same, with what was just done.
pub(in crate::bot::admin) async fn noting(
    chat: &mut Chat<'_>,
    id: BookingId,
    note: Option<String>,
) -> Result<Turn, BookError> {
    let words = chat.words();
    let card = chat.bookings.staff_card(chat.user(), id).await?;
    let page = Page::new(trail(words, &card.booking), text(words, &card), rows(words, &card), back(&card));
    Ok(Turn::show(page.noting(note).screen(words)))
}

/// «Расписание», «№ 12 · Анна».
pub(super) fn trail(words: Words<'_>, booking: &Booking) -> Vec<String> {
    let of = words.plain("days.of", &[("number", &booking.id.0), ("name", &called(words, booking))]);
    vec![words.plain("days.title", &[]), of]
}

fn back(card: &StaffCard) -> choice::Choice {
    let date = local_date(card.business.zone, card.booking.starts_at);
    button(Choice::Day { date, of: None, page: 0 })
}

fn text(words: Words<'_>, card: &StaffCard) -> String {
    let StaffCard { business, booking, .. } = card;
    let status = words.say(&format!("days.status.{}", booking.status.word()), &[]);
    let mut lines = vec![format!("{}{status}", sign(booking))];
    if booking.coming_at.is_some() && booking.status == Status::Confirmed {
        lines.push(words.say("days.said_coming", &[]));
    }
    if let Some(reason) = &booking.cancel_reason {
        lines.push(words.say("card.reason", &[("reason", reason)]));
    }
    lines.push(String::new());
    lines.push(words.card(business.zone, booking));
    if booking.user.0 > 0 && !booking.customer_name.is_empty() {
        let args: [(&str, &dyn std::fmt::Display); 2] = [("user", &booking.user.0), ("name", &booking.customer_name)];
        lines.push(words.say("days.write_to", &args));
    }
    let mut known = Vec::new();
    if let Some(paid) = booking.office.paid {
        let paid = words.price(crate::booking::Price { from: paid, to: None });
        known.push(words.say("days.paid", &[("paid", &paid)]));
    }
    if let Some(note) = &booking.office.note {
        known.push(words.say("days.note", &[("note", note)]));
    }
    if card.no_shows > 0 {
        known.push(words.count("days.no_shows", i64::from(card.no_shows), &[]));
    }
    if booking.office.made_by.is_some() {
        known.push(words.say("days.made_by_us", &[]));
    }
    if !known.is_empty() {
        lines.push(String::new());
        lines.extend(known);
    }
    lines.join("\n")
}

fn rows(words: Words<'_>, card: &StaffCard) -> Vec<Vec<Button>> {
    let id = card.booking.id;
    let mut rows = Vec::new();
    if card.waits {
        let agree = words.button("days.agree", button(Choice::Agree(id)));
        rows.push(vec![agree, words.button("days.decline", button(Choice::AskOff(id)))]);
    }
    let mark = |to: &Status| words.button(&format!("days.mark.{}", to.word()), button(Choice::Mark(id, *to)));
    let marks: Vec<Button> = card.marks.iter().map(mark).collect();
    rows.extend(marks.chunks(2).map(<[Button]>::to_vec));
    let mut change = Vec::new();
    if card.may_move {
        change.push(words.button("days.move", book::button(book::Choice::Move(id))));
    }
    if card.may_edit {
        change.push(words.button("days.edit", button(Choice::AskEdit(id))));
    }
    if card.may_cancel {
        change.push(words.button("days.cancel", button(Choice::AskOff(id))));
    }
    let mut about = Vec::new();
    if card.sees_customer {
        about.push(words.button("days.customer", guests::button(guests::Choice::Of(card.booking.user))));
    }
    about.push(words.button("days.history", button(Choice::History(id))));
    if card.may_book {
        about.push(words.button("days.again", book::button(book::Choice::Again(id))));
    }
    rows.extend([change, about].into_iter().filter(|row| !row.is_empty()));
    if let Some(next) = card.moved_to {
        rows.push(vec![words.button("card.moved_to", button(Choice::Card(next)))]);
    }
    rows
}

/// Agrees to a request.
pub(super) async fn agree(chat: &mut Chat<'_>, id: BookingId) -> Result<Turn, BookError> {
    chat.bookings.approve(chat.user(), id).await?;
    let note = chat.words().say("request.approved", &[]);
    noting(chat, id, Some(note)).await
}

/// Says who came.
pub(super) async fn mark(chat: &mut Chat<'_>, id: BookingId, to: Status) -> Result<Turn, BookError> {
    let words = chat.words();
    let made = chat.bookings.mark(chat.user(), id, to).await?;
    // Who left early, or did not come, leaves time that somebody else can have.
    let early = matches!(to, Status::Completed | Status::NoShow) && chat.now < made.booking.ends_at;
    let holds = made.booking.lines.iter().any(|line| line.session.is_none());
    noting(chat, id, (early && holds).then(|| words.say("days.rest_is_free", &[]))).await
}

/// What happened to it.
pub(super) async fn history(chat: &mut Chat<'_>, id: BookingId) -> Result<Turn, BookError> {
    let words = chat.words();
    let (business, booking, deeds) = chat.bookings.history(chat.user(), id).await?;
    let line = |deed: &Deed| {
        let what = words.say(&format!("days.deed.{}", deed.action), &[]);
        let who = match (&deed.by, &deed.name) {
            (Actor::Staff, Some(name)) => name.clone(),
            (by, _) => words.plain(&format!("days.by.{}", by.word()), &[]),
        };
        let when = words.moment(business.zone, deed.at);
        let mut line = words.say("days.deed_line", &[("when", &when), ("what", &what), ("who", &who)]);
        // What was changed is a word of ours; a reason is in somebody's own words.
        if let Some(detail) = &deed.detail {
            let said = match deed.action.as_str() {
                "edited" => words.plain(&format!("days.field.{detail}"), &[]),
                "cancelled" => detail.clone(),
                _ => String::new(),
            };
            if !said.is_empty() {
                line.push_str(&words.say("days.deed_detail", &[("detail", &said)]));
            }
        }
        line
    };
    let text = deeds.iter().map(line).collect::<Vec<_>>().join("\n");
    let mut trail = trail(words, &booking);
    trail.push(words.plain("days.history", &[]));
    let page = Page::new(trail, text, Vec::new(), button(Choice::Card(id)));
    Ok(Turn::show(page.screen(words)))
}
