//! The letters about sales by hand, each in the language of whom it is for.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use shared::{
    telegram::{Button, Screen},
    texts::{Lang, Texts},
};

use crate::{
    bot::{
        callback::SaleAct,
        words::{BotWords, day},
    },
    registry::{
        clients::Client,
        hand_sales::{Agreed, HandSale},
        orders::Order,
        payments::Method,
        tenants::Tenant,
    },
    sales::money::HandWords,
};

impl HandWords for BotWords {
    fn renewed_by_hand(&self, client: &Client, tenant: &Tenant, sold: &Agreed<'_>, until: DateTime<Utc>) -> Screen {
        let lang = client.lang();
        let args: [(&str, &dyn Display); 4] = [
            ("bot", &tenant.bot_username),
            ("until", &day(until, &tenant.zone)),
            ("price", &sold.amount),
            ("how", &how(&self.texts, lang, sold.method)),
        ];
        Screen::text(self.texts.say(lang, "sale.letter.renewed", &args))
    }

    fn sold_by_hand(&self, lang: Lang, sale: &HandSale, client: &Client, order: &Order) -> Screen {
        let args: [(&str, &dyn Display); 3] =
            [("id", &sale.id), ("client", &who(client)), ("name", &order.business_name.as_deref().unwrap_or_default())];
        Screen::text(self.texts.say(lang, "sale.letter.sold", &args)).inline(vec![vec![self.sale_button(
            lang,
            "sale.open",
            &SaleAct::Card(sale.id),
        )]])
    }

    fn waits_for_invoice(&self, lang: Lang, sale: &HandSale, client: &Client, order: &Order) -> Screen {
        let amount = sale.amount_kopecks.map(|a| a.to_string()).unwrap_or_default();
        let args: [(&str, &dyn Display); 4] = [
            ("id", &sale.id),
            ("client", &who(client)),
            ("name", &order.business_name.as_deref().unwrap_or_default()),
            ("price", &amount),
        ];
        Screen::text(self.texts.say(lang, "sale.letter.waits", &args)).inline(vec![
            vec![self.sale_button(lang, "sale.came", &SaleAct::AskCame(sale.id))],
            vec![self.sale_button(lang, "sale.open", &SaleAct::Card(sale.id))],
        ])
    }

    fn called_off(&self, client: &Client) -> Screen {
        Screen::text(self.texts.say(client.lang(), "sale.letter.called_off", &[]))
    }
}

impl BotWords {
    fn sale_button(&self, lang: Lang, key: &str, act: &SaleAct) -> Button {
        Button::press(self.texts.plain(lang, key, &[]), act.data())
    }
}

/// How money comes, in words.
pub(super) fn how(texts: &Texts, lang: Lang, method: Method) -> String {
    texts.plain(lang, &format!("sale.method.{}", method.name()), &[])
}

/// A client as owners know them.
pub(super) fn who(client: &Client) -> String {
    match &client.username {
        Some(username) => format!("{} @{username}", client.name),
        None => client.name.clone(),
    }
}
