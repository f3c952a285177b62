//! The shop at YooKassa: its payments, refunds, saved methods and receipts, its keys, how it is notified.

use crate::wire::{Notification, NotificationSettings, Payment, Refund, SavedMethod, ShopSettings};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Duration,
};

/// Ways to pay that a new shop has.
pub(crate) const USUAL_METHODS: [&str; 5] = ["bank_card", "yoo_money", "sbp", "sberbank", "tinkoff_bank"];

pub(crate) struct Shop {
    pub(crate) id: String,
    pub(crate) secret: String,
    /// Beginning of the address of the payment page.
    pub(crate) page: String,
    pub(crate) settings: ShopSettings,
    pub(crate) notify: Notify,
    pub(crate) payments: Book<Record>,
    pub(crate) refunds: Book<RefundRecord>,
    pub(crate) receipts: Book<Value>,
    pub(crate) methods: HashMap<String, Method>,
    /// How the next refunds are to end, in their order; the usual way when there is nothing.
    pub(crate) next_refunds: VecDeque<crate::wire::RefundOrder>,
    /// Idempotence key → the request it was first used with and what was answered.
    pub(crate) keys: HashMap<String, Used>,
}

/// Numbered objects, found by their ids.
pub(crate) struct Book<T> {
    pub(crate) all: BTreeMap<u64, T>,
    by_id: HashMap<String, u64>,
    next: u64,
}

impl<T> Default for Book<T> {
    fn default() -> Self {
        Self { all: BTreeMap::new(), by_id: HashMap::new(), next: 1 }
    }
}

impl<T> Book<T> {
    pub(crate) fn add(&mut self, id: &str, object: T) {
        self.by_id.insert(id.to_owned(), self.next);
        self.all.insert(self.next, object);
        self.next += 1;
    }

    pub(crate) fn has(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.all.get(self.by_id.get(id)?)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.all.get_mut(self.by_id.get(id)?)
    }
}

pub(crate) struct Notify {
    pub(crate) url: Option<String>,
    pub(crate) automatic: bool,
    pub(crate) first_retry: Duration,
    pub(crate) max_retry: Duration,
    /// How often each is sent that was taken: more than once are duplicates.
    pub(crate) copies: u32,
    /// Kept back until they are let go, in whatever order.
    pub(crate) hold: bool,
    pub(crate) held: Vec<Held>,
}

/// A notification that is kept back.
pub(crate) struct Held {
    pub(crate) about: String,
    pub(crate) event: String,
    pub(crate) object: Value,
}

impl Notify {
    pub(crate) fn view(&self) -> NotificationSettings {
        let ms = |pause: Duration| u64::try_from(pause.as_millis()).ok();
        NotificationSettings {
            url: self.url.clone(),
            automatic: Some(self.automatic),
            first_retry_ms: ms(self.first_retry),
            max_retry_ms: ms(self.max_retry),
            copies: Some(self.copies),
            hold: Some(self.hold),
        }
    }
}

pub(crate) struct Record {
    pub(crate) object: Value,
    pub(crate) idempotence_key: String,
    /// What GET says instead of the true amount.
    pub(crate) shown_amount: Option<Value>,
    pub(crate) capture: bool,
    /// What the shop said of saving the method; none leaves it to the buyer.
    pub(crate) save: Option<bool>,
    /// The kind of method that the shop has chosen; none leaves it to the buyer.
    pub(crate) method: Option<String>,
    pub(crate) return_url: Option<String>,
    pub(crate) receipt: Option<Value>,
    pub(crate) created_at: DateTime<Utc>,
    /// When it ends by itself: as a pending payment, or as one that waits for capture.
    pub(crate) ends_at: Option<DateTime<Utc>>,
    pub(crate) notifications: Vec<Notification>,
}

pub(crate) struct RefundRecord {
    pub(crate) object: Value,
    pub(crate) receipt: Option<Value>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) idempotence_key: String,
    pub(crate) notifications: Vec<Notification>,
}

/// A way to pay that a buyer let the shop keep, or is about to.
pub(crate) struct Method {
    /// Without `confirmation`.
    pub(crate) object: Value,
    pub(crate) return_url: Option<String>,
    /// The buyer has taken it back.
    pub(crate) revoked: bool,
    /// Why charges are declined.
    pub(crate) decline: Option<String>,
}

impl Method {
    pub(crate) fn view(&self) -> SavedMethod {
        let text = |field: &str| self.object.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        SavedMethod {
            id: text("id"),
            kind: text("type"),
            status: text("status"),
            title: text("title"),
            revoked: self.revoked,
            decline: self.decline.clone(),
        }
    }
}

pub(crate) struct Used {
    pub(crate) path: String,
    pub(crate) body: Value,
    pub(crate) answer: Value,
    pub(crate) at: DateTime<Utc>,
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object.get(field).and_then(Value::as_str).unwrap_or_default()
}

impl Record {
    pub(crate) fn status(&self) -> &str {
        text(&self.object, "status")
    }

    pub(crate) fn id(&self) -> &str {
        text(&self.object, "id")
    }

    /// The object as the shop gets it.
    pub(crate) fn shown(&self) -> Value {
        let mut object = self.object.clone();
        if let Some(amount) = &self.shown_amount {
            object["amount"] = amount.clone();
        }
        object
    }

    pub(crate) fn view(&self) -> Payment {
        Payment {
            id: self.id().to_owned(),
            status: self.status().to_owned(),
            object: self.shown(),
            idempotence_key: self.idempotence_key.clone(),
            notifications: self.notifications.clone(),
        }
    }
}

impl RefundRecord {
    pub(crate) fn status(&self) -> &str {
        text(&self.object, "status")
    }

    pub(crate) fn payment(&self) -> &str {
        text(&self.object, "payment_id")
    }

    pub(crate) fn view(&self) -> Refund {
        Refund {
            id: text(&self.object, "id").to_owned(),
            payment_id: self.payment().to_owned(),
            status: self.status().to_owned(),
            object: self.object.clone(),
            idempotence_key: self.idempotence_key.clone(),
            notifications: self.notifications.clone(),
        }
    }
}

impl Shop {
    pub(crate) fn new(id: String, secret: String, page: String, notify: Notify) -> Self {
        Self {
            id,
            secret,
            page,
            settings: ShopSettings {
                methods: Some(USUAL_METHODS.map(str::to_owned).to_vec()),
                autopayments: Some(true),
                receipts: Some(false),
            },
            notify,
            payments: Book::default(),
            refunds: Book::default(),
            receipts: Book::default(),
            methods: HashMap::new(),
            next_refunds: VecDeque::new(),
            keys: HashMap::new(),
        }
    }

    pub(crate) fn offers(&self, method: &str) -> bool {
        self.settings.methods.iter().flatten().any(|offered| offered == method)
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Record> {
        self.payments.get(id)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Record> {
        self.payments.get_mut(id)
    }

    /// Notes an attempt to notify of a payment or a refund.
    pub(crate) fn note(&mut self, about: &str, note: Notification) {
        if let Some(record) = self.payments.get_mut(about) {
            record.notifications.push(note);
        } else if let Some(record) = self.refunds.get_mut(about) {
            record.notifications.push(note);
        }
    }

    /// The moment at which the next payment ends by itself.
    pub(crate) fn next_end(&self) -> Option<DateTime<Utc>> {
        self.payments.all.values().filter_map(|record| record.ends_at).min()
    }

    /// Payments whose time is over.
    pub(crate) fn over(&self, now: DateTime<Utc>) -> Vec<String> {
        let over = |record: &&Record| record.ends_at.is_some_and(|at| at <= now);
        self.payments.all.values().filter(over).map(|record| record.id().to_owned()).collect()
    }
}
