//! A visit in a few lines: what, with whom, when, for how much, for whom.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::words::Words;
use crate::booking::{Answer, Booking, Price, Quote, contact::Contact};

/// So many characters of the customer's own words stand on one screen. With the longest names of the most services it then
/// stays within Telegram's 4096.
const OWN_WORDS: usize = 1400;

/// So many of the name of a service and of who does it, where there are several.
const LINE: usize = 100;

/// At most so many characters.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        text.to_owned()
    } else {
        text.chars().take(most.max(1) - 1).chain(['…']).collect()
    }
}

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
    discount_percent: u8,
    party: u16,
    name: &'a str,
    phone: &'a str,
    comment: Option<String>,
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
            discount_percent: b.office.discount_percent,
            party: b.party,
            name: &b.customer_name,
            phone: &b.phone,
            comment: b.comment.clone(),
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
            discount_percent: quote.discount_percent,
            party,
            name: &contact.name,
            phone: &contact.phone,
            comment: None,
            answers: Vec::new(),
        }
    }

    /// With what the customer wished to add.
    pub(crate) fn with(mut self, comment: Option<&str>, answers: Vec<Answer>) -> Self {
        self.comment = comment.map(str::to_owned);
        self.answers = answers;
        self
    }

    /// With no more of the customer's own words than a screen takes beside everything else.
    pub(crate) fn short(mut self) -> Self {
        let lines = self.answers.len() + usize::from(self.comment.is_some());
        let each = OWN_WORDS / lines.max(1);
        for answer in &mut self.answers {
            answer.question = cut(&answer.question, each / 2);
            answer.answer = cut(&answer.answer, each / 2);
        }
        self.comment = self.comment.map(|comment| cut(&comment, each));
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
                    let (service, who) = (cut(line.service, LINE), cut(&line.who, LINE));
                    let args: [(&str, &dyn std::fmt::Display); 3] =
                        [("time", &time), ("service", &service), ("who", &who)];
                    push(words.say("booking.line", &args));
                }
            }
        }
        let (when, end) = (words.moment(zone, self.starts_at), words.time(zone, self.ends_at));
        let offset = words.offset(zone, self.starts_at);
        push(words.say("booking.when", &[("when", &when), ("end", &end), ("offset", &offset)]));
        push(words.say("booking.price", &[("price", &words.price(self.price))]));
        if self.discount_percent > 0 {
            push(words.say("booking.discount", &[("percent", &self.discount_percent)]));
        }
        if self.party > 1 {
            push(words.count("booking.party", i64::from(self.party), &[]));
        }
        if !self.name.is_empty() && self.phone.is_empty() {
            push(words.say("booking.customer_only", &[("name", &self.name)]));
        } else if !self.name.is_empty() {
            push(words.say("booking.customer", &[("name", &self.name), ("phone", &self.phone)]));
        }
        for answer in &self.answers {
            let args: [(&str, &dyn std::fmt::Display); 2] =
                [("question", &answer.question), ("answer", &answer.answer)];
            push(words.say("booking.answer", &args));
        }
        if let Some(comment) = &self.comment {
            push(words.say("booking.comment", &[("comment", comment)]));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use shared::texts::{Lang, Texts};

    use super::*;
    use crate::booking::{BookingId, Line as BookedLine, ResourceId, ServiceId, Status, UserId};

    #[test]
    fn the_longest_visit_fits_on_a_screen() {
        let at: DateTime<Utc> = "2026-11-24T09:00:00Z".parse().unwrap();
        let line = BookedLine {
            service: ServiceId(1),
            service_name: "я".repeat(100),
            resources: vec![ResourceId(1); 8],
            resource_names: vec!["ж".repeat(100); 8],
            starts_at: at,
            duration: TimeDelta::minutes(60),
            buffer_before: TimeDelta::zero(),
            buffer_after: TimeDelta::zero(),
            price: Price::exactly(9_999_999_999),
            session: None,
        };
        let answer = Answer { question: "в".repeat(200), answer: "о".repeat(500) };
        let booking = Booking {
            id: BookingId(1),
            user: UserId(1),
            status: Status::Confirmed,
            lines: vec![line; 8],
            starts_at: at,
            ends_at: at + TimeDelta::hours(8),
            price: Price::exactly(9_999_999_999),
            party: 500,
            customer_name: "и".repeat(60),
            phone: "+123456789012345".into(),
            comment: Some("к".repeat(500)),
            answers: vec![answer; 20],
            held_until: None,
            series: None,
            moved_from: None,
            cancelled_by: None,
            cancel_reason: None,
            coming_at: None,
            office: crate::booking::Office::default(),
        };
        let texts = Texts::load("tenant").unwrap();
        for lang in [Lang::Ru, Lang::En] {
            let said = Summary::of(&booking).short().say(Words { texts: &texts, lang }, Tz::Europe__Moscow);
            let length = said.chars().count();
            // What stands around it: a head, a reason, an address, what to do next.
            assert!(length <= 4096 - 700, "{length}");
        }
    }
}
