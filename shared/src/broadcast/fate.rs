//! What becomes of a letter whose call has ended.

use std::time::Duration;

use super::letters::Taken;
use crate::telegram::TelegramError;

/// A dead token is tried again after this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A person is tried so often before their letter has failed: a chat of its own may be asked to wait for again and again.
const MOST_ATTEMPTS: i32 = 20;

/// A call that has ended.
pub(super) struct Ended {
    pub(super) letter: Taken,
    /// How many calls this letter has.
    pub(super) calls: usize,
    pub(super) came: Result<(), TelegramError>,
}

/// What becomes of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// All of it has arrived.
    Sent,
    /// Its next message is to be sent.
    Onward,
    /// Nothing was done; it is tried again after this.
    Again(Duration),
    Blocked,
    Failed,
    Unknown,
    /// What is to be copied is no more: the broadcast must not go on.
    NoSource,
}

impl Ended {
    pub(super) fn fate(&self) -> Fate {
        match &self.came {
            Ok(()) if usize::from(self.letter.arrived.unsigned_abs()) + 1 < self.calls => Fate::Onward,
            Ok(()) => Fate::Sent,
            // A dead token is the whole bot's trouble, and no fault of this letter.
            Err(TelegramError::Unauthorized) => Fate::Again(LONGEST_PAUSE),
            Err(TelegramError::RetryAfter(pause)) if self.letter.attempts < MOST_ATTEMPTS => Fate::Again(*pause),
            Err(TelegramError::RetryAfter(_)) => Fate::Failed,
            Err(TelegramError::NotSent(_) | TelegramError::Conflict(_)) => Fate::Again(Duration::from_secs(1)),
            Err(TelegramError::Unknown(_)) => Fate::Unknown,
            Err(TelegramError::Refused(why)) if why.starts_with("Forbidden") => Fate::Blocked,
            Err(TelegramError::Refused(why)) if no_source(why) => Fate::NoSource,
            Err(TelegramError::Refused(_)) => Fate::Failed,
        }
    }
}

/// Whether nobody at all can get it.
fn no_source(why: &str) -> bool {
    const GONE: [&str; 5] = [
        "message to copy not found",
        "message can't be copied",
        "there are no messages to copy",
        "nothing was copied",
        "MESSAGE_ID_INVALID",
    ];
    GONE.iter().any(|known| why.contains(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broadcast::{BroadcastId, Source};

    fn ended(came: Result<(), TelegramError>, (arrived, attempts, calls): (i16, i32, usize)) -> Fate {
        let source = Source { chat_id: 1, message_ids: vec![2] };
        Ended { letter: Taken { broadcast: BroadcastId(1), chat_id: 3, arrived, attempts, source }, calls, came }.fate()
    }

    #[test]
    fn only_a_call_that_certainly_did_nothing_is_made_again() {
        use TelegramError::{Conflict, NotSent, Refused, RetryAfter, Unauthorized, Unknown};
        let second = Duration::from_secs(1);
        let first = (0, 1, 1);
        assert_eq!(ended(Ok(()), first), Fate::Sent);
        assert_eq!(ended(Ok(()), (0, 1, 2)), Fate::Onward);
        assert_eq!(ended(Ok(()), (1, 2, 2)), Fate::Sent);
        assert_eq!(ended(Err(RetryAfter(7 * second)), first), Fate::Again(7 * second));
        assert_eq!(ended(Err(RetryAfter(7 * second)), (0, MOST_ATTEMPTS, 1)), Fate::Failed);
        assert_eq!(ended(Err(NotSent("down".into())), (0, 900, 1)), Fate::Again(second), "however long it is down");
        assert_eq!(ended(Err(Conflict("two".into())), first), Fate::Again(second));
        assert_eq!(ended(Err(Unauthorized), first), Fate::Again(LONGEST_PAUSE));
        assert_eq!(ended(Err(Unknown("Bad Gateway".into())), first), Fate::Unknown);
        let refused = |why: &str| ended(Err(Refused(why.to_owned())), first);
        assert_eq!(refused("Forbidden: bot was blocked by the user"), Fate::Blocked);
        assert_eq!(refused("Forbidden: user is deactivated"), Fate::Blocked);
        assert_eq!(refused("Bad Request: message to copy not found"), Fate::NoSource);
        assert_eq!(refused("Bad Request: message can't be copied"), Fate::NoSource);
        assert_eq!(refused("Bad Request: chat not found"), Fate::Failed);
    }
}
