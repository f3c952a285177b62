//! What an update leads to, as data: made by the screens, carried out in one place.

use shared::telegram::Screen;

use super::draft::Draft;

/// The bot's turn in a conversation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turn {
    /// What to show. After a press the first takes the place of the pressed message; all others are new messages.
    pub(crate) screens: Vec<Screen>,
    /// What to say at the press itself, in a window.
    pub(crate) alert: Option<String>,
    /// What the next typed message is for; `None` forgets whatever it was for.
    pub(crate) draft: Option<Draft>,
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

    /// And then shows another screen.
    pub(crate) fn then(mut self, screen: Screen) -> Self {
        self.screens.push(screen);
        self
    }

    /// And then awaits a typed message.
    pub(crate) fn awaiting(mut self, draft: Draft) -> Self {
        self.draft = Some(draft);
        self
    }
}
