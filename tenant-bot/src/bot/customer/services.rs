//! What can be booked: by category where there is much of it, or found by its name.

use shared::telegram::{Button, Screen};

use super::{
    super::{
        draft::Draft,
        turn::{Below, Turn},
    },
    Chat, menu, noted,
    visit::offered,
};
use crate::{
    booking::{BookError, Refusal, ResourceId, Service, ServiceId},
    bot::{
        choice::{Choice, Step},
        words::Words,
    },
};

/// More than so many services are shown by category.
const MANY: usize = 8;
/// Telegram shows at most a hundred buttons under a message.
const MOST: usize = 90;

/// The headings that services stand under, in their order; none for those without one, which come last.
fn categories(services: &[Service]) -> Vec<Option<&str>> {
    let mut all: Vec<Option<&str>> = Vec::new();
    for service in services {
        let category = service.category.as_deref();
        if category.is_some() && !all.contains(&category) {
            all.push(category);
        }
    }
    if !all.is_empty() && services.iter().any(|s| s.category.is_none()) {
        all.push(None);
    }
    all
}

/// The services, from which a new visit begins.
pub(super) async fn list(chat: &mut Chat<'_>, note: Option<&str>) -> Result<Turn, BookError> {
    chat.leave().await?;
    show(chat, None, None, note).await
}

/// Those of one category.
pub(super) async fn of_category(chat: &mut Chat<'_>, n: u8) -> Result<Turn, BookError> {
    chat.leave().await?;
    show(chat, None, Some(n), None).await
}

/// The services, one of which is added to the visit.
pub(super) async fn more(chat: &Chat<'_>, draft: &Draft, category: Option<u8>) -> Result<Turn, BookError> {
    show(chat, Some(draft), category, None).await
}

/// Services whose name contains what was typed.
pub(super) async fn found(chat: &mut Chat<'_>, typed: &str) -> Result<Turn, BookError> {
    let typed = typed.trim().to_lowercase();
    if typed.chars().count() < 2 {
        return menu::not_understood(chat).await;
    }
    let services = chat.bookings.services().await?;
    let fits = |s: &&Service| s.name.to_lowercase().contains(&typed);
    let found: Vec<&Service> = services.iter().filter(fits).take(MOST).collect();
    if found.is_empty() {
        return menu::not_understood(chat).await;
    }
    let words = chat.words();
    let mut rows: Vec<Vec<Button>> = found.iter().map(|s| vec![offered(words, s, Choice::Service(s.id))]).collect();
    rows.push(vec![words.button("button.menu", Choice::Menu)]);
    Ok(Turn::show(Screen::text(words.say("service.found", &[])).inline(rows)))
}

/// Its picture.
pub(super) async fn photo(chat: &Chat<'_>, id: ServiceId) -> Result<Turn, BookError> {
    let services = chat.bookings.services().await?;
    let service = services.into_iter().find(|s| s.id == id).ok_or(Refusal::NoSuchService)?;
    Ok(picture(chat.words(), &service.name, service.description.as_deref(), service.photo))
}

/// The picture of who does it.
pub(super) async fn face(chat: &Chat<'_>, id: ResourceId) -> Result<Turn, BookError> {
    let resource = chat.bookings.performer(id).await?.resource;
    Ok(picture(chat.words(), &resource.name, resource.description.as_deref(), resource.photo))
}

fn picture(words: Words<'_>, name: &str, description: Option<&str>, photo: Option<String>) -> Turn {
    let Some(photo) = photo else { return Turn::note(words.plain("service.no_photo", &[])) };
    let mut text = words.say("performer.head", &[("name", &name)]);
    if let Some(description) = description {
        text.push_str(&format!("\n{}", words.say("service.description", &[("description", &description)])));
    }
    Turn::below(Below::Screen(Screen::text(text).photo(photo)))
}

/// With a draft, a button leads into its visit; without one, to a new one.
async fn show(
    chat: &Chat<'_>,
    draft: Option<&Draft>,
    category: Option<u8>,
    note: Option<&str>,
) -> Result<Turn, BookError> {
    let words = chat.words();
    let services = chat.bookings.services().await?;
    let to = |service: &Service| match draft {
        Some(draft) => {
            let n = u8::try_from(draft.wanted.wants.len()).unwrap_or(u8::MAX);
            Choice::Draft(draft.id, Step::Add(n, service.id))
        }
        None => Choice::Service(service.id),
    };
    let categories = categories(&services);
    let by_category = services.len() > MANY && categories.len() > 1;
    let chosen = category.and_then(|n| categories.get(usize::from(n)));
    let (text, mut rows) = match chosen {
        None if by_category => (words.say("service.category", &[]), headings(words, &categories, draft)),
        _ => {
            let here = |s: &&Service| chosen.is_none_or(|category| s.category.as_deref() == *category);
            let listed = services.iter().filter(here).take(MOST);
            let rows = listed.map(|s| vec![offered(words, s, to(s))]).collect();
            let head = if services.is_empty() { "service.none" } else { "service.choose" };
            (words.say(head, &[]), rows)
        }
    };
    let back = match (draft, chosen.is_some() && by_category) {
        (Some(draft), true) => Some(Choice::Draft(draft.id, Step::More)),
        (Some(draft), false) => Some(Choice::Draft(draft.id, Step::Check)),
        (None, true) => Some(Choice::Services),
        (None, false) => None,
    };
    let mut last: Vec<Button> = back.map(|back| words.button("button.back", back)).into_iter().collect();
    last.push(words.button("button.menu", Choice::Menu));
    rows.push(last);
    Ok(Turn::show(Screen::text(noted(note, &text)).inline(rows)))
}

fn headings(words: Words<'_>, categories: &[Option<&str>], draft: Option<&Draft>) -> Vec<Vec<Button>> {
    let row = |(n, category): (u8, &Option<&str>)| {
        let label = category.map_or_else(|| words.plain("service.rest", &[]), str::to_owned);
        let choice = match draft {
            Some(draft) => Choice::Draft(draft.id, Step::MoreOf(n)),
            None => Choice::Category(n),
        };
        vec![Button::press(label, choice.to_string())]
    };
    (0..).zip(categories.iter().take(MOST)).map(row).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::booking::{Price, ServiceId};

    pub(in super::super) fn service(category: Option<&str>) -> Service {
        Service {
            id: ServiceId(1),
            name: "Стрижка".into(),
            description: None,
            photo: None,
            category: category.map(str::to_owned),
            duration: TimeDelta::minutes(60),
            buffer_before: TimeDelta::zero(),
            buffer_after: TimeDelta::zero(),
            price: Price::exactly(0),
            step: None,
            offset: TimeDelta::zero(),
            notice: None,
            horizon_days: None,
            capacity: 1,
            questions: Vec::new(),
        }
    }

    #[test]
    fn headings_stand_once_in_the_order_of_the_services_and_the_rest_comes_last() {
        let all = [None, Some("Волосы"), Some("Ногти"), Some("Волосы")].map(service);
        assert_eq!(categories(&all), [Some("Волосы"), Some("Ногти"), None]);
        assert!(categories(&[service(None)]).is_empty());
    }
}
