//! Letters that did not arrive, or of which nobody knows: a person decides whether they are sent once more.

use std::fmt::Display;

use anyhow::Result;
use shared::{
    outbox::{LetterAct, Undelivered},
    telegram::{Button, Screen},
    texts::Lang,
};

use super::Tap;
use crate::bot::{Front, callback::OperatorAct};

/// Letters on a page.
const PAGE: u32 = 5;
/// Characters of a letter by which it is known again.
const FIRST_WORDS: usize = 80;
/// Characters of the reason.
const REASON: usize = 80;

/// The button in the list of tenants, while there is something behind it.
pub(crate) async fn button_of_list(front: &Front, lang: Lang) -> Result<Option<Button>> {
    let n = front.outbox.undelivered_count().await?;
    let text = front.texts.plain(lang, "letters.button", &[("n", &n)]);
    Ok((n > 0).then(|| Button::press(text, OperatorAct::Letters(0).data())))
}

pub(super) async fn show(front: &Front, tap: &Tap<'_>, page: u32) -> Result<()> {
    front.live.forget_card(tap.place());
    front.telegram.answer_press(&tap.press.id, None, false).await?;
    front.show(tap.update_id, tap.press, &screen(front, tap.lang, page).await?).await
}

/// Sends a letter once more or gives it up, once, and shows what is left.
pub(super) async fn act(front: &Front, tap: &Tap<'_>, letter: (i64, i32), act: LetterAct) -> Result<()> {
    let actor = tap.actor();
    let done = front.outbox.act_on(letter, act, (tap.update_id, &actor)).await?;
    if done {
        tracing::info!(letter = letter.0, ?act, actor, "an operator has decided about a letter");
    }
    let key = match act {
        _ if !done => "letters.stale",
        LetterAct::Resend => "letters.resent",
        LetterAct::Dismiss => "letters.dismissed",
    };
    let note = front.texts.plain(tap.lang, key, &[]);
    front.telegram.answer_press(&tap.press.id, Some(&note), false).await?;
    front.show(tap.update_id, tap.press, &screen(front, tap.lang, 0).await?).await
}

async fn screen(front: &Front, lang: Lang, page: u32) -> Result<Screen> {
    let b = |key: &str, act: OperatorAct| super::button(front, lang, key, &act);
    let all = front.outbox.undelivered_count().await?;
    let offset = i64::from(page) * i64::from(PAGE);
    let letters = front.outbox.undelivered(offset, PAGE.into()).await?;
    let back = vec![b("operator.back", OperatorAct::List(0, None))];
    if letters.is_empty() {
        return Ok(Screen::text(front.texts.say(lang, "letters.none", &[])).inline(vec![back]));
    }
    let mut lines = Vec::new();
    let mut rows = Vec::new();
    for (n, letter) in (offset + 1..).zip(&letters) {
        lines.push(line(front, lang, n, letter));
        let act = |key: &str, act: OperatorAct| Button::press(front.texts.plain(lang, key, &[("n", &n)]), act.data());
        rows.push(vec![
            act("letters.resend", OperatorAct::Resend(letter.id, letter.attempts)),
            act("letters.dismiss", OperatorAct::Dismiss(letter.id, letter.attempts)),
        ]);
    }
    let mut turn = Vec::new();
    if page > 0 {
        turn.push(b("operator.earlier", OperatorAct::Letters(page - 1)));
    }
    if offset + i64::from(PAGE) < all {
        turn.push(b("operator.later", OperatorAct::Letters(page.saturating_add(1))));
    }
    rows.extend((!turn.is_empty()).then_some(turn));
    rows.push(back);
    let args: [(&str, &dyn Display); 2] = [("n", &all), ("lines", &lines.join("\n\n"))];
    Ok(Screen::text(front.texts.say(lang, "letters.title", &args)).inline(rows))
}

fn line(front: &Front, lang: Lang, n: i64, letter: &Undelivered) -> String {
    let key = if letter.unknown { "letters.unknown" } else { "letters.failed" };
    let at = letter.settled_at.map_or_else(|| "—".to_owned(), |at| at.format("%d.%m %H:%M UTC").to_string());
    let why: String = letter.error.as_deref().unwrap_or_default().chars().take(REASON).collect();
    let args: [(&str, &dyn Display); 5] =
        [("n", &n), ("to", &letter.chat_id), ("at", &at), ("words", &first_words(letter.words())), ("why", &why)];
    front.texts.say(lang, key, &args)
}

/// The beginning of a letter without its marks.
fn first_words(html: &str) -> String {
    let mut text = String::new();
    let mut within = false;
    for c in html.chars() {
        match c {
            '<' => within = true,
            '>' if within => within = false,
            c if !within => text.push(if c == '\n' { ' ' } else { c }),
            _ => {}
        }
    }
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    text.chars().take(FIRST_WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_known_by_its_first_words_without_marks() {
        assert_eq!(first_words("✅ <b>Бот &lt;Усы&gt;</b>\nработает"), "✅ Бот <Усы> работает");
        assert_eq!(first_words(&"я".repeat(500)).chars().count(), FIRST_WORDS);
    }
}
