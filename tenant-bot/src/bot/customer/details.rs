//! Name, phone number, confirmation, and the booking itself.

use shared::telegram::{Button, ReplyButton, Screen, incoming::Message};

use super::{
    super::{
        Guest,
        choice::{Choice, Visit},
        draft::Draft,
        turn::Turn,
    },
    choose,
};
use crate::booking::{
    BookError, Bookings, Kopecks, Pick, Refusal, Wish,
    contact::{self, Contact},
    hours::local_date,
};

/// A time was chosen: to the confirmation, or first to the name of somebody we do not know.
pub(super) async fn time_chosen(
    bookings: &Bookings,
    guest: &Guest<'_>,
    visit: Visit,
    note: Option<&str>,
) -> Result<Turn, BookError> {
    match bookings.contact(guest.id()).await? {
        Some(contact) => Ok(Turn::show(confirmation(bookings, guest, visit, &contact, note).await?)),
        None => ask_name(bookings, guest, visit).await,
    }
}

pub(super) async fn ask_name(bookings: &Bookings, guest: &Guest<'_>, visit: Visit) -> Result<Turn, BookError> {
    let words = guest.words;
    let (business, offer) = bookings.offer(visit.service, visit.pick).await?;
    let when = words.moment(business.zone, visit.starts_at);
    let text = words.say("name.ask", &[("service", &offer.service.name), ("when", &when)]);
    let mut rows = Vec::new();
    if let Some(name) = contact::name(&guest.person.first_name) {
        rows.push(vec![Button::press(name, Choice::TelegramName(visit).to_string())]);
    }
    let date = local_date(business.zone, visit.starts_at);
    let back = Choice::Day { service: visit.service, pick: visit.pick, date };
    rows.push(vec![words.button("button.back", back), words.button("button.menu", Choice::Menu)]);
    Ok(Turn::show(Screen::text(text).inline(rows)).awaiting(Draft { visit, name: None }))
}

/// The button with the name that Telegram knows.
pub(super) fn telegram_name(guest: &Guest<'_>, visit: Visit) -> Result<Turn, BookError> {
    Ok(match contact::name(&guest.person.first_name) {
        Some(name) => Turn::show(Screen::text(guest.words.say("name.taken", &[("name", &name)])))
            .then(ask_phone(guest))
            .awaiting(Draft { visit, name: Some(name) }),
        None => Turn::alert(guest.words.say("name.wrong", &[])).awaiting(Draft { visit, name: None }),
    })
}

pub(super) fn name_typed(guest: &Guest<'_>, message: &Message, visit: Visit) -> Result<Turn, BookError> {
    Ok(match message.text.as_deref().and_then(contact::name) {
        Some(name) => Turn::show(ask_phone(guest)).awaiting(Draft { visit, name: Some(name) }),
        None => Turn::show(Screen::text(guest.words.say("name.wrong", &[]))).awaiting(Draft { visit, name: None }),
    })
}

fn ask_phone(guest: &Guest<'_>) -> Screen {
    phone_keyboard(guest, guest.words.say("phone.ask", &[]))
}

fn phone_keyboard(guest: &Guest<'_>, text: String) -> Screen {
    Screen::text(text).reply(vec![vec![ReplyButton::contact(guest.words.say("phone.share", &[]))]])
}

/// A number, shared or typed. It is kept with the name, so that the next booking asks for neither.
pub(super) async fn phone_given(
    bookings: &Bookings,
    guest: &Guest<'_>,
    message: &Message,
    visit: Visit,
    name: String,
) -> Result<Turn, BookError> {
    let words = guest.words;
    let given = message.contact.as_ref().map(|c| c.phone_number.as_str()).or(message.text.as_deref());
    let Some(phone) = given.and_then(contact::phone) else {
        let again = phone_keyboard(guest, words.say("phone.wrong", &[]));
        return Ok(Turn::show(again).awaiting(Draft { visit, name: Some(name) }));
    };
    let contact = Contact { name, phone };
    bookings.remember(&guest.profile(), &contact).await?;
    // Two messages: one takes the reply keyboard away, and only another one can carry buttons.
    let thanks = words.say("phone.thanks", &[("name", &contact.name), ("phone", &contact.phone)]);
    let card = confirmation(bookings, guest, visit, &contact, None).await?;
    Ok(Turn::show(Screen::text(thanks).remove_keyboard()).then(card))
}

async fn confirmation(
    bookings: &Bookings,
    guest: &Guest<'_>,
    visit: Visit,
    contact: &Contact,
    note: Option<&str>,
) -> Result<Screen, BookError> {
    let words = guest.words;
    let (business, offer) = bookings.offer(visit.service, visit.pick).await?;
    let (service, zone) = (&offer.service, business.zone);
    let resource = match (offer.resources.iter().find(|r| visit.pick == Pick::One(r.id)), offer.resources.first()) {
        (Some(resource), _) => resource.name.clone(),
        (None, Some(first)) => words.say(&format!("resource.any.{}", first.kind.word()), &[]),
        (None, None) => String::new(),
    };
    let (when, end) = (words.moment(zone, visit.starts_at), words.time(zone, visit.starts_at + service.duration));
    let (offset, price) = (words.offset(zone, visit.starts_at), words.price(service.price));
    let summary = words.say(
        "booking.summary",
        &[
            ("service", &service.name),
            ("resource", &resource),
            ("when", &when),
            ("end", &end),
            ("offset", &offset),
            ("price", &price),
            ("name", &contact.name),
            ("phone", &contact.phone),
        ],
    );
    let head = words.say("confirm.head", &[]);
    let text = match note {
        Some(note) => format!("{note}\n\n{head}\n\n{summary}"),
        None => format!("{head}\n\n{summary}"),
    };
    let confirm = Choice::Confirm { visit, minutes: service.duration.num_minutes(), price: service.price };
    let back = Choice::Day { service: visit.service, pick: visit.pick, date: local_date(zone, visit.starts_at) };
    Ok(Screen::text(text).inline(vec![
        vec![words.button("confirm.yes", confirm)],
        vec![words.button("confirm.rename", Choice::Rename(visit))],
        vec![words.button("button.back", back), words.button("button.menu", Choice::Menu)],
    ]))
}

/// The booking. Whatever stood in its way meanwhile is said, with what can be had instead.
pub(super) async fn confirmed(
    bookings: &Bookings,
    guest: &Guest<'_>,
    visit: Visit,
    shown: (i64, Kopecks),
) -> Result<Turn, BookError> {
    let words = guest.words;
    let Visit { service, pick, starts_at } = visit;
    let wish = Wish { service, pick, starts_at, shown };
    match bookings.book(guest.id(), &wish, guest.update_id).await {
        Ok(made) => {
            let summary = words.summary(made.business.zone, &made.booking);
            // A repeat may find that the booking was cancelled since: then its card says so.
            if made.repeated {
                return super::mine::card(bookings, guest, made.booking.id).await;
            }
            let text = format!("{}\n\n{summary}\n\n{}", words.say("booked.head", &[]), words.say("booked.tail", &[]));
            Ok(Turn::show(Screen::text(text).inline(vec![
                vec![words.button("menu.mine", Choice::Mine)],
                vec![words.button("button.menu", Choice::Menu)],
            ])))
        }
        Err(BookError::Refused(
            refusal @ (Refusal::Taken | Refusal::Past | Refusal::TooSoon(_) | Refusal::TooFar(_) | Refusal::Closed),
        )) => {
            let why = words.refusal(refusal);
            let (business, _) = bookings.offer(service, pick).await?;
            let date = local_date(business.zone, starts_at);
            let mut turn = choose::times(bookings, words, service, pick, date, Some(&why)).await?;
            turn.alert = Some(why);
            Ok(turn)
        }
        Err(BookError::Refused(refusal @ Refusal::OfferChanged)) => {
            time_chosen(bookings, guest, visit, Some(&words.refusal(refusal))).await
        }
        Err(BookError::Refused(Refusal::NoContact)) => ask_name(bookings, guest, visit).await,
        Err(error) => Err(error),
    }
}
