//! What a bot has printed, as a file.

use anyhow::Result;
use shared::{outbox::Document, slug::Slug, telegram::Screen, texts::Lang};

use super::{Tap, card::usage_line};
use crate::{bot::Front, fleet::answers::Answer, registry::asks::Asker};

/// Lines of a log that are asked for.
const LINES: i32 = 1000;
/// Characters of the log's end that are shown above the file; a caption has room for 1024.
const SHOWN: usize = 700;

/// The engine may be another process's; what it answers, or that it does not, comes as a letter.
pub(super) async fn ask(front: &Front, tap: &Tap<'_>, slug: &Slug) -> Result<()> {
    let (actor, cause) = (tap.actor(), tap.cause());
    let asker = Asker { actor: &actor, chat: Some((tap.press.chat_id, tap.lang.code())), cause: Some(&cause) };
    let known = front.fleet.ask_log(slug, LINES, asker).await?;
    let key = if known { "operator.logs_asked" } else { "operator.gone" };
    let note = front.texts.plain(tap.lang, key, &[]);
    Ok(front.telegram.answer_press(&tap.press.id, Some(&note), false).await?)
}

/// What the engine answered, in words and as a file; no answer: nobody has.
pub(in crate::bot) fn told(
    front: &Front,
    lang: Lang,
    slug: &Slug,
    answer: Option<&Answer>,
) -> (Screen, Option<Document>) {
    let say = |key: &str| Screen::text(front.texts.say(lang, key, &[("slug", slug)]));
    match answer {
        None => (say("operator.logs_silence"), None),
        Some(Answer::NoContainer) => (say("operator.logs_gone"), None),
        Some(Answer::Failed(why)) => (Screen::text(front.texts.say(lang, "operator.logs_fail", &[("why", why)])), None),
        Some(Answer::Log(log)) if log.trim().is_empty() => (say("operator.logs_none"), None),
        Some(Answer::Log(log)) => {
            let end = last(log.trim_end());
            let text = front.texts.say(lang, "operator.logs_title", &[("slug", slug), ("text", &end)]);
            let at = front.clock.now().format("%Y%m%d-%H%M%S");
            let file = Document::file(format!("{slug}-{at}.log"), log.clone());
            (Screen::text(text), Some(file))
        }
        Some(Answer::Usage(usage)) => (Screen::text(usage_line(&front.texts, lang, usage)), None),
    }
}

/// The end of a text, of no more than [`SHOWN`] units of UTF-16, as Telegram counts.
fn last(text: &str) -> &str {
    let mut room = SHOWN;
    let mut from = text.len();
    for (at, c) in text.char_indices().rev() {
        let Some(left) = room.checked_sub(c.len_utf16()) else { break };
        (room, from) = (left, at);
    }
    &text[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_log_fits_above_its_file() {
        assert_eq!(last("abc"), "abc");
        for letter in ["a", "я", "𝕏"] {
            let end = letter.repeat(5000);
            let end = last(&end);
            assert!(end.encode_utf16().count() <= SHOWN && end.encode_utf16().count() > SHOWN - 2, "{letter}");
        }
    }
}
