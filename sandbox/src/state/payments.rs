//! The shop at YooKassa: its payments, its keys, how it is notified.

use crate::wire::{Notification, Payment};
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

pub(crate) struct Shop {
    pub(crate) id: String,
    pub(crate) secret: String,
    /// Beginning of the address of the payment page.
    pub(crate) page: String,
    pub(crate) notify: Notify,
    pub(crate) payments: BTreeMap<u64, Record>,
    pub(crate) by_id: HashMap<String, u64>,
    /// Idempotence key → the request it was first used with and what was answered.
    pub(crate) keys: HashMap<String, Used>,
    pub(crate) next: u64,
}

pub(crate) struct Notify {
    pub(crate) url: Option<String>,
    pub(crate) automatic: bool,
    pub(crate) first_retry: Duration,
    pub(crate) max_retry: Duration,
}

pub(crate) struct Record {
    pub(crate) object: Value,
    pub(crate) idempotence_key: String,
    /// What GET says instead of the true amount.
    pub(crate) shown_amount: Option<Value>,
    pub(crate) capture: bool,
    pub(crate) return_url: Option<String>,
    pub(crate) notifications: Vec<Notification>,
}

pub(crate) struct Used {
    pub(crate) path: String,
    pub(crate) body: Value,
    pub(crate) answer: Value,
}

impl Record {
    pub(crate) fn status(&self) -> &str {
        self.object.get("status").and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn id(&self) -> &str {
        self.object.get("id").and_then(Value::as_str).unwrap_or_default()
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

impl Shop {
    pub(crate) fn get(&self, id: &str) -> Option<&Record> {
        self.payments.get(self.by_id.get(id)?)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Record> {
        self.payments.get_mut(self.by_id.get(id)?)
    }
}
