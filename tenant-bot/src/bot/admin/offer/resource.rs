//! Resources: the list, and one of them with everything that can be changed.

use shared::telegram::Button;

use super::{Ask, Choice, PAGE, ResourceDeed, button, fill};
use crate::{
    booking::{BookError, ResourceCard, ResourceField, ResourceId, ResourceKind, Value, roles::Right},
    bot::{
        admin::{
            self,
            console::{Page, turns},
            form, hours, setup,
        },
        chat::Chat,
        choice,
        turn::Turn,
        words::Words,
    },
};

const HOME: choice::Choice = choice::Choice::Admin(admin::Choice::Home);
const KINDS: [ResourceKind; 3] = [ResourceKind::Person, ResourceKind::Table, ResourceKind::Room];

fn deed(id: ResourceId, deed: ResourceDeed) -> choice::Choice {
    button(Choice::Resource(id, deed))
}

fn trail(words: Words<'_>, card: &ResourceCard) -> Vec<String> {
    vec![words.plain("offer.resources", &[]), card.resource.name.clone()]
}

pub(super) async fn list(chat: &mut Chat<'_>, page: usize, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let all = chat.bookings.resources_kept(chat.user()).await?;
    let pages = all.len().div_ceil(PAGE).max(1);
    let page = page.min(pages - 1);
    let mut rows: Vec<Vec<Button>> = all
        .iter()
        .skip(page * PAGE)
        .take(PAGE)
        .map(|(resource, active)| {
            let off = if *active { "" } else { "⏸ " };
            let seats = resource.seats.map(|n| format!(" · {n} 👤")).unwrap_or_default();
            vec![fill::named(format!("{off}{}{seats}", resource.name), deed(resource.id, ResourceDeed::Show))]
        })
        .collect();
    rows.extend(turns(words, (page, pages), |page| button(Choice::Resources(page))));
    rows.push(
        KINDS
            .map(|kind| words.button(&format!("offer.add.{}", kind.word()), button(Choice::AddResource(kind))))
            .to_vec(),
    );
    if all.iter().any(|(r, _)| r.kind != ResourceKind::Person) {
        rows.push(vec![words.button("offer.together", button(Choice::Together))]);
    }
    rows.extend(setup::way_on(chat).await?);
    let about = if all.is_empty() { "offer.no_resources" } else { "offer.about_resources" };
    let trail = vec![words.plain("offer.resources", &[])];
    Ok(Turn::show(Page::new(trail, words.say(about, &[]), rows, HOME).noting(note).screen(words)))
}

pub(super) async fn ask_new(chat: &mut Chat<'_>, kind: ResourceKind) -> Result<Turn, BookError> {
    chat.bookings.admit(chat.user(), Right::EditOffer).await?;
    let words = chat.words();
    let trail = vec![words.plain("offer.resources", &[]), words.plain(&format!("offer.add.{}", kind.word()), &[])];
    let text = words.say(&format!("offer.ask_new.{}", kind.word()), &[]);
    let page = Page::new(trail, text, Vec::new(), button(Choice::Resources(0)));
    Ok(form::ask(chat, admin::Ask::Offer(Ask::NewResources(kind)), page))
}

pub(super) async fn pressed(chat: &mut Chat<'_>, id: ResourceId, what: ResourceDeed) -> Result<Turn, BookError> {
    let user = chat.user();
    let words = chat.words();
    match what {
        ResourceDeed::Show => show(chat, id, None).await,
        ResourceDeed::Ask(field) => ask(chat, id, field).await,
        ResourceDeed::Clear(field) => {
            chat.bookings.change_resource(user, id, field, &Value::Nothing).await?;
            show(chat, id, Some(words.say("fill.saved", &[]))).await
        }
        ResourceDeed::On | ResourceDeed::Off => {
            chat.bookings.offer_resource(user, id, what == ResourceDeed::On).await?;
            show(chat, id, None).await
        }
        ResourceDeed::Up | ResourceDeed::Down => {
            chat.bookings.shift_resource(user, id, what == ResourceDeed::Down).await?;
            show(chat, id, None).await
        }
        ResourceDeed::AskRemove => ask_remove(chat, id).await,
        ResourceDeed::Remove => {
            chat.bookings.remove_resource(user, id).await?;
            list(chat, 0, Some(words.say("offer.removed", &[]))).await
        }
        ResourceDeed::Services => services(chat, id).await,
    }
}

pub(super) async fn show(chat: &mut Chat<'_>, id: ResourceId, note: Option<String>) -> Result<Turn, BookError> {
    let words = chat.words();
    let card = chat.bookings.resource_card(chat.user(), id).await?;
    let resource = &card.resource;
    let mut lines: Vec<String> = ResourceField::ALL
        .into_iter()
        .filter(|field| field.of(resource) != Value::Nothing)
        .map(|field| fill::line(words, "offer", field.field(), &field.of(resource)))
        .collect();
    let does: Vec<&str> = card.services.iter().filter(|(_, does)| *does).map(|(s, _)| s.name.as_str()).collect();
    lines.push(match (card.active, does.len()) {
        (false, _) => words.say("offer.resource_off", &[]),
        (true, 0) => words.say("offer.does_nothing", &[]),
        (true, n) if n == card.services.len() => words.say("offer.does_all", &[]),
        (true, n) => words.count("offer.does", i64::try_from(n).unwrap_or(0), &[("of", &card.services.len())]),
    });
    lines.push(words.say(if card.rota.week.is_empty() { "offer.hours_same" } else { "offer.hours_own" }, &[]));
    let fields: Vec<Button> = ResourceField::ALL
        .into_iter()
        .map(|field| words.button(&format!("offer.field.{}", field.field().word), deed(id, ResourceDeed::Ask(field))))
        .collect();
    let mut rows: Vec<Vec<Button>> = fields.chunks(3).map(<[_]>::to_vec).collect();
    rows.push(vec![
        words.button("offer.what", deed(id, ResourceDeed::Services)),
        words.button("home.hours", hours::of(id)),
    ]);
    let (switch, to) = if card.active { ("offer.off", ResourceDeed::Off) } else { ("offer.on", ResourceDeed::On) };
    rows.push(vec![
        words.button(switch, deed(id, to)),
        words.button("offer.up", deed(id, ResourceDeed::Up)),
        words.button("offer.down", deed(id, ResourceDeed::Down)),
    ]);
    rows.push(vec![words.button("offer.remove", deed(id, ResourceDeed::AskRemove))]);
    let page = Page::new(trail(words, &card), lines.join("\n"), rows, button(Choice::Resources(0))).noting(note);
    Ok(Turn::show(page.screen(words)))
}

async fn ask(chat: &mut Chat<'_>, id: ResourceId, field: ResourceField) -> Result<Turn, BookError> {
    let words = chat.words();
    let card = chat.bookings.resource_card(chat.user(), id).await?;
    let about = field.field();
    let value = field.of(&card.resource);
    let now = fill::line(words, "offer", about, &value);
    let key = if field == ResourceField::Name { "resource_name" } else { about.word };
    let text = format!("{now}\n\n{}", words.say(&format!("offer.ask.{key}"), &[]));
    let mut trail = trail(words, &card);
    trail.push(words.plain(&format!("offer.field.{}", about.word), &[]));
    let mut rows = Vec::new();
    if about.optional && value != Value::Nothing {
        rows.push(vec![words.button("fill.clear", deed(id, ResourceDeed::Clear(field)))]);
    }
    if field == ResourceField::Kind {
        let kinds = KINDS.map(|kind| {
            let name = words.plain(&format!("offer.word.kind.{}", kind.word()), &[]);
            fill::switch(kind == card.resource.kind, &name, button(Choice::Kind(id, kind)))
        });
        let page = Page::new(trail, text, vec![kinds.to_vec()], deed(id, ResourceDeed::Show));
        return Ok(Turn::show(page.screen(words)));
    }
    let page = Page::new(trail, text, rows, deed(id, ResourceDeed::Show));
    Ok(form::ask(chat, admin::Ask::Offer(Ask::Resource(id, field)), page))
}

pub(super) async fn become_kind(chat: &mut Chat<'_>, id: ResourceId, kind: ResourceKind) -> Result<Turn, BookError> {
    chat.bookings.change_resource(chat.user(), id, ResourceField::Kind, &Value::Word(kind.word())).await?;
    let note = chat.words().say("fill.saved", &[]);
    show(chat, id, Some(note)).await
}

async fn ask_remove(chat: &mut Chat<'_>, id: ResourceId) -> Result<Turn, BookError> {
    let words = chat.words();
    let card = chat.bookings.resource_card(chat.user(), id).await?;
    let mut text = words.say("offer.ask_remove", &[("name", &card.resource.name)]);
    if card.ahead > 0 {
        text.push_str(&format!("\n\n{}", words.count("offer.ahead", card.ahead, &[])));
    }
    let mut rows = vec![vec![words.button("offer.remove_yes", deed(id, ResourceDeed::Remove))]];
    if card.active {
        rows.push(vec![words.button("offer.off_instead", deed(id, ResourceDeed::Off))]);
    }
    Ok(Turn::show(Page::new(trail(words, &card), text, rows, deed(id, ResourceDeed::Show)).screen(words)))
}

/// Which services it does.
pub(super) async fn services(chat: &mut Chat<'_>, id: ResourceId) -> Result<Turn, BookError> {
    let words = chat.words();
    let card = chat.bookings.resource_card(chat.user(), id).await?;
    let rows = card
        .services
        .iter()
        .take(90)
        .map(|(service, does)| {
            vec![fill::switch(*does, &service.name, button(Choice::LinkHere(service.id, id, !does)))]
        })
        .collect();
    let mut trail = trail(words, &card);
    trail.push(words.plain("offer.what", &[]));
    let page = Page::new(trail, words.say("offer.about_what", &[]), rows, deed(id, ResourceDeed::Show));
    Ok(Turn::show(page.screen(words)))
}
