//! Buttons of sales by hand; area `s`.

use shared::slug::Slug;

use crate::{
    registry::{HandSaleId, Kopecks, OrderId, payments::Method},
    sales::hand::Ask,
};

/// What a button of the sales does. All are the owners' but `Connect`, which is the buyer's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SaleAct {
    Home,
    List(u32),
    Stats,
    /// For whom the new sale is.
    New,
    /// For somebody who is to sign up.
    Fresh,
    /// Asks for words to find a tenant by.
    Find,
    /// For this tenant.
    Renew(Slug),
    /// What the draft asks now.
    Draft,
    Plan(HandSaleId, String),
    /// The sum that was proposed.
    Amount(HandSaleId, Kopecks),
    How(HandSaleId, Method),
    NoNote(HandSaleId),
    /// Asks one of the questions again.
    Again(HandSaleId, Ask),
    /// Agrees to what the summary said at this revision.
    Agree(HandSaleId, i32),
    Drop(HandSaleId),
    Card(HandSaleId),
    /// Makes the link anew.
    Link(HandSaleId),
    AskCame(HandSaleId),
    Came(HandSaleId),
    AskRevoke(HandSaleId),
    Revoke(HandSaleId),
    /// A buyer whose order is paid for by hand wants the bot.
    Connect(OrderId),
}

impl SaleAct {
    pub(super) fn parse(act: &str, args: &[&str]) -> Option<Self> {
        let id = |arg: &str| arg.parse::<HandSaleId>().ok();
        Some(match (act, args) {
            ("home", []) => Self::Home,
            ("list", [page]) => Self::List(page.parse().ok()?),
            ("stats", []) => Self::Stats,
            ("new", []) => Self::New,
            ("fresh", []) => Self::Fresh,
            ("find", []) => Self::Find,
            ("renew", [slug]) => Self::Renew(slug.parse().ok()?),
            ("draft", []) => Self::Draft,
            ("plan", [sale, code]) => Self::Plan(id(sale)?, (*code).to_owned()),
            ("sum", [sale, sum]) => Self::Amount(id(sale)?, Kopecks(sum.parse().ok()?)),
            ("how", [sale, how]) => Self::How(id(sale)?, by_hand(how)?),
            ("nonote", [sale]) => Self::NoNote(id(sale)?),
            ("again", [sale, ask]) => Self::Again(id(sale)?, Ask::named(ask)?),
            ("ok", [sale, revision]) => Self::Agree(id(sale)?, revision.parse().ok()?),
            ("drop", [sale]) => Self::Drop(id(sale)?),
            ("card", [sale]) => Self::Card(id(sale)?),
            ("link", [sale]) => Self::Link(id(sale)?),
            ("came", [sale]) => Self::AskCame(id(sale)?),
            ("came_yes", [sale]) => Self::Came(id(sale)?),
            ("revoke", [sale]) => Self::AskRevoke(id(sale)?),
            ("revoke_yes", [sale]) => Self::Revoke(id(sale)?),
            ("connect", [order]) => Self::Connect(order.parse().ok()?),
            _ => return None,
        })
    }

    pub(crate) fn data(&self) -> String {
        match self {
            Self::Home => "s:home".into(),
            Self::List(page) => format!("s:list:{page}"),
            Self::Stats => "s:stats".into(),
            Self::New => "s:new".into(),
            Self::Fresh => "s:fresh".into(),
            Self::Find => "s:find".into(),
            Self::Renew(slug) => format!("s:renew:{slug}"),
            Self::Draft => "s:draft".into(),
            Self::Plan(sale, code) => format!("s:plan:{sale}:{code}"),
            Self::Amount(sale, sum) => format!("s:sum:{sale}:{}", sum.0),
            Self::How(sale, how) => format!("s:how:{sale}:{}", how.name()),
            Self::NoNote(sale) => format!("s:nonote:{sale}"),
            Self::Again(sale, ask) => format!("s:again:{sale}:{}", ask.name()),
            Self::Agree(sale, revision) => format!("s:ok:{sale}:{revision}"),
            Self::Drop(sale) => format!("s:drop:{sale}"),
            Self::Card(sale) => format!("s:card:{sale}"),
            Self::Link(sale) => format!("s:link:{sale}"),
            Self::AskCame(sale) => format!("s:came:{sale}"),
            Self::Came(sale) => format!("s:came_yes:{sale}"),
            Self::AskRevoke(sale) => format!("s:revoke:{sale}"),
            Self::Revoke(sale) => format!("s:revoke_yes:{sale}"),
            Self::Connect(order) => format!("s:connect:{order}"),
        }
    }
}

fn by_hand(name: &str) -> Option<Method> {
    Method::BY_HAND.into_iter().find(|method| method.name() == name)
}
