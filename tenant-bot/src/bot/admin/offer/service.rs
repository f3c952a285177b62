//! Services: the list, and one of them with everything that can be changed.

use shared::telegram::Button;

use super::{Ask, Choice, PAGE, ServiceDeed, button, fill};
use crate::{
    booking::{BookError, QuestionEdit, ResourceId, ServiceCard, ServiceField, ServiceId, Value, Wrong, roles::Right},
    bot::{
        admin::{
            self,
            console::{Page, turns},
            form, setup,
        },
        chat::Chat,
        choice,
        turn::Turn,
        words::Words,
    },
};

const HOME: choice::Choice = choice::Choice::Admin(admin::Choice::Home);

fn deed(id: ServiceId, deed: ServiceDeed) -> choice::Choice {
    button(Choice::Service(id, deed))
}

fn trail(words: Words<'_>, card: &ServiceCard) -> Vec<String> {
    vec![words.plain("offer.services", &[]), card.service.name.clone()]
}

pub(super) async fn list(chat: &mut Chat<'_>, page: usize, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let all = chat.bookings.services_kept(chat.user()).await?;
    let pages = all.len().div_ceil(PAGE).max(1);
    let page = page.min(pages - 1);
    let mut rows: Vec<Vec<Button>> = all
        .iter()
        .skip(page * PAGE)
        .take(PAGE)
        .map(|(service, active)| {
            let off = if *active { "" } else { "⏸ " };
            let name = format!("{off}{} · {}", service.name, words.price(service.price));
            vec![fill::named(name, deed(service.id, ServiceDeed::Show))]
        })
        .collect();
    rows.extend(turns(words, (page, pages), |page| button(Choice::Services(page))));
    rows.push(vec![words.button("offer.add_service", button(Choice::AddService))]);
    rows.extend(setup::way_on(chat).await?);
    let about = if all.is_empty() { "offer.no_services" } else { "offer.about_services" };
    let trail = vec![words.plain("offer.services", &[])];
    Ok(Turn::show(Page::new(trail, words.say(about, &[]), rows, HOME).noting(note).screen(words)))
}

pub(super) async fn ask_new(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    chat.bookings.admit(chat.user(), Right::EditOffer).await?;
    let words = chat.words();
    let trail = vec![words.plain("offer.services", &[]), words.plain("offer.add_service", &[])];
    let page = Page::new(trail, words.say("offer.ask_services", &[]), Vec::new(), button(Choice::Services(0)));
    Ok(form::ask(chat, admin::Ask::Offer(Ask::NewServices), page))
}

pub(super) async fn pressed(chat: &mut Chat<'_>, id: ServiceId, what: ServiceDeed) -> Result<Turn, BookError> {
    let user = chat.user();
    let words = chat.words();
    match what {
        ServiceDeed::Show => show(chat, id, None).await,
        ServiceDeed::Ask(field) => ask(chat, id, field).await,
        ServiceDeed::Clear(field) => {
            chat.bookings.change_service(user, id, field, &Value::Nothing).await?;
            show(chat, id, Some(words.say("fill.saved", &[]))).await
        }
        ServiceDeed::On | ServiceDeed::Off => {
            chat.bookings.offer_service(user, id, what == ServiceDeed::On).await?;
            show(chat, id, None).await
        }
        ServiceDeed::Up | ServiceDeed::Down => {
            chat.bookings.shift_service(user, id, what == ServiceDeed::Down).await?;
            show(chat, id, None).await
        }
        ServiceDeed::Copy => {
            let copy = chat.bookings.copy_service(user, id).await?;
            show(chat, copy, Some(words.say("offer.copied", &[]))).await
        }
        ServiceDeed::AskRemove => ask_remove(chat, id).await,
        ServiceDeed::Remove => {
            chat.bookings.remove_service(user, id).await?;
            list(chat, 0, Some(words.say("offer.removed", &[]))).await
        }
        ServiceDeed::Doers => doers(chat, id, None).await,
        ServiceDeed::Questions => questions(chat, id, None).await,
        ServiceDeed::AskQuestion => ask_question(chat, id).await,
        ServiceDeed::Require(place) | ServiceDeed::Spare(place) => {
            let edit = QuestionEdit::Require(place.into(), what == ServiceDeed::Require(place));
            chat.bookings.edit_questions(user, id, &edit).await?;
            questions(chat, id, None).await
        }
        ServiceDeed::DropQuestion(place, of) => {
            chat.bookings.edit_questions(user, id, &QuestionEdit::Remove(place.into(), of.into())).await?;
            questions(chat, id, None).await
        }
    }
}

pub(super) async fn show(chat: &mut Chat<'_>, id: ServiceId, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let card = chat.bookings.service_card(chat.user(), id).await?;
    let service = &card.service;
    let mut lines: Vec<String> = ServiceField::ALL
        .into_iter()
        .filter(|field| {
            let plain = matches!(field, ServiceField::Name | ServiceField::Price | ServiceField::Duration);
            let value = field.of(service);
            let usual = match &value {
                Value::Nothing => true,
                Value::Length(length) => length.is_zero() && *field != ServiceField::Notice,
                Value::Number(n) => *field == ServiceField::Capacity && *n == 1,
                _ => false,
            };
            plain || !usual
        })
        .map(|field| fill::line(words, "offer", field.field(), &field.of(service)))
        .collect();
    let names: Vec<&str> = card
        .resources
        .iter()
        .filter(|(r, active)| *active && card.links.iter().any(|l| l.resource == r.id))
        .map(|(r, _)| r.name.as_str())
        .collect();
    lines.push(match (card.active, names.is_empty()) {
        (false, _) => words.say("offer.is_off", &[]),
        (true, true) => words.say("offer.nobody", &[]),
        (true, false) => words.say("offer.done_by", &[("names", &names.join(", "))]),
    });
    if !service.questions.is_empty() {
        lines.push(words.count("offer.asks", i64::try_from(service.questions.len()).unwrap_or(0), &[]));
    }
    let fields: Vec<Button> = ServiceField::ALL
        .into_iter()
        .map(|field| words.button(&format!("offer.field.{}", field.field().word), deed(id, ServiceDeed::Ask(field))))
        .collect();
    let mut rows: Vec<Vec<Button>> = fields.chunks(3).map(<[_]>::to_vec).collect();
    rows.push(vec![
        words.button("offer.who", deed(id, ServiceDeed::Doers)),
        words.button("offer.questions", deed(id, ServiceDeed::Questions)),
    ]);
    let (switch, to) = if card.active { ("offer.off", ServiceDeed::Off) } else { ("offer.on", ServiceDeed::On) };
    rows.push(vec![
        words.button(switch, deed(id, to)),
        words.button("offer.up", deed(id, ServiceDeed::Up)),
        words.button("offer.down", deed(id, ServiceDeed::Down)),
    ]);
    rows.push(vec![
        words.button("offer.copy", deed(id, ServiceDeed::Copy)),
        words.button("offer.remove", deed(id, ServiceDeed::AskRemove)),
    ]);
    let page = Page::new(trail(words, &card), lines.join("\n"), rows, button(Choice::Services(0))).noting(note);
    Ok(Turn::show(page.screen(words)))
}

/// Asks for one thing, says what it is now, and offers to empty it.
async fn ask(chat: &mut Chat<'_>, id: ServiceId, field: ServiceField) -> Result<Turn, BookError> {
    let words = chat.words();
    let card = chat.bookings.service_card(chat.user(), id).await?;
    let about = field.field();
    let value = field.of(&card.service);
    let now = fill::line(words, "offer", about, &value);
    let text = format!("{now}\n\n{}", words.say(&format!("offer.ask.{}", about.word), &[]));
    let mut rows = Vec::new();
    if about.optional && value != Value::Nothing {
        rows.push(vec![words.button("fill.clear", deed(id, ServiceDeed::Clear(field)))]);
    }
    let mut trail = trail(words, &card);
    trail.push(words.plain(&format!("offer.field.{}", about.word), &[]));
    let page = Page::new(trail, text, rows, deed(id, ServiceDeed::Show));
    Ok(form::ask(chat, admin::Ask::Offer(Ask::Service(id, field)), page))
}

async fn ask_remove(chat: &mut Chat<'_>, id: ServiceId) -> Result<Turn, BookError> {
    let words = chat.words();
    let card = chat.bookings.service_card(chat.user(), id).await?;
    let mut text = words.say("offer.ask_remove", &[("name", &card.service.name)]);
    if card.ahead > 0 {
        text.push_str(&format!("\n\n{}", words.count("offer.ahead", card.ahead, &[])));
    }
    let mut rows = vec![vec![words.button("offer.remove_yes", deed(id, ServiceDeed::Remove))]];
    if card.active {
        rows.push(vec![words.button("offer.off_instead", deed(id, ServiceDeed::Off))]);
    }
    Ok(Turn::show(Page::new(trail(words, &card), text, rows, deed(id, ServiceDeed::Show)).screen(words)))
}

/// Who does it, and at what length and price of their own.
pub(super) async fn doers(chat: &mut Chat<'_>, id: ServiceId, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let card = chat.bookings.service_card(chat.user(), id).await?;
    let mut lines = vec![words.say("offer.about_who", &[])];
    let mut rows = Vec::new();
    for (resource, _) in &card.resources {
        let link = card.links.iter().find(|link| link.resource == resource.id);
        rows.push(vec![fill::switch(
            link.is_some(),
            &resource.name,
            button(Choice::Link(id, resource.id, link.is_none())),
        )]);
        let Some(link) = link else { continue };
        rows.push(vec![
            words.button("offer.own_price", button(Choice::Own(id, resource.id, ServiceField::Price))),
            words.button("offer.own_length", button(Choice::Own(id, resource.id, ServiceField::Duration))),
        ]);
        let own: Vec<String> = [link.price.map(|p| words.price(p)), link.duration.map(|d| words.duration(d))]
            .into_iter()
            .flatten()
            .collect();
        if !own.is_empty() {
            lines.push(words.say("fill.line", &[("label", &resource.name), ("value", &own.join(", "))]));
        }
    }
    // Telegram takes a hundred buttons.
    rows.truncate(30);
    let mut trail = trail(words, &card);
    trail.push(words.plain("offer.who", &[]));
    let page = Page::new(trail, lines.join("\n"), rows, deed(id, ServiceDeed::Show)).noting(note);
    Ok(Turn::show(page.screen(words)))
}

/// Asks for a length or a price of somebody's own.
pub(super) async fn own(
    chat: &mut Chat<'_>,
    (id, who): (ServiceId, ResourceId),
    field: ServiceField,
) -> Result<Turn, BookError> {
    let words = chat.words();
    let card = chat.bookings.service_card(chat.user(), id).await?;
    let (resource, _) = card.resources.iter().find(|(r, _)| r.id == who).ok_or(Wrong::Gone)?;
    if card.links.iter().all(|link| link.resource != who) {
        return Err(Wrong::Changed.into());
    }
    let mut trail = trail(words, &card);
    trail.push(resource.name.clone());
    let rows = vec![vec![words.button("offer.own_none", button(Choice::OwnNone(id, who, field)))]];
    let text = words.say(&format!("offer.ask.{}", field.field().word), &[]);
    let page = Page::new(trail, text, rows, deed(id, ServiceDeed::Doers));
    Ok(form::ask(chat, admin::Ask::Offer(Ask::Own(id, who, field)), page))
}

/// As the service says.
pub(super) async fn own_none(
    chat: &mut Chat<'_>,
    link: (ServiceId, ResourceId),
    field: ServiceField,
) -> Result<Turn, BookError> {
    chat.bookings.change_link(chat.user(), link, field, &Value::Nothing).await?;
    let note = chat.words().say("fill.saved", &[]);
    doers(chat, link.0, Some(note)).await
}

/// What is asked of whoever books it.
pub(super) async fn questions(chat: &mut Chat<'_>, id: ServiceId, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let card = chat.bookings.service_card(chat.user(), id).await?;
    let mut lines = vec![words.say("offer.about_questions", &[])];
    let mut rows = Vec::new();
    let of = u8::try_from(card.service.questions.len()).unwrap_or(u8::MAX);
    for (n, question) in (0u8..).zip(&card.service.questions) {
        let key = if question.required { "offer.must" } else { "offer.may" };
        lines.push(words.say(key, &[("n", &(n + 1)), ("text", &question.text)]));
        let (key, other) = match question.required {
            true => ("offer.make_may", ServiceDeed::Spare(n)),
            false => ("offer.make_must", ServiceDeed::Require(n)),
        };
        let label = format!("{}. {}", n + 1, words.plain(key, &[]));
        rows.push(vec![
            fill::named(label, deed(id, other)),
            fill::named(format!("🗑 {}", n + 1), deed(id, ServiceDeed::DropQuestion(n, of))),
        ]);
    }
    rows.push(vec![words.button("offer.add_question", deed(id, ServiceDeed::AskQuestion))]);
    let mut trail = trail(words, &card);
    trail.push(words.plain("offer.questions", &[]));
    let page = Page::new(trail, lines.join("\n"), rows, deed(id, ServiceDeed::Show)).noting(note);
    Ok(Turn::show(page.screen(words)))
}

async fn ask_question(chat: &mut Chat<'_>, id: ServiceId) -> Result<Turn, BookError> {
    let words = chat.words();
    let card = chat.bookings.service_card(chat.user(), id).await?;
    let mut trail = trail(words, &card);
    trail.push(words.plain("offer.questions", &[]));
    let page = Page::new(trail, words.say("offer.ask_question", &[]), Vec::new(), deed(id, ServiceDeed::Questions));
    Ok(form::ask(chat, admin::Ask::Offer(Ask::Question(id)), page))
}
