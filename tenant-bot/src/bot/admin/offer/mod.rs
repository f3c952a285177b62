//! «Услуги» and «Мастера и столы»: what is offered, by whom, and what may be put together.

mod choice;
mod list_typed;
mod resource;
mod service;
mod together;

use serde::{Deserialize, Serialize};

pub(crate) use self::choice::{Choice, Picked, ResourceDeed, ServiceDeed};
use super::{
    super::{chat::Chat, choice as whole, turn::Turn, words::Words},
    fill,
    form::{Said, Typed},
};
use crate::booking::{BookError, ResourceField, ResourceId, ResourceKind, ServiceField, ServiceId, Value};

/// Buttons of a list on one screen.
const PAGE: usize = 8;

/// What this room asks to be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::bot) enum Ask {
    /// New services, one a line.
    NewServices,
    /// One thing of a service.
    Service(ServiceId, ServiceField),
    /// A length or a price of somebody's own.
    Own(ServiceId, ResourceId, ServiceField),
    /// A question to whoever books.
    Question(ServiceId),
    /// New resources, one a line.
    NewResources(ResourceKind),
    /// One thing of a resource.
    Resource(ResourceId, ResourceField),
    /// How many people a combination takes.
    Seats(i64),
}

fn button(choice: Choice) -> whole::Choice {
    whole::Choice::Admin(super::Choice::Offer(choice))
}

pub(super) async fn pressed(chat: &mut Chat<'_>, choice: Choice) -> Result<Turn, BookError> {
    match choice {
        Choice::Services(page) => service::list(chat, page, None).await,
        Choice::AddService => service::ask_new(chat).await,
        Choice::Service(id, deed) => service::pressed(chat, id, deed).await,
        Choice::Own(id, who, field) => service::own(chat, (id, who), field).await,
        Choice::OwnNone(id, who, field) => service::own_none(chat, (id, who), field).await,
        Choice::Link(id, who, does) => {
            chat.bookings.link_service(chat.user(), (id, who), does).await?;
            service::doers(chat, id, None).await
        }
        Choice::LinkHere(id, who, does) => {
            chat.bookings.link_service(chat.user(), (id, who), does).await?;
            resource::services(chat, who).await
        }
        Choice::Resources(page) => resource::list(chat, page, None).await,
        Choice::AddResource(kind) => resource::ask_new(chat, kind).await,
        Choice::Resource(id, deed) => resource::pressed(chat, id, deed).await,
        Choice::Kind(id, kind) => resource::become_kind(chat, id, kind).await,
        Choice::Together => together::list(chat, None).await,
        Choice::Pick(picked) => together::pick(chat, picked).await,
        Choice::Join(picked) => together::join(chat, picked).await,
        Choice::One(id) => together::show(chat, id, None).await,
        Choice::Seats(id) => together::ask_seats(chat, id).await,
        Choice::Sum(id) => together::sum(chat, id).await,
        Choice::Part(id) => together::part(chat, id).await,
    }
}

pub(super) async fn typed(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Typed, BookError> {
    chat.bookings.admit(chat.user(), crate::booking::roles::Right::EditOffer).await?;
    let words = chat.words();
    Ok(match read(words, ask, said) {
        Ok(Read::Value(field, value)) => Typed::Echo(fill::line(words, "offer", field, &value)),
        Ok(Read::Services(all)) => Typed::Echo(
            all.iter()
                .map(|one| {
                    let length = words.duration(one.duration);
                    let price = words.price(one.price);
                    words.say("offer.new_line", &[("name", &one.name), ("length", &length), ("price", &price)])
                })
                .collect::<Vec<_>>()
                .join("\n"),
        ),
        Ok(Read::Resources(all)) => Typed::Echo(
            all.iter()
                .map(|(name, seats)| match seats {
                    Some(n) => words.count("offer.new_seats", i64::from(*n), &[("name", name)]),
                    None => words.say("offer.new_name", &[("name", name)]),
                })
                .collect::<Vec<_>>()
                .join("\n"),
        ),
        Err(hint) => Typed::Hint(hint),
    })
}

pub(super) async fn saved(chat: &mut Chat<'_>, ask: &Ask, said: &Said) -> Result<Turn, BookError> {
    let words = chat.words();
    let done = Some(words.say("fill.saved", &[]));
    let user = chat.user();
    let Ok(read) = read(words, ask, said) else { return Ok(Turn::stale(words.plain("stale", &[]))) };
    match (*ask, read) {
        (Ask::NewServices, Read::Services(all)) => {
            chat.bookings.add_services(user, &all).await?;
            service::list(chat, usize::MAX, done).await
        }
        (Ask::Service(id, field), Read::Value(_, value)) => {
            chat.bookings.change_service(user, id, field, &value).await?;
            service::show(chat, id, done).await
        }
        (Ask::Own(id, who, field), Read::Value(_, value)) => {
            chat.bookings.change_link(user, (id, who), field, &value).await?;
            service::doers(chat, id, done).await
        }
        (Ask::Question(id), Read::Value(_, Value::Text(text))) => {
            chat.bookings.edit_questions(user, id, &crate::booking::QuestionEdit::Add(text)).await?;
            service::questions(chat, id, done).await
        }
        (Ask::NewResources(kind), Read::Resources(all)) => {
            chat.bookings.add_resources(user, kind, &all).await?;
            resource::list(chat, usize::MAX, done).await
        }
        (Ask::Resource(id, field), Read::Value(_, value)) => {
            chat.bookings.change_resource(user, id, field, &value).await?;
            resource::show(chat, id, done).await
        }
        (Ask::Seats(id), Read::Value(_, Value::Number(n))) => {
            chat.bookings.seat_combination(user, id, u16::try_from(n).ok()).await?;
            together::show(chat, id, done).await
        }
        _ => Ok(Turn::stale(words.plain("stale", &[]))),
    }
}

/// What was understood.
enum Read {
    Value(crate::booking::Field, Value),
    Services(Vec<crate::booking::NewService>),
    Resources(Vec<(String, Option<u16>)>),
}

fn read(words: Words<'_>, ask: &Ask, said: &Said) -> Result<Read, String> {
    let value = |field| fill::read(words, field, said).map(|value| Read::Value(field, value));
    match ask {
        Ask::NewServices => list_typed::services(said.words()).map(Read::Services).map_err(|key| words.say(key, &[])),
        Ask::NewResources(kind) => {
            list_typed::resources(*kind, said.words()).map(Read::Resources).map_err(|key| words.say(key, &[]))
        }
        Ask::Service(_, field) | Ask::Own(_, _, field) => value(field.field()),
        Ask::Question(_) => {
            value(crate::booking::Field { word: "question", shape: crate::booking::Shape::Text(200), optional: false })
        }
        Ask::Resource(_, field) => value(field.field()),
        Ask::Seats(_) => value(ResourceField::Seats.field()),
    }
}
