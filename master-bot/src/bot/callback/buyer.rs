//! Buttons of the way to a bot; area `b`.

use shared::texts::Lang;

use crate::{
    registry::{BotId, OrderId, PaymentId},
    sales::signup::Question,
};

/// One of the two texts that are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Document {
    Offer,
    Privacy,
}

/// What a buyer's button does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BuyerAct {
    /// The greeting.
    Home,
    Plans,
    Plan(String),
    /// To where the order stands.
    GoOn,
    /// The list of answers that can be changed.
    Edit,
    /// Back to a question.
    Ask(Question),
    Kind(String),
    /// A page of cities.
    Zones(usize),
    /// By its IANA name.
    Zone(String),
    /// The key that shares a phone number.
    Share,
    OtherWay,
    /// Lets a bot that the buyer has already serve the order.
    Take(BotId),
    Terms,
    Read(Document),
    /// Accepts for this order the terms of this version.
    Accept(OrderId, String),
    Pay(OrderId),
    Check(PaymentId),
    /// Asks whether to give up this order.
    Drop(OrderId),
    /// Gives up this order and no other.
    StartOver(OrderId),
    Questions,
    Answer(String),
    Support,
    Language(Lang),
}

impl BuyerAct {
    pub(super) fn parse(act: &str, args: &[&str]) -> Option<Self> {
        Some(match (act, args) {
            ("home", []) => Self::Home,
            ("plans", []) => Self::Plans,
            ("plan", [code]) => Self::Plan((*code).to_owned()),
            ("on", []) => Self::GoOn,
            ("edit", []) => Self::Edit,
            ("ask", [question]) => Self::Ask(Question::from_code(question)?),
            ("kind", [kind]) => Self::Kind((*kind).to_owned()),
            ("zones", [page]) => Self::Zones(page.parse().ok()?),
            ("zone", [name]) => Self::Zone((*name).to_owned()),
            ("share", []) => Self::Share,
            ("other", []) => Self::OtherWay,
            ("take", [bot]) => Self::Take(bot.parse().ok()?),
            ("terms", []) => Self::Terms,
            ("read", ["offer"]) => Self::Read(Document::Offer),
            ("read", ["privacy"]) => Self::Read(Document::Privacy),
            ("accept", [order, version]) => Self::Accept(order.parse().ok()?, (*version).to_owned()),
            ("pay", [order]) => Self::Pay(order.parse().ok()?),
            ("check", [payment]) => Self::Check(payment.parse().ok()?),
            ("drop", [order]) => Self::Drop(order.parse().ok()?),
            ("over", [order]) => Self::StartOver(order.parse().ok()?),
            ("faq", []) => Self::Questions,
            ("faq", [key]) => Self::Answer((*key).to_owned()),
            ("support", []) => Self::Support,
            ("lang", ["ru"]) => Self::Language(Lang::Ru),
            ("lang", ["en"]) => Self::Language(Lang::En),
            _ => return None,
        })
    }

    pub(crate) fn data(&self) -> String {
        match self {
            Self::Home => "b:home".into(),
            Self::Plans => "b:plans".into(),
            Self::Plan(code) => format!("b:plan:{code}"),
            Self::GoOn => "b:on".into(),
            Self::Edit => "b:edit".into(),
            Self::Ask(question) => format!("b:ask:{}", question.code().unwrap_or_default()),
            Self::Kind(kind) => format!("b:kind:{kind}"),
            Self::Zones(page) => format!("b:zones:{page}"),
            Self::Zone(name) => format!("b:zone:{name}"),
            Self::Share => "b:share".into(),
            Self::OtherWay => "b:other".into(),
            Self::Take(bot) => format!("b:take:{bot}"),
            Self::Terms => "b:terms".into(),
            Self::Read(Document::Offer) => "b:read:offer".into(),
            Self::Read(Document::Privacy) => "b:read:privacy".into(),
            Self::Accept(order, version) => format!("b:accept:{order}:{version}"),
            Self::Pay(order) => format!("b:pay:{order}"),
            Self::Check(payment) => format!("b:check:{payment}"),
            Self::Drop(order) => format!("b:drop:{order}"),
            Self::StartOver(order) => format!("b:over:{order}"),
            Self::Questions => "b:faq".into(),
            Self::Answer(key) => format!("b:faq:{key}"),
            Self::Support => "b:support".into(),
            Self::Language(lang) => format!("b:lang:{}", lang.code()),
        }
    }
}
