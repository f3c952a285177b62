//! A chat as a page of HTML.

use std::fmt::Write;

use sandbox::wire::{ChatMessage, ChatView};

const STYLE: &str = "
* { box-sizing: border-box; margin: 0 }
body { background: #fff; font: 15px/1.35 'Noto Sans', 'Noto Color Emoji', sans-serif; color: #111; padding: 16px }
main { display: flex; gap: 18px; align-items: flex-start; width: max-content }
section { width: 360px; background: #d5e3ee; border: 1px solid #b9c8d4; border-radius: 18px; overflow: hidden }
header { background: #fff; padding: 10px 16px; font-weight: 600 } header small { display: block; font-weight: 400; color: #7a8791 }
.chat { padding: 12px; display: flex; flex-direction: column; gap: 8px }
.words { background: #fff; border-radius: 14px; padding: 9px 12px; white-space: pre-wrap; overflow-wrap: anywhere }
.mine { background: #e3fcd4; align-self: flex-end; max-width: 85% }
.words a { color: #2a7ab8; text-decoration: none } .words code, .words pre { font: 13px monospace; background: #f1f4f6 }
.row { display: flex; gap: 4px; margin-top: 4px }
.row span { flex: 1; background: #6f93ad; color: #fff; border-radius: 9px; padding: 7px 6px; text-align: center; font-size: 14px }
";

/// One chat, and how much of it is to be seen.
#[derive(Debug)]
pub(crate) struct Phone {
    title: String,
    messages: Vec<ChatMessage>,
}

impl Phone {
    /// The `last` messages of the chat.
    pub(crate) fn new(chat: &ChatView, last: usize) -> Self {
        let from = chat.messages.len().saturating_sub(last);
        Self { title: chat.bot.name.clone(), messages: chat.messages[from..].to_vec() }
    }

    fn draw(&self) -> String {
        let mut html = format!("<section><header>{}<small>бот</small></header><div class=chat>", plain(&self.title));
        for message in &self.messages {
            let side = if message.from_bot { "words" } else { "words mine" };
            // Telegram's own subset of HTML, as the sandbox has read and written it anew. Writing to a string cannot fail.
            let _ = write!(html, "<div><div class='{side}'>{}</div>", message.html);
            for row in &message.buttons {
                let buttons: String = row.iter().map(|b| format!("<span>{}</span>", plain(&b.text))).collect();
                let _ = write!(html, "<div class=row>{buttons}</div>");
            }
            html.push_str("</div>");
        }
        html.push_str("</div></section>");
        html
    }
}

/// Phones side by side. The page says how large it is, for who takes its picture.
pub(crate) fn page(phones: &[Phone]) -> String {
    let phones: String = phones.iter().map(Phone::draw).collect();
    format!(
        "<!doctype html><meta charset=utf-8><style>{STYLE}</style><main>{phones}</main><script>
         const box = document.querySelector('main').getBoundingClientRect();
         document.documentElement.dataset.size = `${{Math.ceil(box.width) + 32}},${{Math.ceil(box.height) + 32}}`;
         </script>"
    )
}

fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
