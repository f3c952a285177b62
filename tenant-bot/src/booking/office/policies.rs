//! The rules of booking and what is true of the business: one table of settings, each with what fits into it.

use chrono::TimeDelta;
use serde_json::json;
use shared::texts::Lang;

use super::{Field, Shape, Value};
use crate::{
    booking::{
        desk::{BookError, Bookings},
        model::{Business, UserId},
        policy::{Admits, Approval},
        roles::Right,
    },
    store,
};

/// A year in minutes.
const YEAR: i64 = 525_600;

/// Something that the business decides as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is a value of Policy or of Business, which say what it means")]
pub enum Setting {
    Step,
    Notice,
    Horizon,
    CancelDeadline,
    MoveDeadline,
    Approval,
    Admits,
    NoShowLimit,
    ActiveLimit,
    DailyCap,
    ResourceDailyCap,
    CustomerDailyCap,
    VisitLimit,
    RepeatLimit,
    Reminders,
    FreeUnanswered,
    Feedback,
    Waitlist,
    Offer,
    Hold,
    Name,
    Address,
    Phone,
    ReviewUrl,
    Language,
}

use Setting::{
    ActiveLimit, Address, Admits as Who, Approval as Agreed, CancelDeadline, CustomerDailyCap, DailyCap, Feedback,
    FreeUnanswered, Hold, Horizon, Language, MoveDeadline, Name, NoShowLimit, Notice, Offer, Phone, Reminders,
    RepeatLimit, ResourceDailyCap, ReviewUrl, Step, VisitLimit, Waitlist,
};

/// The table: the word in buttons and texts, the key in the settings, what fits, whether it may be off.
#[rustfmt::skip]
const TABLE: [(Setting, &str, &str, Shape, bool); 25] = [
    (Step,             "step",             "step_minutes",            Shape::Length(5, 1440),  false),
    (Notice,           "notice",           "notice_minutes",          Shape::Length(0, YEAR),  false),
    (Horizon,          "horizon",          "horizon_days",            Shape::Number(0, 365),   false),
    (CancelDeadline,   "cancel",           "cancel_deadline_minutes", Shape::Length(0, YEAR),  false),
    (MoveDeadline,     "move",             "move_deadline_minutes",   Shape::Length(0, YEAR),  false),
    (Agreed,           "approval",         "approval",                Shape::Word(&["at_once", "by_request"]), false),
    (Who,              "admits",           "admits",                  Shape::Word(&["everyone", "known", "nobody"]), false),
    (NoShowLimit,      "no_show",          "no_show_limit",           Shape::Number(1, 100),   true),
    (ActiveLimit,      "active",           "active_limit",            Shape::Number(1, 100),   false),
    (DailyCap,         "day",              "daily_cap",               Shape::Number(1, 1000),  true),
    (ResourceDailyCap, "day_resource",     "resource_daily_cap",      Shape::Number(1, 1000),  true),
    (CustomerDailyCap, "day_customer",     "customer_daily_cap",      Shape::Number(1, 100),   true),
    (VisitLimit,       "visit",            "visit_limit",             Shape::Number(1, 8),     false),
    (RepeatLimit,      "repeat",           "repeat_limit",            Shape::Number(0, 52),    false),
    (Reminders,        "reminders",        "reminder_minutes",        Shape::Lengths,          false),
    (FreeUnanswered,   "unanswered",       "free_unanswered_minutes", Shape::Length(5, YEAR),  true),
    (Feedback,         "feedback",         "feedback_minutes",        Shape::Length(0, YEAR),  true),
    (Waitlist,         "waitlist",         "waitlist",                Shape::Word(&["on", "off"]), false),
    (Offer,            "offer",            "offer_minutes",           Shape::Length(1, 1440),  false),
    (Hold,             "hold",             "hold_minutes",            Shape::Length(1, 1440),  false),
    (Name,             "name",             "business_name",           Shape::Text(100),        false),
    (Address,          "address",          "address",                 Shape::Text(300),        true),
    (Phone,            "phone",            "phone",                   Shape::Phone,            true),
    (ReviewUrl,        "review",           "review_url",              Shape::Link,             true),
    (Language,         "language",         "language",                Shape::Word(&["ru", "en"]), false),
];

impl Setting {
    /// All of them, in order.
    pub const ALL: [Self; 25] = {
        let mut all = [Step; 25];
        let mut n = 0;
        while n < 25 {
            all[n] = TABLE[n].0;
            n += 1;
        }
        all
    };

    /// What fits into it.
    pub fn field(self) -> Field {
        let row = TABLE.iter().find(|row| row.0 == self).unwrap_or(&TABLE[0]);
        Field { word: row.1, shape: row.3, optional: row.4 }
    }

    fn key(self) -> &'static str {
        TABLE.iter().find(|row| row.0 == self).map_or("", |row| row.2)
    }

    /// Whether it says what is true of the business, and no rule of booking.
    pub fn of_place(self) -> bool {
        matches!(self, Name | Address | Phone | ReviewUrl | Language)
    }

    /// Reads the word of its field.
    pub fn from_word(word: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == word).map(|row| row.0)
    }

    /// What the business has there.
    pub fn of(self, business: &Business) -> Value {
        let (policy, place) = (&business.policy, &business.place);
        let number = |n: u16| Value::Number(n.into());
        match self {
            Step => Value::Length(policy.step),
            Notice => Value::Length(policy.notice),
            Horizon => number(policy.horizon_days),
            CancelDeadline => Value::Length(policy.cancel_deadline),
            MoveDeadline => Value::Length(policy.move_deadline),
            Agreed => Value::Word(match policy.approval {
                Approval::AtOnce => "at_once",
                Approval::ByRequest => "by_request",
            }),
            Who => Value::Word(match policy.admits {
                Admits::Everyone => "everyone",
                Admits::Known => "known",
                Admits::Nobody => "nobody",
            }),
            NoShowLimit => Value::number(policy.no_show_limit),
            ActiveLimit => number(policy.active_limit),
            DailyCap => Value::number(policy.daily_cap),
            ResourceDailyCap => Value::number(policy.resource_daily_cap),
            CustomerDailyCap => Value::number(policy.customer_daily_cap),
            VisitLimit => number(policy.visit_limit),
            RepeatLimit => number(policy.repeat_limit),
            Reminders => Value::Lengths(in_order(policy.reminders.clone())),
            FreeUnanswered => Value::length(policy.free_unanswered),
            Feedback => Value::length(policy.feedback_after),
            Waitlist => Value::Word(if policy.waitlist { "on" } else { "off" }),
            Offer => Value::Length(policy.offer),
            Hold => Value::Length(policy.hold),
            Name => Value::Text(business.name.clone()),
            Address => Value::text(place.address.as_deref()),
            Phone => Value::text(place.phone.as_deref()),
            ReviewUrl => Value::text(place.review_url.as_deref()),
            Language => Value::Word(if business.language == Lang::En { "en" } else { "ru" }),
        }
    }
}

/// The longest first, each once.
fn in_order(mut lengths: Vec<TimeDelta>) -> Vec<TimeDelta> {
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    lengths.dedup();
    lengths
}

impl Bookings {
    /// Decides one thing. Bookings that were made stay as they are, and so do their reminders.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), what is wrong, or Postgres.
    pub async fn decide(&self, user: UserId, setting: Setting, value: &Value) -> Result<(), BookError> {
        let field = setting.field();
        field.check(value)?;
        let mut act = self.offer_act(user, Right::EditPolicy).await?;
        let value = match value {
            Value::Lengths(all) => Value::Lengths(in_order(all.clone())),
            other => other.clone(),
        };
        let from = setting.of(&act.business);
        if from == value {
            return Ok(());
        }
        let stored = match (&value, setting.of_place()) {
            // An address that is not known is an empty row.
            (Value::Nothing, true) => String::new(),
            _ => value.setting(),
        };
        store::settings::set(&mut *act.tx, setting.key(), &stored, act.now).await?;
        let detail = json!({ "field": field.word, "from": from.told(), "to": value.told() });
        let action = if setting.of_place() { "place.changed" } else { "policy.changed" };
        let name = act.business.name.clone();
        act.note(action, &name, detail).await?;
        if setting.of_place() { Ok(act.tx.commit().await?) } else { self.opened(act).await }
    }
}

/// What a change of the zone does, for those who are about to make it.
#[derive(Clone, Debug)]
pub struct ZoneChange {
    /// As it is.
    pub business: Business,
    /// Bookings that are ahead: they keep their moment, and their clock shows another time.
    pub ahead: Vec<crate::booking::Booking>,
}

impl Bookings {
    /// What a change of the zone would do.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), or Postgres.
    pub async fn before_zone(&self, user: UserId) -> Result<ZoneChange, BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let (business, _) = self.staffed(&mut conn, user, Right::EditPolicy).await?;
        let span = crate::booking::hours::Span { start: now, end: now + TimeDelta::days(400) };
        let mut ahead = store::bookings::list_within(&mut *conn, span).await?;
        ahead.retain(|b| matches!(b.status, crate::booking::Status::Confirmed | crate::booking::Status::Requested));
        Ok(ZoneChange { business, ahead })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_its_own_word_and_key() {
        for (n, setting) in Setting::ALL.into_iter().enumerate() {
            assert_eq!(Setting::from_word(setting.field().word), Some(setting));
            assert_eq!(TABLE.iter().position(|row| row.2 == setting.key()), Some(n));
        }
    }
}
