//! What our buttons carry. Anybody can send any bytes, so everything is parsed here and nothing is believed.

mod buyer;
mod client;
mod operator;
mod sale;
mod team;

pub(crate) use self::{
    buyer::{BuyerAct, Document},
    client::ClientAct,
    operator::{OperatorAct, Words},
    sale::SaleAct,
    team::TeamAct,
};

/// A button of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Callback {
    Buyer(BuyerAct),
    Operator(OperatorAct),
    Client(ClientAct),
    Sale(SaleAct),
    Team(TeamAct),
}

impl Callback {
    /// `None` for what is not (or no longer) one of ours.
    pub(crate) fn parse(data: &str) -> Option<Self> {
        let parts: Vec<&str> = data.split(':').collect();
        let [area, act, args @ ..] = parts.as_slice() else { return None };
        let read = match *area {
            "b" => BuyerAct::parse(act, args).map(Self::Buyer),
            "o" => OperatorAct::parse(act, args).map(Self::Operator),
            "c" => ClientAct::parse(act, args).map(Self::Client),
            "s" => SaleAct::parse(act, args).map(Self::Sale),
            "t" => TeamAct::parse(act, args).map(Self::Team),
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
            Self::Client(act) => act.data(),
            Self::Sale(act) => act.data(),
            Self::Team(act) => act.data(),
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::{slug::Slug, texts::Lang};

    use super::*;
    use crate::{
        fleet::card::State,
        registry::{BotId, HandSaleId, Kopecks, OrderId, PaymentId, operators::Post, payments::Method},
        sales::{hand::Ask, signup::Question},
    };

    #[test]
    fn every_button_is_read_back_and_fits() {
        let slug = Slug::number(4_000_000_000);
        let (longest, sale) = (slug.clone(), HandSaleId(i64::MAX));
        let acts = [
            Callback::Buyer(BuyerAct::Plans),
            Callback::Buyer(BuyerAct::Plan("m12".into())),
            Callback::Buyer(BuyerAct::GoOn),
            Callback::Buyer(BuyerAct::Kind("restaurant".into())),
            Callback::Buyer(BuyerAct::Home),
            Callback::Buyer(BuyerAct::Edit),
            Callback::Buyer(BuyerAct::Ask(Question::Contact)),
            Callback::Buyer(BuyerAct::Zones(2)),
            Callback::Buyer(BuyerAct::Zone("America/Argentina/ComodRivadavia".into())),
            Callback::Buyer(BuyerAct::Share),
            Callback::Buyer(BuyerAct::Terms),
            Callback::Buyer(BuyerAct::Read(Document::Offer)),
            Callback::Buyer(BuyerAct::Read(Document::Privacy)),
            Callback::Buyer(BuyerAct::Accept(OrderId(i64::MAX), "2".repeat(24))),
            Callback::Buyer(BuyerAct::Drop(OrderId(i64::MAX))),
            Callback::Buyer(BuyerAct::Questions),
            Callback::Buyer(BuyerAct::Answer("own_name".into())),
            Callback::Buyer(BuyerAct::Support),
            Callback::Buyer(BuyerAct::Language(Lang::En)),
            Callback::Buyer(BuyerAct::OtherWay),
            Callback::Buyer(BuyerAct::Pay(OrderId(i64::MAX))),
            Callback::Buyer(BuyerAct::Check(PaymentId(i64::MAX))),
            Callback::Buyer(BuyerAct::StartOver(OrderId(i64::MAX))),
            Callback::Buyer(BuyerAct::Take(BotId(i64::MAX))),
            Callback::Operator(OperatorAct::List(u32::MAX, None)),
            Callback::Operator(OperatorAct::List(u32::MAX, Some(State::Suspended))),
            Callback::Operator(OperatorAct::Find),
            Callback::Operator(OperatorAct::Found(u32::MAX, Words::of(&"Ж".repeat(64)).unwrap())),
            Callback::Operator(OperatorAct::Card(slug.clone())),
            Callback::Operator(OperatorAct::Events(slug.clone(), u32::MAX)),
            Callback::Operator(OperatorAct::Stop(slug.clone())),
            Callback::Operator(OperatorAct::Hold(slug.clone(), i64::MAX, u8::MAX)),
            Callback::Operator(OperatorAct::Start(slug.clone(), i64::MAX)),
            Callback::Operator(OperatorAct::Restart(slug.clone(), i64::MAX)),
            Callback::Operator(OperatorAct::Logs(slug.clone())),
            Callback::Operator(OperatorAct::AskRemove(slug)),
            Callback::Operator(OperatorAct::Letters(u32::MAX)),
            Callback::Operator(OperatorAct::Resend(i64::MAX, i32::MAX)),
            Callback::Operator(OperatorAct::Dismiss(i64::MAX, i32::MAX)),
            Callback::Operator(OperatorAct::Refunded(PaymentId(i64::MAX))),
            Callback::Client(ClientAct::List),
            Callback::Client(ClientAct::Card(longest.clone())),
            Callback::Client(ClientAct::Restart(longest.clone())),
            Callback::Client(ClientAct::AskToken(longest.clone())),
            Callback::Client(ClientAct::NewToken(longest.clone())),
            Callback::Client(ClientAct::Help(longest.clone())),
            Callback::Sale(SaleAct::Home),
            Callback::Sale(SaleAct::List(u32::MAX)),
            Callback::Sale(SaleAct::Stats),
            Callback::Sale(SaleAct::New),
            Callback::Sale(SaleAct::Fresh),
            Callback::Sale(SaleAct::Find),
            Callback::Sale(SaleAct::Renew(longest)),
            Callback::Sale(SaleAct::Draft),
            Callback::Sale(SaleAct::Plan(sale, "a".repeat(16))),
            Callback::Sale(SaleAct::Amount(sale, Kopecks(i64::MAX))),
            Callback::Sale(SaleAct::How(sale, Method::Transfer)),
            Callback::Sale(SaleAct::NoNote(sale)),
            Callback::Sale(SaleAct::Again(sale, Ask::Days)),
            Callback::Sale(SaleAct::Agree(sale, i32::MAX)),
            Callback::Sale(SaleAct::Drop(sale)),
            Callback::Sale(SaleAct::Card(sale)),
            Callback::Sale(SaleAct::Link(sale)),
            Callback::Sale(SaleAct::AskCame(sale)),
            Callback::Sale(SaleAct::Came(sale)),
            Callback::Sale(SaleAct::AskRevoke(sale)),
            Callback::Sale(SaleAct::Revoke(sale)),
            Callback::Sale(SaleAct::Connect(OrderId(i64::MAX))),
            Callback::Team(TeamAct::Home),
            Callback::Team(TeamAct::List(u32::MAX)),
            Callback::Team(TeamAct::Add),
            Callback::Team(TeamAct::Invite(Post::Operator)),
            Callback::Team(TeamAct::Withdraw(i64::MAX)),
            Callback::Team(TeamAct::Accept("0123456789abcdef01234567".into())),
            Callback::Team(TeamAct::Decline("0123456789abcdef01234567".into())),
            Callback::Team(TeamAct::Member(i64::MAX)),
            Callback::Team(TeamAct::SetRole(i64::MAX, Post::Operator)),
            Callback::Team(TeamAct::AskRemove(i64::MAX)),
            Callback::Team(TeamAct::Remove(i64::MAX)),
            Callback::Team(TeamAct::History(u32::MAX)),
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
            "b:ask:summary",
            "b:zones:-1",
            "b:accept:1",
            "b:accept:x:1",
            "b:read:mail",
            "b:lang:de",
            "o:card:client_1",
            "o:rm:client_001:1",
            "o:start:client_001",
            "o:hold:client_001:1",
            "o:hold:client_001:1:300",
            "o:list:-1",
            "o:list:0:asleep",
            "o:found:0:",
            "o:found:0: a",
            "o:found:0:a:b",
            "t:invite:king",
            "t:yes:",
            "t:yes:a-b",
            "t:role:1:buyer",
            "t:rm:x",
            "o:letters:x",
            "o:resend:1",
            "o:resend:x:1",
            "o:dismiss:1:x",
            "o:refunded:1:2",
            "c:list:1",
            "c:card:client_1",
            "s:how:1:yookassa",
            "s:ok:1",
            "s:again:1:x",
            "s:came:x",
            "x:y:z",
        ] {
            assert_eq!(Callback::parse(data), None, "{data}");
        }
    }
}
