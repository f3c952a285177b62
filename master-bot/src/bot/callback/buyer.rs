//! Buttons of the way to a bot; area `b`.

use crate::registry::{BotId, OrderId, PaymentId};

/// What a buyer's button does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BuyerAct {
    Plans,
    Plan(String),
    GoOn,
    Kind(String),
    /// By its place in [`crate::sales::signup::ZONES`].
    Zone(String),
    OtherWay,
    Pay(OrderId),
    Check(PaymentId),
    /// Gives up this order and no other.
    StartOver(OrderId),
    /// Lets a bot that the buyer has already serve the order.
    Take(BotId),
}

impl BuyerAct {
    pub(super) fn parse(act: &str, args: &[&str]) -> Option<Self> {
        Some(match (act, args) {
            ("plans", []) => Self::Plans,
            ("plan", [code]) => Self::Plan((*code).to_owned()),
            ("on", []) => Self::GoOn,
            ("kind", [kind]) => Self::Kind((*kind).to_owned()),
            ("zone", [place]) => Self::Zone((*place).to_owned()),
            ("other", []) => Self::OtherWay,
            ("pay", [order]) => Self::Pay(order.parse().ok()?),
            ("check", [payment]) => Self::Check(payment.parse().ok()?),
            ("over", [order]) => Self::StartOver(order.parse().ok()?),
            ("take", [bot]) => Self::Take(bot.parse().ok()?),
            _ => return None,
        })
    }

    pub(crate) fn data(&self) -> String {
        match self {
            Self::Plans => "b:plans".into(),
            Self::Plan(code) => format!("b:plan:{code}"),
            Self::GoOn => "b:on".into(),
            Self::Kind(kind) => format!("b:kind:{kind}"),
            Self::Zone(place) => format!("b:zone:{place}"),
            Self::OtherWay => "b:other".into(),
            Self::Pay(order) => format!("b:pay:{order}"),
            Self::Check(payment) => format!("b:check:{payment}"),
            Self::StartOver(order) => format!("b:over:{order}"),
            Self::Take(bot) => format!("b:take:{bot}"),
        }
    }
}
