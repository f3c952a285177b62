//! The conversation as a person would tell it, made of nothing but what the sandbox has recorded.

use std::fmt::Write;

use sandbox::wire::{Button, ChatMessage, Event, Key, What};

/// Turns events into lines.
#[derive(Debug, Default)]
pub struct Teller {
    /// Escape sequences for a terminal.
    pub colours: bool,
}

impl Teller {
    /// The lines about one event; `None` when it is of no interest to a reader.
    pub fn tell(&self, event: &Event) -> Option<String> {
        let (head, body) = self.parts(&event.what)?;
        let seconds = event.ms / 1000;
        let time = format!("{:02}:{:02}.{}", seconds / 60, seconds % 60, event.ms % 1000 / 100);
        let mut told = format!("{}  {head}", self.dim(&time));
        for line in body {
            // Writing to a string cannot fail.
            let _ = write!(told, "\n           {line}");
        }
        Some(told)
    }

    fn parts(&self, what: &What) -> Option<(String, Vec<String>)> {
        let person = what.person().map(|person| self.bold(&person.first_name)).unwrap_or_default();
        let bot = what.bot().map(|bot| self.blue(&format!("@{}", bot.username))).unwrap_or_default();
        Some(match what {
            What::BotCreated { bot: made, manager, by } => {
                let how = match (by, manager) {
                    (Some(_), Some(manager)) => {
                        format!("{person} creates it in one tap, managed by @{}", manager.username)
                    }
                    (Some(_), None) => format!("{person} creates it"),
                    _ => "set up beforehand".to_owned(),
                };
                (format!("✦ new bot {bot} «{}»: {how}", made.name), vec![])
            }
            What::BotRenamed { was, .. } => (format!("✦ {bot} was @{was} until now"), vec![]),
            What::BotTransferred { to, .. } => (format!("✦ {bot} belongs to {} now", to.first_name), vec![]),
            What::TokenReplaced { .. } => (format!("✦ {bot} has a new token, the old one is dead"), vec![]),
            What::PollingStarted { first, .. } => {
                let how = if *first { "for the first time: it is alive" } else { "again" };
                (format!("✦ {bot} asks Telegram for messages {how}"), vec![])
            }
            What::PersonSaid { text, .. } => (format!("{person} → {bot}: {text}"), vec![]),
            What::PersonPressed { button, forged, .. } => {
                let forged = if *forged { " (forged: there is no such button)" } else { "" };
                (format!("{person} → {bot}: presses {}{forged}", self.green(&format!("[{button}]"))), vec![])
            }
            What::PersonSharedContact { phone_number, .. } => {
                (format!("{person} → {bot}: shares the phone number {phone_number}"), vec![])
            }
            What::PersonSent { content, .. } => (format!("{person} → {bot}: sends {content}"), vec![]),
            What::GroupCreated { group, by } => {
                (format!("✦ {} makes the group «{}»", by.first_name, group.title), vec![])
            }
            What::GroupMember { group, name, status } => (format!("✦ {name} in «{}»: {status}", group.title), vec![]),
            What::GroupSaid { group, text, .. } => (format!("{person} → «{}»: {text}", group.title), vec![]),
            What::BotSentToGroup { group, message, .. } => {
                (format!("{bot} → «{}»:", group.title), self.message(message))
            }
            What::BotEditedInGroup { group, message, .. } => {
                (format!("{bot} → «{}»: {}", group.title, self.dim("(edits its message)")), self.message(message))
            }
            What::BotDeletedInGroup { group, .. } => (format!("{bot} deletes a message in «{}»", group.title), vec![]),
            What::PersonOpened { url, .. } => (format!("{person} opens {}", short(url)), vec![]),
            What::PersonBlocked { .. } => (format!("{person} blocks {bot}"), vec![]),
            What::PersonUnblocked { .. } => (format!("{person} unblocks {bot}"), vec![]),
            What::BotSent { message, .. } => (format!("{bot} → {person}:"), self.message(message)),
            What::BotEdited { message, .. } => {
                (format!("{bot} → {person}: {}", self.dim("(edits its message)")), self.message(message))
            }
            What::BotDeleted { .. } => (format!("{bot} deletes a message to {person}"), vec![]),
            What::PressAnswered { text: Some(text), alert, .. } if !text.is_empty() => {
                let form = if *alert { "shows a window" } else { "shows a note" };
                (format!("{bot} {form} to {person}: {text}"), vec![])
            }
            What::RequestRefused { method, code, description, .. } => {
                (format!("! Telegram refuses {method} of {bot}: {code} {description}"), vec![])
            }
            What::FaultStruck { what, fault, .. } => (format!("! ordered fault at {what}: {fault:?}"), vec![]),
            What::PaymentCreated { value, currency, description, .. } => {
                let what = description.as_deref().unwrap_or("no description");
                (format!("₽ YooKassa: a payment of {value} {currency} is opened ({what})"), vec![])
            }
            What::PaymentChanged { status, value, currency, .. } => {
                (format!("₽ YooKassa: the payment of {value} {currency} is now {status}"), vec![])
            }
            What::RefundChanged { value, currency, status, .. } => {
                (format!("₽ YooKassa: the refund of {value} {currency} is now {status}"), vec![])
            }
            What::NotificationSent { event, attempt, status, error, .. } => {
                let answer = match (status, error) {
                    (Some(status), _) => format!("answered {status}"),
                    (None, Some(error)) => format!("no answer: {error}"),
                    (None, None) => "no answer".to_owned(),
                };
                (format!("₽ YooKassa notifies the master: {event}, attempt {attempt}, {answer}"), vec![])
            }
            What::Deviated { deviation } => {
                (format!("! not as the real server would have it: {}: {}", deviation.method, deviation.what), vec![])
            }
            What::ClockTouched { shows, rate } => {
                (format!("⏱ it is {} now, and {rate} seconds pass in one", shows.format("%Y-%m-%d %H:%M:%S")), vec![])
            }
            What::WebhookCalled { update_id, status: None, .. } => {
                (format!("! update {update_id} does not reach the webhook of {bot}"), vec![])
            }
            What::WebhookCalled { .. }
            | What::PersonCreated { .. }
            | What::BotRemoved { .. }
            | What::PressAnswered { .. } => return None,
        })
    }

    fn message(&self, message: &ChatMessage) -> Vec<String> {
        let paint = |line: String| if line.starts_with('│') { line } else { self.green(&line) };
        self::message(message).into_iter().map(paint).collect()
    }

    fn bold(&self, text: &str) -> String {
        self.paint("1", text)
    }

    fn blue(&self, text: &str) -> String {
        self.paint("34", text)
    }

    fn green(&self, text: &str) -> String {
        self.paint("32", text)
    }

    fn dim(&self, text: &str) -> String {
        self.paint("2", text)
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// A message as lines: its words behind a bar, then its buttons row by row.
#[must_use]
pub fn message(message: &ChatMessage) -> Vec<String> {
    let mut lines: Vec<String> = message.text.lines().map(|line| format!("│ {line}")).collect();
    if let Some(document) = &message.document {
        lines.push(format!("│ file {} ({} bytes)", document.file_name, document.size));
    }
    if let Some(bot) = &message.created_bot {
        lines.push(format!("│ (bot @{} created)", bot.username));
    }
    lines.extend(message.buttons.iter().map(|buttons| row(buttons.iter().map(button))));
    lines.extend(message.keys.iter().map(|keys| row(keys.iter().map(key))));
    lines
}

fn row(buttons: impl Iterator<Item = String>) -> String {
    format!("  {}", buttons.map(|text| format!("[{text}]")).collect::<Vec<_>>().join(" "))
}

fn button(button: &Button) -> String {
    match &button.url {
        Some(url) => format!("{} ↗ {}", button.text, short(url)),
        None => button.text.clone(),
    }
}

fn key(key: &Key) -> String {
    match (&key.asks_bot, key.asks_contact) {
        (Some(_), _) => format!("{} (creates a bot)", key.text),
        (None, true) => format!("{} (shares the phone number)", key.text),
        (None, false) => key.text.clone(),
    }
}

/// A link without the parameters that no reader reads.
fn short(url: &str) -> String {
    url.split_once('?').map_or_else(|| url.to_owned(), |(link, _)| format!("{link}?…"))
}
