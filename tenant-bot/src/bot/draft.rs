//! What a customer is putting together.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::choice::DraftId;
use crate::booking::{Answer, BookingId, Offer, Pick, Question, Repeat, ServiceId, Want, Wanted};

/// What it is to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Goal {
    /// A new booking.
    Book,
    /// Another time for this one.
    Move(BookingId),
}

/// Repeats that are being put together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Series {
    /// How often.
    pub(crate) repeat: Repeat,
    /// By a date's place: another time for it, or none at all.
    pub(crate) changes: BTreeMap<u8, Option<DateTime<Utc>>>,
}

/// What somebody waits for, before we know who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// Both included.
    pub(crate) dates: (NaiveDate, NaiveDate),
    /// As [`WaitWish`](crate::booking::WaitWish) has them.
    pub(crate) hours: Option<(u16, u16)>,
}

/// See the module. It becomes a wish when its owner says yes; until then nothing in it is believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Draft {
    /// Its number, which its buttons carry.
    pub(crate) id: DraftId,
    /// What it is to become.
    pub(crate) goal: Goal,
    /// The visit so far.
    pub(crate) wanted: Wanted,
    /// The names of its services, as they were last read.
    pub(crate) what: String,
    /// What is asked of whoever books it.
    pub(crate) questions: Vec<Question>,
    /// With whom is settled for so many of its services.
    pub(crate) settled: usize,
    /// Whether the size of the party is settled.
    pub(crate) party_known: bool,
    /// The time that was chosen.
    pub(crate) starts_at: Option<DateTime<Utc>>,
    /// The date that was looked at last.
    pub(crate) date: Option<NaiveDate>,
    /// Until when the time is kept; none: it is not, or another one is.
    pub(crate) kept_until: Option<DateTime<Utc>>,
    /// Whether anything was kept for it.
    pub(crate) kept: bool,
    /// Whether it is to come back.
    pub(crate) series: Option<Series>,
    /// What somebody waits for, if no time suits.
    pub(crate) waiting: Option<Waiting>,
    /// The customer's own words.
    pub(crate) comment: Option<String>,
    /// Answers by question; none: it was skipped.
    pub(crate) answers: Vec<(String, Option<String>)>,
    /// Where the customer came from.
    pub(crate) source: Option<String>,
}

impl Draft {
    /// A draft of a visit of which nothing is settled.
    pub(crate) fn of(id: DraftId, wanted: Wanted, source: Option<String>) -> Self {
        Self {
            id,
            goal: Goal::Book,
            wanted,
            what: String::new(),
            questions: Vec::new(),
            settled: 0,
            party_known: false,
            starts_at: None,
            date: None,
            kept_until: None,
            kept: false,
            series: None,
            waiting: None,
            comment: None,
            answers: Vec::new(),
            source,
        }
    }

    /// The same, with all of it settled save for the time.
    pub(crate) fn settled(mut self) -> Self {
        self.settled = self.wanted.wants.len();
        self.party_known = true;
        self
    }

    /// Notes what an offer says of the visit.
    pub(crate) fn read(&mut self, offer: &Offer) {
        let names: Vec<&str> = offer.parts.iter().map(|p| p.service.name.as_str()).collect();
        self.what = names.join(" + ");
        self.questions = Vec::new();
        for question in offer.parts.iter().flat_map(|p| &p.service.questions) {
            if !self.questions.iter().any(|q| q.text == question.text) {
                self.questions.push(question.clone());
            }
        }
    }

    /// What was not asked yet.
    pub(crate) fn next_question(&self) -> Option<&Question> {
        self.questions.iter().find(|q| !self.answers.iter().any(|(text, _)| *text == q.text))
    }

    /// Adds a service as the `n`-th; a press that comes twice adds it once.
    pub(crate) fn add(&mut self, n: u8, service: ServiceId) {
        if self.wanted.wants.len() == usize::from(n) {
            self.wanted.wants.push(Want { service, pick: Pick::Any });
            self.changed();
        }
    }

    /// Takes the `n`-th service away, if it is the last and not the only one.
    pub(crate) fn drop_last(&mut self, n: u8) {
        if n > 0 && self.wanted.wants.len() == usize::from(n) + 1 {
            self.wanted.wants.pop();
            self.settled = self.settled.min(usize::from(n));
            self.changed();
        }
    }

    /// The visit is another one: what was found for it is looked for again.
    pub(crate) fn changed(&mut self) {
        self.kept_until = None;
        self.series = None;
    }

    /// With whom, if there is one service only.
    pub(crate) fn only_pick(&self) -> Option<Pick> {
        match self.wanted.wants[..] {
            [only] => Some(only.pick),
            _ => None,
        }
    }

    /// What was asked and answered.
    pub(crate) fn answered(&self) -> Vec<Answer> {
        let answer = |(question, answer): &(String, Option<String>)| {
            Some(Answer { question: question.clone(), answer: answer.clone()? })
        };
        // Of a service that was taken away again nothing is told.
        let asked = |(question, _): &&(String, Option<String>)| self.questions.iter().any(|q| q.text == *question);
        self.answers.iter().filter(asked).filter_map(answer).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft::of(DraftId::of(1), Wanted::one(ServiceId(1), Pick::Any), None)
    }

    #[test]
    fn a_press_that_comes_twice_adds_and_drops_one_service() {
        let mut draft = draft();
        for _ in 0..2 {
            draft.add(1, ServiceId(2));
        }
        assert_eq!(draft.wanted.wants.len(), 2);
        draft.settled = 2;
        for _ in 0..2 {
            draft.drop_last(1);
        }
        assert_eq!((draft.wanted.wants.len(), draft.settled), (1, 1));
        draft.drop_last(0);
        assert_eq!(draft.wanted.wants.len(), 1, "a visit without services is none");
    }

    #[test]
    fn a_draft_comes_back_from_where_it_is_kept() {
        let mut draft = draft();
        draft.goal = Goal::Move(BookingId(7));
        draft.starts_at = DateTime::from_timestamp(1_800_000_000, 0);
        draft.answers = vec![("Аллергия?".into(), None), ("Цвет?".into(), Some("синий".into()))];
        let changes = BTreeMap::from([(1, None), (2, draft.starts_at)]);
        draft.series = Some(Series { repeat: Repeat { every_weeks: 2, times: 4 }, changes });
        draft.questions = ["Аллергия?", "Цвет?"].map(|text| Question { text: text.into(), required: false }).to_vec();
        let json = serde_json::to_string(&draft).unwrap();
        assert_eq!(serde_json::from_str::<Draft>(&json).unwrap(), draft);
        assert_eq!((draft.answered().len(), draft.next_question()), (1, None));
        draft.questions.remove(1);
        assert!(draft.answered().is_empty(), "what is no longer asked is not told");
    }
}
