//! What one person has seen and done in the chat with one bot, told so that two runs tell the same: for snapshots, and
//! for pictures.

use std::{collections::BTreeSet, fmt, time::Duration};

use anyhow::Result;
use sandbox::wire::{ChatMessage, Event, What};

use crate::{people::Someone, transcript};

/// One thing that a person has done or seen.
#[derive(Clone, Debug)]
pub enum Scene {
    /// The person wrote, or pressed a key below the chat.
    Said(String),
    /// The person pressed a button.
    Pressed(String),
    /// The person shared a phone number.
    Shared(String),
    /// A new message of the bot.
    Sent(Box<ChatMessage>),
    /// The bot's answer to a press: its message shows something else now.
    Edited(Box<ChatMessage>),
    /// A note over the chat, or a window.
    Note(String, bool),
    /// A message is gone.
    Deleted,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Album {
    /// In the order in which it happened.
    pub scenes: Vec<Scene>,
}

impl Album {
    /// Everything in the chat after event `after`. Edits that answer neither a press nor what was typed are left out: they
    /// follow what happens elsewhere, and no two runs show the same of them.
    ///
    /// # Errors
    /// When the sandbox does not answer.
    pub async fn of(someone: &Someone, after: u64) -> Result<Self> {
        let mut album = Self::default();
        let mut awaited = Awaited::default();
        let mut next = after;
        loop {
            let part = someone.sim.events(next, Duration::ZERO).await?;
            if part.events.is_empty() {
                return Ok(album);
            }
            next = part.next;
            for event in part.events {
                album.extend(someone, event, &mut awaited);
            }
        }
    }

    fn extend(&mut self, someone: &Someone, event: Event, awaited: &mut Awaited) {
        let here = event.what.person().is_some_and(|person| person.id == someone.person.id)
            && event.what.bot().is_some_and(|bot| bot.username == someone.bot);
        if !here {
            return;
        }
        self.scenes.push(match event.what {
            What::PersonSaid { text, message_id, .. } => {
                awaited.said = true;
                awaited.own.insert(message_id);
                Scene::Said(text)
            }
            What::PersonPressed { button, message_id, url, .. } => {
                awaited.pressed = Some(message_id);
                Scene::Pressed(if url.is_some() { format!("{button} ↗") } else { button })
            }
            What::PersonSharedContact { phone_number, .. } => Scene::Shared(phone_number),
            What::BotSent { message, .. } => {
                awaited.said = false;
                Scene::Sent(Box::new(message))
            }
            // The buttons of an old message go when a new one has some; when exactly, no two runs agree on.
            What::BotEdited { message, .. } if self.has_only_lost_its_buttons(&message) => return,
            What::BotEdited { message, .. } if awaited.pressed.take_if(|id| *id == message.id).is_some() => {
                Scene::Edited(Box::new(message))
            }
            What::BotEdited { message, .. } if std::mem::take(&mut awaited.said) => Scene::Edited(Box::new(message)),
            What::PressAnswered { text: Some(text), alert, .. } if !text.is_empty() => Scene::Note(text, alert),
            // What was typed goes a moment after its answer has come; when exactly, no two runs agree on.
            What::BotDeleted { message_id, .. } if awaited.own.contains(&message_id) => return,
            What::BotDeleted { .. } => Scene::Deleted,
            _ => return,
        });
    }

    fn has_only_lost_its_buttons(&self, message: &ChatMessage) -> bool {
        let shown = self.scenes.iter().rev().find_map(|scene| match scene {
            Scene::Sent(shown) | Scene::Edited(shown) if shown.id == message.id => Some(shown),
            _ => None,
        });
        message.buttons.is_empty() && shown.is_some_and(|shown| shown.html == message.html && !shown.buttons.is_empty())
    }

    /// Compares with the snapshot `name` in `play/tests/snapshots`; see [`assert_snapshot_in`](Self::assert_snapshot_in).
    ///
    /// # Panics
    /// When it differs.
    pub fn assert_snapshot(&self, name: &str) {
        self.assert_snapshot_in(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots"), name);
    }

    /// Compares with the snapshot `name` in `folder`; numbers, names and times that differ from run to run are made alike.
    ///
    /// # Panics
    /// When it differs. `INSTA_UPDATE=always` writes the new one, to be looked at and committed.
    pub fn assert_snapshot_in(&self, folder: &str, name: &str) {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        for (what, instead) in ALIKE {
            settings.add_filter(what, *instead);
        }
        settings.bind(|| insta::assert_snapshot!(name, self.to_string()));
    }
}

/// What the bot may answer by an edit.
#[derive(Default)]
struct Awaited {
    /// A press on this message.
    pressed: Option<i32>,
    /// Something typed.
    said: bool,
    /// The person's own messages.
    own: BTreeSet<i32>,
}

/// What differs from run to run, and what stands for it.
const ALIKE: &[(&str, &str)] = &[
    (r"\bclient_\d+", "client_NNN"),
    (r"\bj_[A-Za-z0-9]{22}", "j_CODE"),
    (r"\b\d{8,10}:[A-Za-z0-9_-]{30,}", "TOKEN"),
    (r"_[0-9a-f]{4,8}_bot\b", "_NNNN_bot"),
    (r"\bsale_[0-9a-f]{32}\b", "sale_CODE"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UUID"),
    (r"\b\d{2}\.\d{2}\.\d{4}( \d{2}:\d{2}(:\d{2})?)?\b", "DATE"),
    (r"\b\d{4}-\d{2}-\d{2}\b", "DATE"),
    (r"\b\d{2}\.\d{2} \d{2}:\d{2}(:\d{2})?\b", "TIME"),
    (r"\b\d{2}:\d{2}:\d{2}\b", "TIME"),
    (r"\b\d+ (мс|ms)\b", "N $1"),
    (r"№\d+", "№N"),
    (r"\bteam_[0-9a-f]{24}\b", "team_CODE"),
    (r"\bslotyard-tenant:\w+", "slotyard-tenant:TAG"),
    // Whatever month it is today.
    (r"За (январь|февраль|март|апрель|май|июнь|июль|август|сентябрь|октябрь|ноябрь|декабрь) —", "За MONTH —"),
    (r"(January|February|March|April|May|June|July|August|September|October|November|December) —", "MONTH —"),
    // What a container takes is there a moment later, and time goes on.
    (r"(?m)^│ 📊 (память|memory) .*\n", ""),
    (r"\b\d+ мин назад|только что", "AGO"),
    (r"\b\d+ min ago|just now", "AGO"),
    (r"\b\d{9,16}\b", "ID"),
    (r"127\.0\.0\.1:\d+", "HOST"),
];

impl fmt::Display for Album {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for scene in &self.scenes {
            match scene {
                Scene::Said(text) => writeln!(f, "\n> {text}")?,
                Scene::Pressed(button) => writeln!(f, "\n> [{button}]")?,
                Scene::Shared(number) => writeln!(f, "\n> (phone number {number})")?,
                Scene::Sent(message) => page(f, "new message", message)?,
                Scene::Edited(message) => page(f, "in its place", message)?,
                Scene::Note(text, alert) => {
                    writeln!(f, "\n{}: {text}", if *alert { "window" } else { "note" })?;
                }
                Scene::Deleted => writeln!(f, "\n(a message is deleted)")?,
            }
        }
        Ok(())
    }
}

fn page(f: &mut fmt::Formatter<'_>, how: &str, message: &ChatMessage) -> fmt::Result {
    writeln!(f, "\n--- {how}")?;
    for line in transcript::message(message) {
        writeln!(f, "{line}")?;
    }
    Ok(())
}
