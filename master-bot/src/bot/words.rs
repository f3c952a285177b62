//! The words of messages that are due to something other than a tap: money, a bot that is ready.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use shared::{
    telegram::{Button, Screen},
    texts::{Lang, Texts},
};

use super::{
    buyer,
    callback::{BuyerAct, OperatorAct},
};
use crate::{
    fleet::steps::ReadyWords,
    registry::{
        Kopecks,
        clients::Client,
        orders::Order,
        payments::{Method, Payment},
        tenants::Tenant,
    },
    sales::money::Words,
};

/// The texts behind `sales` and `fleet`.
pub(crate) struct BotWords {
    pub(crate) texts: Arc<Texts>,
}

impl Words for BotWords {
    fn paid(&self, client: &Client, order: &Order, amount: Kopecks) -> Screen {
        let name = order.business_name.as_deref().unwrap_or_default();
        let args: [(&str, &dyn std::fmt::Display); 2] = [("price", &amount), ("name", &name)];
        Screen::text(self.texts.say(client.lang(), "money.paid", &args))
    }

    fn bill(&self, client: &Client, payment: &Payment) -> Screen {
        buyer::bill(&self.texts, client.lang(), payment, None)
    }

    fn extended(&self, client: &Client, tenant: &Tenant, until: DateTime<Utc>) -> Screen {
        let until = day(until, &tenant.zone);
        Screen::text(self.texts.say(
            client.lang(),
            "money.extended",
            &[("bot", &tenant.bot_username), ("until", &until)],
        ))
    }

    fn refund_due(&self, client: &Client, amount: Kopecks) -> Screen {
        Screen::text(self.texts.say(client.lang(), "money.refund_due", &[("price", &amount)]))
    }

    fn canceled(&self, client: &Client, order: &Order, reason: &str) -> Screen {
        let lang = client.lang();
        let again = self.texts.plain(lang, "buyer.pay", &[("price", &order.price_kopecks)]);
        // YooKassa's codes are for machines; what has no words here is left out.
        let key = format!("money.reason.{reason}");
        let known = self.texts.has(&key).then(|| format!(": {}", self.texts.say(lang, &key, &[])));
        Screen::text(self.texts.say(lang, "money.canceled", &[("reason", &known.unwrap_or_default())]))
            .inline(vec![vec![Button::press(again, BuyerAct::Pay(order.id).data())]])
    }

    fn operator_refund_due(&self, client: &Client, payment: &Payment, amount: Option<Kopecks>, why: &str) -> Screen {
        let who = match &client.username {
            Some(username) => format!("{} @{username} ({})", client.name, client.telegram_id),
            None => format!("{} ({})", client.name, client.telegram_id),
        };
        let mut number = match amount {
            Some(amount) => format!("{}, {amount}", payment.id),
            None => payment.id.to_string(),
        };
        if payment.method != Method::Yookassa {
            let how = self.texts.plain(Lang::Ru, &format!("sale.method.{}", payment.method.name()), &[]);
            number = format!("{number}, {how}");
        }
        let args: [(&str, &dyn std::fmt::Display); 3] = [("payment", &number), ("client", &who), ("why", &why)];
        let screen = Screen::text(self.texts.say(Lang::Ru, "money.operator_refund_due", &args));
        // Without a sum in roubles there is no debt that could be written off here.
        if amount.is_none() {
            return screen;
        }
        let returned = self.texts.plain(Lang::Ru, "money.returned", &[]);
        screen.inline(vec![vec![Button::press(returned, OperatorAct::Refunded(payment.id).data())]])
    }
}

impl ReadyWords for BotWords {
    fn ready(&self, tenant: &Tenant) -> Screen {
        let lang = Lang::from_code(Some(&tenant.owner_language));
        let open = self.texts.plain(lang, "progress.open", &[]);
        Screen::text(self.texts.say(lang, "progress.ready", &[("bot", &tenant.bot_username)]))
            .inline(vec![vec![Button::link(open, format!("https://t.me/{}", tenant.bot_username))]])
    }
}

/// The beginning of a text that is too long for its place.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// A date as people of that zone write it.
pub(crate) fn day(at: DateTime<Utc>, zone: &str) -> String {
    at.with_timezone(&zone.parse::<Tz>().unwrap_or(Tz::UTC)).format("%d.%m.%Y").to_string()
}

/// A moment as staff read it: by Moscow's time.
pub(crate) fn moment(at: DateTime<Utc>) -> String {
    at.with_timezone(&Tz::Europe__Moscow).format("%d.%m.%Y %H:%M").to_string()
}

/// How long ago something was, in one unit.
pub(crate) fn ago(texts: &Texts, lang: Lang, at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let passed = now - at;
    let (key, n) = match passed.num_minutes() {
        ..1 => return texts.say(lang, "ago.now", &[]),
        n @ 1..60 => ("ago.minutes", n),
        60..2880 => ("ago.hours", passed.num_hours()),
        _ => ("ago.days", passed.num_days()),
    };
    texts.say(lang, key, &[("n", &n)])
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use shared::texts::{Lang, Texts};

    use crate::{
        bot::buyer::faq::QUESTIONS,
        fleet::{card::State, plan::Part},
        registry::{operators::Post, payments::Method},
        sales::{hand::Ask, signup::Question},
    };

    fn sources(folder: &Path, into: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, into);
            } else {
                into.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }

    /// All that is ever written into a tenant's history.
    const EVENTS: [&str; 22] = [
        "bought",
        "extended",
        "hold",
        "release",
        "restart",
        "remove",
        "step",
        "step_failed",
        "stopped",
        "undone",
        "removed",
        "ready",
        "ended",
        "differs",
        "stray_removed",
        "session_ended",
        "token_given",
        "data_kept",
        "data_dropped",
        "purge",
        "token_lost",
        "passwords_replaced",
    ];

    #[test]
    fn every_text_that_is_asked_for_exists() {
        let texts = Texts::load("master").unwrap();
        let mut code = String::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut code);
        let areas = [
            "buyer.",
            "operator.",
            "money.",
            "progress.",
            "alert.",
            "letters.",
            "client.",
            "sale.",
            "stats.",
            "team.",
            "ago.",
        ];
        let literals = code.split('"').skip(1).filter(|s| areas.iter().any(|a| s.starts_with(a)));
        let mut keys: Vec<String> = literals
            .filter(|s| s.bytes().all(|b| b.is_ascii_lowercase() || b == b'.' || b == b'_') && !s.ends_with('.'))
            .map(str::to_owned)
            .collect();
        assert!(keys.len() > 50, "the keys were not found in the code");
        keys.extend(Question::asked().filter_map(Question::code).map(|code| format!("buyer.edit_{code}")));
        keys.extend(QUESTIONS.iter().flat_map(|q| ["q", "a"].map(|part| format!("buyer.faq.{q}.{part}"))));
        keys.extend(State::ALL.map(|s| format!("operator.state.{}", s.name())));
        keys.extend(["token_refused", "bot_deleted", "bot_not_ours"].map(|why| format!("alert.why.{why}")));
        keys.extend(["engine", "redis", "telegram", "yookassa", "fleet"].map(|peer| format!("alert.peer.{peer}")));
        keys.extend(Part::ALL.map(|p| format!("progress.part.{p}")));
        keys.extend(["running", "suspended", "stopped", "removed"].map(|d| format!("operator.desired.{d}")));
        keys.extend(Method::BY_HAND.map(|method| format!("sale.how.{}", method.name())));
        keys.extend(Method::BY_HAND.map(|method| format!("sale.method.{}", method.name())));
        keys.extend(Ask::ALL[..4].iter().map(|ask| format!("sale.again.{}", ask.name())));
        keys.extend((1..=12).map(|month| format!("stats.month.m{month}")));
        let states = ["running", "starting", "delayed", "suspended", "removing"];
        keys.extend(states.map(|state| format!("client.state.{state}")));
        keys.extend(["token_refused", "bot_deleted", "bot_not_ours"].map(|why| format!("client.state.{why}")));
        let waits =
            ["wait_client", "signing", "wait_both", "signing_money", "wait_money", "wait_renew", "settled", "revoked"];
        keys.extend(waits.map(|state| format!("sale.state.{state}")));
        keys.extend(EVENTS.map(|event| format!("operator.event.{event}")));
        for post in Post::ALL {
            keys.extend(["role", "can"].map(|what| format!("team.{what}.{}", post.name())));
        }
        keys.extend(["invited", "withdrawn", "joined", "role", "removed"].map(|act| format!("team.act.{act}")));
        let missing: Vec<&String> = keys.iter().filter(|k| !texts.has(k)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn what_is_said_over_a_press_fits_its_window_and_has_no_marks() {
        let texts = Texts::load("master").unwrap();
        for key in [
            "stale",
            "failed",
            "plan_billed",
            "terms_newer",
            "pay_asking",
            "pay_wait",
            "pay_silent",
            "pay_done",
            "pay_canceled",
            "pay_unknown",
            "pay_refund",
            "pay_refused",
            "pay_later",
        ] {
            for lang in [Lang::Ru, Lang::En] {
                let note = texts.plain(lang, &format!("buyer.{key}"), &[]);
                assert!((1..=200).contains(&note.chars().count()) && !note.contains(['<', '&']), "{key}: {note}");
            }
        }
    }
}
