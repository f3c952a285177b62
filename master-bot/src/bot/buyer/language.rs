//! The language that a person is spoken to in: their Telegram's, until they choose.

use anyhow::Result;
use shared::{
    telegram::{
        Button, Screen,
        incoming::{Message, Press},
    },
    texts::Lang,
};

use super::greeting;
use crate::bot::{Front, callback::BuyerAct, menu, visitor::Visitor};

/// Both, in their own words.
pub(super) fn screen(front: &Front, now: Lang) -> Screen {
    let row = |lang: Lang| {
        let own = front.texts.plain(lang, "buyer.language_own", &[]);
        let text = if lang == now { format!("✓ {own}") } else { own };
        vec![Button::press(text, BuyerAct::Language(lang).data())]
    };
    Screen::text(front.texts.say(now, "buyer.language", &[])).inline(vec![row(Lang::Ru), row(Lang::En)])
}

/// From now on everything is said in this language, the menu of commands included.
pub(super) async fn choose(front: &Front, update_id: i64, visitor: &Visitor, press: &Press, lang: Lang) -> Result<()> {
    let client = front.desk.choose_language(&visitor.client, lang).await?;
    let visitor = Visitor { client, ..visitor.clone() };
    menu::set_for(front, press.chat_id, &visitor).await;
    front.telegram.answer_press(&press.id, None, false).await?;
    front.show(update_id, press, &greeting::screen(front, &visitor.client).await?).await
}

/// The menu of a chat whose language is not that of the person's Telegram is the chat's own; it is made anew at every
/// start, so that it has what this program can do.
pub(super) async fn refresh_menu(front: &Front, visitor: &Visitor, message: &Message) {
    if Lang::from_code(message.from.language_code.as_deref()) != visitor.lang() {
        menu::set_for(front, message.chat_id, visitor).await;
    }
}
