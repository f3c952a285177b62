//! What an update leads to, as data: made by the screens, carried out in one place.

use shared::{outbox::Document, telegram::Screen};

/// What is sent below the screen that a press was on, which stays.
#[derive(Clone, Debug)]
pub(crate) enum Below {
    /// A message without buttons.
    Screen(Screen),
    /// A file, with a text above it.
    File(Screen, Document),
}

/// The bot's turn in a conversation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turn {
    /// What to show. After a press the first takes the place of the pressed message; all others are new messages.
    pub(crate) screens: Vec<Screen>,
    /// What to send below, whatever is shown: a picture, a card, a file.
    pub(crate) below: Vec<Below>,
    /// What to say at the press itself.
    pub(crate) alert: Option<String>,
    /// Whether that is only a note in passing, and no window that must be closed.
    pub(crate) in_passing: bool,
    /// Whether an answer to a message takes the place of the message that has the buttons, and the typed words go.
    pub(crate) in_place: bool,
    /// Whether those words stay all the same.
    pub(crate) leaves: bool,
    /// Whether the buttons of the pressed message go, unless it is the one that has the newest.
    pub(crate) stale: bool,
}

impl Turn {
    /// Shows one screen.
    pub(crate) fn show(screen: Screen) -> Self {
        Self { screens: vec![screen], ..Self::default() }
    }

    /// Says something at the press, and changes nothing on the screen.
    pub(crate) fn alert(text: String) -> Self {
        Self { alert: Some(text), ..Self::default() }
    }

    /// The same in passing.
    pub(crate) fn note(text: String) -> Self {
        Self { alert: Some(text), in_passing: true, ..Self::default() }
    }

    /// The button is of no use any more: that is said, and it goes.
    pub(crate) fn stale(text: String) -> Self {
        Self { alert: Some(text), stale: true, ..Self::default() }
    }

    /// Leaves the screen as it is, and sends this below it.
    pub(crate) fn below(below: Below) -> Self {
        Self { below: vec![below], ..Self::default() }
    }

    /// In the message that has the buttons, even if this answers something typed.
    pub(crate) fn in_place(mut self) -> Self {
        self.in_place = true;
        self
    }

    /// And whatever was typed stays where it is.
    pub(crate) fn leaving(mut self) -> Self {
        self.leaves = true;
        self
    }

    /// With this (HTML) over what is shown.
    pub(crate) fn noting(mut self, note: &str) -> Self {
        if let Some(first) = self.screens.first_mut() {
            first.text = format!("{note}\n\n{}", first.text);
        }
        self
    }

    /// And then shows another screen.
    pub(crate) fn then(mut self, screen: Screen) -> Self {
        self.screens.push(screen);
        self
    }

    /// And says something at the press.
    pub(crate) fn saying(mut self, text: String) -> Self {
        self.alert = Some(text);
        self
    }
}
