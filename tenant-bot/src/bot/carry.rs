//! Turns carried out: what is shown in place of what was pressed, what is sent, and whose buttons go.

use std::time::Duration;

use anyhow::Result;
use shared::telegram::{
    Edited, Keyboard, Screen, TelegramError,
    incoming::{Message, Press},
};

use super::{
    Bot,
    talk::Talk,
    turn::{Below, Turn},
};

/// A flood limit is waited out for so long at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

impl Bot {
    /// After a press: the first screen in its place, the others after it.
    pub(super) async fn show(&self, update_id: i64, press: &Press, turn: &Turn, talk: &mut Talk) -> Result<()> {
        let chat_id = press.chat_id;
        if turn.stale && talk.keyboard != Some(press.message_id) {
            self.take_buttons(chat_id, press.message_id).await;
        }
        let (first, rest) = match turn.screens.split_first() {
            Some((first, rest)) => (Some(first), rest),
            None => (None, &[][..]),
        };
        if let Some(first) = first {
            let shown = match self.edit((chat_id, press.message_id), first).await? {
                Edited::Gone => self.outbox.reply(update_id, 0, chat_id, first).await?.message_id,
                Edited::Done | Edited::NotModified => Some(press.message_id),
            };
            self.now_has_buttons(chat_id, shown, first, talk).await;
        }
        self.send(update_id, chat_id, (1, rest, &turn.below), talk).await
    }

    /// After a message: all of it as new messages. What would stand in a window stands at the top of the last, which has the buttons.
    pub(super) async fn tell(&self, update_id: i64, message: &Message, mut turn: Turn, talk: &mut Talk) -> Result<()> {
        let chat_id = message.chat_id;
        if let Some(said) = turn.alert.take()
            && let Some(last) = turn.screens.last_mut()
            && !last.text.contains(&said)
        {
            last.text = format!("{said}\n\n{}", last.text);
        }
        // The words are in what is shown now; below it they would only push it up, out of sight.
        if turn.in_place
            && let Some((first, rest)) = turn.screens.split_first()
            && let Some(console) = talk.keyboard
            && self.edit((chat_id, console), first).await? != Edited::Gone
        {
            self.now_has_buttons(chat_id, Some(console), first, talk).await;
            if !turn.leaves
                && let Err(error) = self.telegram.delete_message(chat_id, message.message_id).await
            {
                tracing::info!(%error, "what was typed stays");
            }
            return self.send(update_id, chat_id, (1, rest, &turn.below), talk).await;
        }
        self.send(update_id, chat_id, (0, &turn.screens, &turn.below), talk).await
    }

    /// New messages, the first of which is this one among the answers to the update.
    async fn send(
        &self,
        update_id: i64,
        chat_id: i64,
        (mut nth, screens, below): (u8, &[Screen], &[Below]),
        talk: &mut Talk,
    ) -> Result<()> {
        for screen in screens {
            let sent = self.outbox.reply(update_id, nth, chat_id, screen).await?.message_id;
            self.now_has_buttons(chat_id, sent, screen, talk).await;
            nth += 1;
        }
        for below in below {
            match below {
                Below::Screen(screen) => self.outbox.reply(update_id, nth, chat_id, screen).await?,
                Below::File(screen, file) => self.outbox.reply_document(update_id, nth, chat_id, screen, file).await?,
            };
            nth += 1;
        }
        Ok(())
    }

    /// One message at a time has buttons: those of the one before go.
    async fn now_has_buttons(&self, chat_id: i64, message: Option<i32>, screen: &Screen, talk: &mut Talk) {
        let Some(message) = message else { return };
        let old = match screen.keyboard {
            Keyboard::Inline(_) => talk.keyboard.replace(message).filter(|old| *old != message),
            // A key below the chat takes the place of buttons.
            Keyboard::Reply(_) => talk.keyboard.take(),
            // An edit without buttons has taken them away.
            Keyboard::None | Keyboard::Remove => {
                talk.keyboard.take_if(|old| *old == message);
                None
            }
        };
        if let Some(old) = old {
            self.take_buttons(chat_id, old).await;
        }
    }

    /// Buttons that stay do no harm: each says that it is stale. So this is no reason to answer twice.
    async fn take_buttons(&self, chat_id: i64, message: i32) {
        if let Err(error) = self.telegram.remove_keyboard(chat_id, message).await {
            tracing::info!(%error, "the buttons of an old message stay");
        }
    }

    /// Edits may be repeated, so a flood limit is waited out here.
    async fn edit(&self, (chat_id, message): (i64, i32), screen: &Screen) -> Result<Edited, TelegramError> {
        match self.telegram.edit(chat_id, message, screen).await {
            Err(TelegramError::RetryAfter(pause)) if pause <= LONGEST_PAUSE => {
                tokio::time::sleep(pause).await;
                self.telegram.edit(chat_id, message, screen).await
            }
            other => other,
        }
    }
}
