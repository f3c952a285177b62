//! What our buttons carry. Anybody can send any bytes, so everything is parsed here and nothing is believed.

use shared::slug::Slug;

use crate::registry::{BotId, OrderId, PaymentId};

/// A button of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Callback {
    Buyer(BuyerAct),
    Operator(OperatorAct),
}

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

/// What an operator's button does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OperatorAct {
    List(u32),
    Card(Slug),
    Stop(Slug),
    Start(Slug),
    Restart(Slug),
    Logs(Slug),
    AskRemove(Slug),
    /// With the generation that the question was asked at: an old question removes nothing.
    Remove(Slug, i64),
    /// Letters that did not arrive, a page of them.
    Letters(u32),
    /// Sends a letter once more, or gives it up; with the number of tries that the screen was made at.
    Resend(i64, i32),
    Dismiss(i64, i32),
    /// Money that was owed for this payment is returned.
    Refunded(PaymentId),
}

impl Callback {
    /// `None` for what is not (or no longer) one of ours.
    pub(crate) fn parse(data: &str) -> Option<Self> {
        let mut parts = data.split(':');
        let (area, act, arg, arg2) = (parts.next()?, parts.next()?, parts.next(), parts.next());
        if parts.next().is_some() {
            return None;
        }
        let read = match area {
            "b" => BuyerAct::parse(act, arg).map(Self::Buyer),
            "o" => OperatorAct::parse(act, arg, arg2).map(Self::Operator),
            _ => None,
        };
        // Every act is written in one way only, and in no more bytes than a button can carry.
        read.filter(|act| data.len() <= 64 && act.data() == data)
    }

    /// What the button carries.
    pub(crate) fn data(&self) -> String {
        match self {
            Self::Buyer(act) => act.data(),
            Self::Operator(act) => act.data(),
        }
    }
}

impl BuyerAct {
    fn parse(act: &str, arg: Option<&str>) -> Option<Self> {
        Some(match (act, arg) {
            ("plans", None) => Self::Plans,
            ("plan", Some(code)) => Self::Plan(code.to_owned()),
            ("on", None) => Self::GoOn,
            ("kind", Some(kind)) => Self::Kind(kind.to_owned()),
            ("zone", Some(place)) => Self::Zone(place.to_owned()),
            ("other", None) => Self::OtherWay,
            ("pay", Some(order)) => Self::Pay(order.parse().ok()?),
            ("check", Some(payment)) => Self::Check(payment.parse().ok()?),
            ("over", Some(order)) => Self::StartOver(order.parse().ok()?),
            ("take", Some(bot)) => Self::Take(bot.parse().ok()?),
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

impl OperatorAct {
    fn parse(act: &str, arg: Option<&str>, arg2: Option<&str>) -> Option<Self> {
        let arg = arg?;
        if act == "list" {
            return arg2.is_none().then(|| arg.parse().ok().map(Self::List)).flatten();
        }
        match (act, arg2) {
            ("letters", None) => return arg.parse().ok().map(Self::Letters),
            ("resend", Some(attempts)) => return Some(Self::Resend(arg.parse().ok()?, attempts.parse().ok()?)),
            ("dismiss", Some(attempts)) => return Some(Self::Dismiss(arg.parse().ok()?, attempts.parse().ok()?)),
            ("refunded", None) => return arg.parse().ok().map(Self::Refunded),
            _ => {}
        }
        let slug: Slug = arg.parse().ok()?;
        Some(match (act, arg2) {
            ("card", None) => Self::Card(slug),
            ("stop", None) => Self::Stop(slug),
            ("start", None) => Self::Start(slug),
            ("restart", None) => Self::Restart(slug),
            ("logs", None) => Self::Logs(slug),
            ("ask_rm", None) => Self::AskRemove(slug),
            ("rm", Some(generation)) => Self::Remove(slug, generation.parse().ok()?),
            _ => return None,
        })
    }

    pub(crate) fn data(&self) -> String {
        match self {
            Self::List(page) => format!("o:list:{page}"),
            Self::Card(slug) => format!("o:card:{slug}"),
            Self::Stop(slug) => format!("o:stop:{slug}"),
            Self::Start(slug) => format!("o:start:{slug}"),
            Self::Restart(slug) => format!("o:restart:{slug}"),
            Self::Logs(slug) => format!("o:logs:{slug}"),
            Self::AskRemove(slug) => format!("o:ask_rm:{slug}"),
            Self::Remove(slug, generation) => format!("o:rm:{slug}:{generation}"),
            Self::Letters(page) => format!("o:letters:{page}"),
            Self::Resend(letter, attempts) => format!("o:resend:{letter}:{attempts}"),
            Self::Dismiss(letter, attempts) => format!("o:dismiss:{letter}:{attempts}"),
            Self::Refunded(payment) => format!("o:refunded:{payment}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_button_is_read_back_and_fits() {
        let slug = Slug::number(4_000_000_000);
        let acts = [
            Callback::Buyer(BuyerAct::Plans),
            Callback::Buyer(BuyerAct::Plan("m12".into())),
            Callback::Buyer(BuyerAct::GoOn),
            Callback::Buyer(BuyerAct::Kind("restaurant".into())),
            Callback::Buyer(BuyerAct::Zone("10".into())),
            Callback::Buyer(BuyerAct::OtherWay),
            Callback::Buyer(BuyerAct::Pay(OrderId(i64::MAX))),
            Callback::Buyer(BuyerAct::Check(PaymentId(i64::MAX))),
            Callback::Buyer(BuyerAct::StartOver(OrderId(i64::MAX))),
            Callback::Buyer(BuyerAct::Take(BotId(i64::MAX))),
            Callback::Operator(OperatorAct::List(u32::MAX)),
            Callback::Operator(OperatorAct::Card(slug.clone())),
            Callback::Operator(OperatorAct::Stop(slug.clone())),
            Callback::Operator(OperatorAct::Start(slug.clone())),
            Callback::Operator(OperatorAct::Restart(slug.clone())),
            Callback::Operator(OperatorAct::Logs(slug.clone())),
            Callback::Operator(OperatorAct::AskRemove(slug.clone())),
            Callback::Operator(OperatorAct::Remove(slug, i64::MAX)),
            Callback::Operator(OperatorAct::Letters(u32::MAX)),
            Callback::Operator(OperatorAct::Resend(i64::MAX, i32::MAX)),
            Callback::Operator(OperatorAct::Dismiss(i64::MAX, i32::MAX)),
            Callback::Operator(OperatorAct::Refunded(PaymentId(i64::MAX))),
        ];
        for act in acts {
            let data = act.data();
            assert!(data.len() <= 64, "{data}");
            assert_eq!(Callback::parse(&data), Some(act), "{data}");
        }
    }

    #[test]
    fn forged_bytes_are_nothing() {
        for data in [
            "",
            ":",
            "b",
            "b:pay",
            "b:pay:x",
            "b:pay:+7",
            "b:pay:007",
            "o:card:client_1",
            "o:rm:client_001",
            "o:rm:client_001:1:2",
            "o:list:-1",
            "o:letters:x",
            "o:resend:1",
            "o:resend:x:1",
            "o:dismiss:1:x",
            "o:refunded:1:2",
            "x:y:z",
        ] {
            assert_eq!(Callback::parse(data), None, "{data}");
        }
    }
}
