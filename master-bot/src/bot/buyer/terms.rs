//! The offer and the privacy terms: read, accepted, and found again later.

use anyhow::Result;
use shared::{
    telegram::{Button, Screen, incoming::Press},
    texts::Lang,
};

use super::{button, next_screen, stale};
use crate::{
    bot::{
        Front,
        callback::{BuyerAct, Document},
        words,
    },
    registry::{OrderId, clients::Client},
};

/// The terms of today, and what this client has accepted.
pub(super) async fn screen(front: &Front, client: &Client) -> Result<Screen> {
    let lang = client.lang();
    let terms = &front.watch.billing.terms;
    let mut text = front.texts.say(lang, "buyer.terms", &[("version", &terms.version)]);
    text.push_str("\n\n");
    match front.desk.accepted(client).await? {
        Some(accepted) => {
            let at = words::day(accepted.terms_accepted_at, "Europe/Moscow");
            let args: [(&str, &dyn std::fmt::Display); 2] = [("version", &accepted.terms_version), ("at", &at)];
            text.push_str(&front.texts.say(lang, "buyer.terms_accepted_then", &args));
            // Today's stand on the buttons; those of then may have stood elsewhere.
            if accepted.terms_version != terms.version
                && let (Some(offer), Some(privacy)) = (&accepted.offer_url, &accepted.privacy_url)
            {
                text.push('\n');
                let args: [(&str, &dyn std::fmt::Display); 2] = [("offer", offer), ("privacy", privacy)];
                text.push_str(&front.texts.say(lang, "buyer.terms_then", &args));
            }
        }
        None => text.push_str(&front.texts.say(lang, "buyer.terms_not_accepted", &[])),
    }
    let mut rows = links(front, lang);
    rows.push(vec![button(front, lang, "buyer.back", &BuyerAct::Home)]);
    Ok(Screen::text(text).inline(rows))
}

/// Where the two texts can be read: on their pages, or right here.
pub(super) fn links(front: &Front, lang: Lang) -> Vec<Vec<Button>> {
    let say = |key| front.texts.plain(lang, key, &[]);
    let row = match &front.watch.billing.terms.links {
        Some(links) => vec![
            Button::link(say("buyer.terms_offer"), links.offer.as_str()),
            Button::link(say("buyer.terms_privacy"), links.privacy.as_str()),
        ],
        None => vec![
            Button::press(say("buyer.terms_offer"), BuyerAct::Read(Document::Offer).data()),
            Button::press(say("buyer.terms_privacy"), BuyerAct::Read(Document::Privacy).data()),
        ],
    };
    vec![row]
}

/// One of the built-in texts; none where the terms stand elsewhere.
pub(super) async fn document(front: &Front, client: &Client, document: Document) -> Result<Option<Screen>> {
    let lang = client.lang();
    let terms = &front.watch.billing.terms;
    if terms.links.is_some() {
        return Ok(None);
    }
    let key = match document {
        Document::Offer => "buyer.offer_text",
        Document::Privacy => "buyer.privacy_text",
    };
    let back = match front.desk.open_order(client).await? {
        Some(_) => button(front, lang, "buyer.to_order", &BuyerAct::GoOn),
        None => button(front, lang, "buyer.back", &BuyerAct::Terms),
    };
    Ok(Some(Screen::text(front.texts.say(lang, key, &[("version", &terms.version)])).inline(vec![vec![back]])))
}

/// The buyer accepts what the button stood below; newer terms must be seen first.
pub(super) async fn accept(
    front: &Front,
    update_id: i64,
    press: &Press,
    client: &Client,
    (order, version): (OrderId, &str),
) -> Result<()> {
    let terms = &front.watch.billing.terms;
    match front.desk.open_order(client).await? {
        Some(open) if open.id == order => {
            let same = terms.version == version;
            if same {
                front.desk.accept(&open, terms).await?;
            }
            let note = (!same).then(|| front.texts.plain(client.lang(), "buyer.terms_newer", &[]));
            front.telegram.answer_press(&press.id, note.as_deref(), !same).await?;
            front.show(update_id, press, &next_screen(front, client).await?).await
        }
        _ => stale(front, client, press).await,
    }
}
