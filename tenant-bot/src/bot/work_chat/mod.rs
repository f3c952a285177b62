//! The work chat: a group in which bookings hang as cards with buttons. Whoever presses one is asked what they are at every
//! press; a card is edited whenever its booking has changed, whoever changed it.
//!
//! ```text
//! w:<booking>              the card as it is now
//! w:<booking>:yes          agrees to a request
//! w:<booking>:no, :no!     turns it down: asks; does
//! w:<booking>:off, :off!   cancels: asks; does
//! w:<booking>:here, :done, :gone, :back   the customer is here, was here, did not come; a tap was wrong
//! ```

mod card;
mod keeper;

use std::fmt;

use anyhow::Result;
use shared::telegram::{
    Edited, Screen,
    incoming::{Message, Press, Standing},
};

pub(super) use self::card::card;
pub(crate) use self::keeper::CardKeeper;
use super::{
    Bot,
    choice::read,
    limits::{Kind, Verdict},
    words::Words,
};
use crate::booking::{BookError, BookingId, Bookings, Refusal, Status, UserId};

/// What a button of a card does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Show,
    Approve,
    AskDecline,
    Decline,
    AskCancel,
    Cancel,
    Mark(Status),
}

/// A button of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Choice(BookingId, Act);

const ACTS: [(&str, Act); 9] = [
    ("yes", Act::Approve),
    ("no", Act::AskDecline),
    ("no!", Act::Decline),
    ("off", Act::AskCancel),
    ("off!", Act::Cancel),
    ("here", Act::Mark(Status::Arrived)),
    ("done", Act::Mark(Status::Completed)),
    ("gone", Act::Mark(Status::NoShow)),
    ("back", Act::Mark(Status::Confirmed)),
];

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "w:{}", self.0.0)?;
        match ACTS.iter().find(|(_, act)| *act == self.1) {
            Some((word, _)) => write!(f, ":{word}"),
            None => Ok(()),
        }
    }
}

impl Choice {
    fn parse(data: &str) -> Option<Self> {
        let parts: Vec<&str> = data.split(':').collect();
        match parts[..] {
            ["w", id] => Some(Self(BookingId(read::id(id)?), Act::Show)),
            ["w", id, word] => {
                let (_, act) = ACTS.iter().find(|(known, _)| *known == word)?;
                Some(Self(BookingId(read::id(id)?), *act))
            }
            _ => None,
        }
    }
}

/// Something was said in a group: a link that connects it, or that it is a supergroup now. All else is none of ours.
pub(super) async fn said(bot: &Bot, update_id: i64, message: &Message) -> Result<()> {
    if let Some(to) = message.migrated_to {
        return Ok(bot.bookings.chat_moved(message.chat_id, to).await?);
    }
    let command = message.text.as_deref().and_then(|text| text.strip_prefix("/start")).unwrap_or_default();
    // «/start@bot code»: of groups with several bots only what is said to this one is its business.
    let code = match command.strip_prefix('@') {
        Some(to) => {
            to.split_once(' ').filter(|(name, _)| name.eq_ignore_ascii_case(&bot.username)).map(|(_, code)| code)
        }
        None => command.strip_prefix(' '),
    };
    let Some(code) = code.map(str::trim).filter(|code| !code.is_empty() && code.len() <= 64) else { return Ok(()) };
    let title: String = message.title.as_deref().unwrap_or("—").chars().take(200).collect();
    let who = UserId(message.from.id);
    let text = match bot.bookings.connect_chat(who, code, (message.chat_id, &title)).await {
        Ok(business) => Words { lang: business.language, ..bot.words(&message.from) }.say("work_chat.connected", &[]),
        // The same link said twice, or an update that came twice.
        Err(BookError::Wrong(_)) if bot.bookings.is_work_chat(message.chat_id).await? => return Ok(()),
        Err(BookError::Wrong(wrong)) => bot.words(&message.from).wrong(wrong),
        Err(error) => return Err(error.into()),
    };
    bot.outbox.reply(update_id, 0, message.chat_id, &Screen::text(text)).await?;
    Ok(())
}

/// What the bot is in a group has changed.
pub(super) async fn standing(bot: &Bot, standing: &Standing) -> Result<()> {
    if standing.inside { Ok(()) } else { Ok(bot.bookings.chat_lost(standing.chat_id).await?) }
}

/// A press in a group: done if whoever pressed may do it, and the card shows what is so now. All others are told no, in a
/// window that only they see.
pub(super) async fn pressed(bot: &Bot, update_id: i64, press: &Press) -> Result<()> {
    let user = UserId(press.from.id);
    let mut talk = bot.talks.find(user).await?;
    let words = bot.chosen_words(&press.from, &mut talk).await?;
    let say = async |text: Option<&str>| Ok(bot.telegram.answer_press(&press.id, text, text.is_some()).await?);
    match bot.limits.allows(user, Kind::Press, update_id).await {
        Verdict::Go => {}
        Verdict::Say => return say(Some(&words.plain("too_fast", &[]))).await,
        Verdict::Quiet => return Ok(()),
    }
    let choice = Choice::parse(&press.data);
    let (Some(choice), true) = (choice, bot.bookings.is_work_chat(press.chat_id).await?) else {
        return say(Some(&words.plain("stale", &[]))).await;
    };
    let Choice(id, act) = choice;
    let refused = match done(&bot.bookings, user, choice).await {
        Ok(()) => None,
        Err(BookError::Refused(refusal)) => Some(refusal),
        Err(BookError::Wrong(wrong)) => return say(Some(&words.wrong(wrong))).await,
        Err(error) => return Err(error.into()),
    };
    say(refused.map(|refusal| words.refusal(refusal)).as_deref()).await?;
    if refused == Some(Refusal::NotAdmin) {
        return Ok(());
    }
    let Some(now) = bot.bookings.work_card(id).await? else { return Ok(()) };
    let words = Words { lang: now.business.language, ..words };
    let shown = card(words, &now.business, &now.booking, now.moved_to.as_ref());
    let asks = refused.is_none() && matches!(act, Act::AskCancel | Act::AskDecline);
    let shown = if asks { card::asking(words, shown, id, act == Act::AskCancel) } else { shown };
    // Whatever does not come through is edited by the keeper of the cards.
    match bot.telegram.edit(press.chat_id, press.message_id, &shown).await {
        Ok(Edited::Done | Edited::NotModified | Edited::Gone) => {}
        Err(error) => tracing::info!(%error, "a card is edited later"),
    }
    Ok(())
}

async fn done(bookings: &Bookings, user: UserId, Choice(id, act): Choice) -> Result<(), BookError> {
    match act {
        Act::Show => bookings.staff_card(user, id).await.map(|_| ()),
        Act::Approve => bookings.approve(user, id).await.map(|_| ()),
        Act::AskDecline => {
            let card = bookings.staff_card(user, id).await?;
            if card.waits { Ok(()) } else { Err(no_longer(bookings, user).await?.into()) }
        }
        Act::AskCancel => {
            let card = bookings.staff_card(user, id).await?;
            if card.may_cancel { Ok(()) } else { Err(no_longer(bookings, user).await?.into()) }
        }
        Act::Decline => bookings.decline(user, id, None).await.map(|_| ()),
        Act::Cancel => bookings.cancel_for(user, id, None).await.map(|_| ()),
        Act::Mark(to) => bookings.mark(user, id, to).await.map(|_| ()),
    }
}

/// Why not: whoever only looks is told that they may not, others that it is over.
async fn no_longer(bookings: &Bookings, user: UserId) -> Result<Refusal, BookError> {
    bookings.admit(user, crate::booking::roles::Right::RunDay).await?;
    Ok(Refusal::NoLonger)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buttons_of_cards_come_back_and_others_are_refused() {
        for act in ACTS.iter().map(|(_, act)| *act).chain([Act::Show]) {
            for id in [1, read::MOST] {
                let choice = Choice(BookingId(id), act);
                assert!(choice.to_string().len() <= 64);
                assert_eq!(Choice::parse(&choice.to_string()), Some(choice));
            }
        }
        for crooked in ["", "w", "w:", "w:0", "w:01", "w:1:", "w:1:yes:", "w:1:YES", "w:-1", "yes:1", "w:1:no!!"] {
            assert_eq!(Choice::parse(crooked), None, "{crooked}");
        }
    }
}
