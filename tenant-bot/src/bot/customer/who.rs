//! With whom.

use chrono::TimeDelta;
use shared::telegram::{Button, Screen};

use super::{
    super::{draft::Draft, turn::Turn},
    Chat, noted, visit,
};
use crate::{
    booking::{BookError, Doer, Offer, OfferPart, Pick, Price, Resource, ResourceId},
    bot::{
        choice::{Choice, Step},
        words::Words,
    },
};

/// Resources on one screen; Telegram takes at most a hundred buttons, so that more than half of them have no pictures.
const MOST: usize = 94;
/// Of a description so much is shown in a list.
const SHORT: usize = 150;

/// Asks for the first service for which it is not settled. Where there is nothing to choose, nothing is asked.
pub(super) fn ask_next(chat: &Chat<'_>, draft: &mut Draft, offer: &Offer, note: Option<&str>) -> Option<Turn> {
    while let (Some(part), Some(want)) = (offer.parts.get(draft.settled), draft.wanted.wants.get_mut(draft.settled)) {
        if want.pick == Pick::Any {
            let alone = alone(&part.doers);
            if alone.len() > 1 {
                return Some(ask(chat, draft, offer, part, note));
            }
            if let ([only], [_]) = (&alone[..], &part.everybody[..]) {
                want.pick = Pick::One(*only);
            }
        }
        draft.settled += 1;
    }
    None
}

/// Those who can be asked for: tables that are put together cannot.
fn alone(doers: &[Doer]) -> Vec<ResourceId> {
    let one = |doer: &Doer| match doer.resources[..] {
        [one] => Some(one),
        _ => None,
    };
    doers.iter().filter_map(one).collect()
}

/// Whether there is somebody to choose from for a party of so many, whoever was chosen.
pub(super) fn is_asked(part: &OfferPart, party: u16) -> bool {
    let fits = |d: &&Doer| part.service.is_group() || d.seats_party(party);
    let fitting: Vec<Doer> = part.everybody.iter().filter(fits).cloned().collect();
    alone(&fitting).len() > 1
}

fn ask(chat: &Chat<'_>, draft: &Draft, offer: &Offer, part: &OfferPart, note: Option<&str>) -> Turn {
    let words = chat.words();
    let kind = part.doers.iter().flat_map(|d| &d.resources).find_map(|id| offer.resource(*id)).map(|r| r.kind.word());
    let kind = kind.unwrap_or("person");
    let pick = |pick| Choice::Draft(draft.id, Step::Pick(pick)).to_string();
    let mut rows = vec![vec![Button::press(words.plain(&format!("resource.any.{kind}"), &[]), pick(Pick::Any))]];
    let mut about = String::new();
    let same = same(part);
    let pictures = alone(&part.doers).len() <= MOST / 2;
    for doer in part.doers.iter().filter(|d| d.resources.len() == 1).take(MOST) {
        let Some(resource) = doer.resources.first().and_then(|id| offer.resource(*id)) else { continue };
        let mut row = vec![Button::press(label(words, doer, resource, same), pick(Pick::One(resource.id)))];
        if pictures && resource.photo.is_some() {
            row.push(Button::press("📷", Choice::ResourcePhoto(resource.id).to_string()));
        }
        rows.push(row);
        if let Some(description) = &resource.description
            && about.chars().count() < 1500
        {
            let args: [(&str, &dyn std::fmt::Display); 2] =
                [("name", &resource.name), ("description", &short(description))];
            about.push_str(&format!("\n{}", words.say("resource.about", &args)));
        }
    }
    if part.service.photo.is_some() {
        rows.push(vec![words.button("button.photo", Choice::ServicePhoto(part.service.id))]);
    }
    rows.push(vec![words.button("button.back", back(draft, offer)), words.button("button.menu", Choice::Menu)]);
    let ask = words.say(&format!("resource.choose.{kind}"), &[]);
    let about = if about.is_empty() { about } else { format!("\n{about}") };
    let text = format!("{}{about}\n\n{ask}", visit::head(words, draft, offer));
    Turn::show(Screen::text(noted(note, &text)).inline(rows))
}

fn back(draft: &Draft, offer: &Offer) -> Choice {
    match u8::try_from(draft.wanted.wants.len().saturating_sub(1)) {
        Ok(0) if offer.largest_party.is_some_and(|most| most > 1) => Choice::Draft(draft.id, Step::Size),
        Ok(0) | Err(_) => Choice::Services,
        // What was just added is not added after all.
        Ok(last) => Choice::Draft(draft.id, Step::Less(last)),
    }
}

/// With a price and a length, unless they are everybody's.
fn label(words: Words<'_>, doer: &Doer, resource: &Resource, same: bool) -> String {
    if same {
        return resource.name.clone();
    }
    format!("{} · {} · {}", resource.name, words.price(doer.price), words.duration(doer.duration))
}

fn same(part: &OfferPart) -> bool {
    part.doers.windows(2).all(|pair| (pair[0].price, pair[0].duration) == (pair[1].price, pair[1].duration))
}

fn short(text: &str) -> String {
    if text.chars().count() <= SHORT { text.to_owned() } else { text.chars().take(SHORT - 1).chain(['…']).collect() }
}

/// The price and the length of a part with whoever may do it.
pub(super) fn span(part: &OfferPart, pick: Pick) -> (Price, (TimeDelta, TimeDelta)) {
    let mut span: Option<(Price, (TimeDelta, TimeDelta))> = None;
    for doer in part.doers.iter().filter(|d| pick.allows(&d.resources)) {
        let most = |p: Price| p.to.unwrap_or(p.from);
        span = Some(match span {
            None => (doer.price, (doer.duration, doer.duration)),
            Some((price, (shortest, longest))) => {
                let (from, to) = (price.from.min(doer.price.from), most(price).max(most(doer.price)));
                let price = Price { from, to: (to > from).then_some(to) };
                (price, (shortest.min(doer.duration), longest.max(doer.duration)))
            }
        });
    }
    span.unwrap_or((part.service.price, (part.service.duration, part.service.duration)))
}

/// Asks for the last service again, after it was settled.
pub(super) async fn again(chat: &mut Chat<'_>, draft: &mut Draft) -> Result<Turn, BookError> {
    if let Some(last) = draft.wanted.wants.last_mut() {
        last.pick = Pick::Any;
        draft.settled = draft.wanted.wants.len() - 1;
    }
    draft.starts_at = None;
    draft.changed();
    visit::onward(chat, draft, None).await
}

/// This one, or whoever is free.
pub(super) async fn chosen(chat: &mut Chat<'_>, draft: &mut Draft, pick: Pick) -> Result<Turn, BookError> {
    // A second press comes when it is settled already, and then changes the last one.
    let place = draft.settled.min(draft.wanted.wants.len().saturating_sub(1));
    if let Some(want) = draft.wanted.wants.get_mut(place) {
        want.pick = pick;
        draft.settled = place + 1;
    }
    draft.changed();
    visit::onward(chat, draft, None).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::booking::Kopecks;

    fn doer(resource: i64, minutes: i64, from: i64, to: Option<i64>) -> Doer {
        Doer {
            resources: vec![ResourceId(resource)],
            seats: None,
            duration: TimeDelta::minutes(minutes),
            price: Price { from: Kopecks(from), to: to.map(Kopecks) },
        }
    }

    #[test]
    fn a_price_spans_those_who_may_do_it_and_is_one_sum_of_one_who_was_chosen() {
        let doers = vec![doer(1, 60, 1000, None), doer(2, 45, 1500, Some(2000))];
        let service = crate::bot::customer::services::tests::service(None);
        let part = OfferPart { service, everybody: doers.clone(), doers };
        let (price, length) = span(&part, Pick::Any);
        assert_eq!(price, Price { from: Kopecks(1000), to: Some(Kopecks(2000)) });
        assert_eq!(length, (TimeDelta::minutes(45), TimeDelta::minutes(60)));
        assert_eq!(span(&part, Pick::One(ResourceId(1))).0, Price::exactly(1000));
        assert!(!same(&part));
    }
}
