//! A visit in a few lines: what, with whom, when, for how much, for whom.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::words::Words;
use crate::booking::{Answer, Booking, Price, Quote, contact::Contact};

/// One service of it.
struct Line<'a> {
    service: &'a str,
    who: String,
    starts_at: DateTime<Utc>,
}

/// A visit, wherever it comes from.
pub(crate) struct Summary<'a> {
    lines: Vec<Line<'a>>,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    price: Price,
    party: u16,
    name: &'a str,
    phone: &'a str,
    comment: Option<&'a str>,
    answers: Vec<Answer>,
}

impl<'a> Summary<'a> {
    /// Of a booking that was made.
    pub(crate) fn of(b: &'a Booking) -> Self {
        let line = |l: &'a crate::booking::Line| Line {
            service: &l.service_name,
            who: l.resource_names.join(" + "),
            starts_at: l.starts_at,
        };
        Self {
            lines: b.lines.iter().map(line).collect(),
            starts_at: b.starts_at,
            ends_at: b.ends_at,
            price: b.price,
            party: b.party,
            name: &b.customer_name,
            phone: &b.phone,
            comment: b.comment.as_deref(),
            answers: b.answers.clone(),
        }
    }

    /// Of one that may be made.
    pub(crate) fn quoted(words: Words<'_>, quote: &'a Quote, party: u16, contact: &'a Contact) -> Self {
        let who = |who: &str, picked| {
            if picked { who.to_owned() } else { words.plain("booking.or_another", &[("who", &who)]) }
        };
        let line = |l: &'a crate::booking::QuoteLine| Line {
            service: &l.service_name,
            who: who(&l.who, l.picked),
            starts_at: l.starts_at,
        };
        Self {
            lines: quote.lines.iter().map(line).collect(),
            starts_at: quote.starts_at,
            ends_at: quote.ends_at,
            price: quote.price,
            party,
            name: &contact.name,
            phone: &contact.phone,
            comment: None,
            answers: Vec::new(),
        }
    }

    /// With what the customer wished to add.
    pub(crate) fn with(mut self, comment: Option<&'a str>, answers: Vec<Answer>) -> Self {
        self.comment = comment;
        self.answers = answers;
        self
    }

    /// In one language, by the business's clocks.
    pub(crate) fn say(&self, words: Words<'_>, zone: Tz) -> String {
        let mut text = String::new();
        let mut push = |line: String| {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&line);
        };
        match &self.lines[..] {
            [only] => {
                push(words.say("booking.service", &[("service", &only.service)]));
                push(words.say("booking.who", &[("who", &only.who)]));
            }
            several => {
                for line in several {
                    let time = words.time(zone, line.starts_at);
                    let args: [(&str, &dyn std::fmt::Display); 3] =
                        [("time", &time), ("service", &line.service), ("who", &line.who)];
                    push(words.say("booking.line", &args));
                }
            }
        }
        let (when, end) = (words.moment(zone, self.starts_at), words.time(zone, self.ends_at));
        let offset = words.offset(zone, self.starts_at);
        push(words.say("booking.when", &[("when", &when), ("end", &end), ("offset", &offset)]));
        push(words.say("booking.price", &[("price", &words.price(self.price))]));
        if self.party > 1 {
            push(words.count("booking.party", i64::from(self.party), &[]));
        }
        if !self.name.is_empty() {
            push(words.say("booking.customer", &[("name", &self.name), ("phone", &self.phone)]));
        }
        for answer in &self.answers {
            let args: [(&str, &dyn std::fmt::Display); 2] =
                [("question", &answer.question), ("answer", &answer.answer)];
            push(words.say("booking.answer", &args));
        }
        if let Some(comment) = self.comment {
            push(words.say("booking.comment", &[("comment", &comment)]));
        }
        text
    }
}
