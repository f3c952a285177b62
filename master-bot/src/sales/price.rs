//! The price of an order that is under way, when what is sold changes meanwhile.
//!
//! A price that was told holds for some days, and one that falls falls at once. Whatever changes is said on the summary
//! before anybody pays.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::plans::{Plan, Plans};
use crate::registry::{
    Kopecks,
    orders::{self, Order},
    payments,
};

/// For so long a price is as it was told.
const HOLDS: TimeDelta = TimeDelta::days(7);

/// What an order is to be paid at now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quote {
    /// As it was told.
    Holds,
    /// At today's price.
    Changed(Kopecks, i32),
    /// The plan is not sold any more: another is to be chosen.
    Gone,
}

/// The price of this order by what is sold at `now`.
pub(crate) fn quote(order: &Order, plan: Option<&Plan>, now: DateTime<Utc>) -> Quote {
    let Some(plan) = plan else { return Quote::Gone };
    let (price, days) = (plan.price(), plan.days);
    if (price, days) == (order.price_kopecks, order.days) {
        return Quote::Holds;
    }
    let better = price <= order.price_kopecks && days >= order.days;
    if better || now - order.priced_at >= HOLDS { Quote::Changed(price, days) } else { Quote::Holds }
}

/// Brings the price of a locked order up to date and gives what came of it. A bill that can still be paid holds it.
pub(crate) async fn refresh(
    tx: &mut PgConnection,
    order: &Order,
    plans: &Plans,
    now: DateTime<Utc>,
) -> Result<Quote, sqlx::Error> {
    if payments::open_of(tx, order.id).await?.is_some() {
        return Ok(Quote::Holds);
    }
    let quote = quote(order, plans.find(&order.plan), now);
    if let Quote::Changed(price, days) = quote {
        let before = (price != order.price_kopecks).then_some(order.price_kopecks);
        orders::set_plan(tx, order.id, (&order.plan, price, days), before, now).await?;
    }
    Ok(quote)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{ClientId, OrderId, orders::OrderState};

    fn order(rub: i64, days: i32, priced_at: DateTime<Utc>) -> Order {
        Order {
            id: OrderId(1),
            client_id: ClientId(1),
            state: OrderState::Draft,
            plan: "m1".into(),
            price_kopecks: Kopecks(rub * 100),
            days,
            business_name: None,
            kind: None,
            zone: None,
            contact: None,
            bot_id: None,
            answered_by: None,
            hand_sale_id: None,
            terms_version: None,
            priced_at,
            price_before_kopecks: None,
        }
    }

    #[test]
    fn a_price_holds_for_a_week_unless_it_falls() {
        let yaml = "plans: [{ code: m1, days: 30, price_rub: 299, title: { ru: а, en: a } }]";
        let plans = Plans::parse(yaml).unwrap();
        let plan = plans.find("m1");
        let told = DateTime::UNIX_EPOCH;
        let (soon, late) = (told + TimeDelta::days(6), told + TimeDelta::days(7));
        let today = Quote::Changed(Kopecks(29_900), 30);
        for (rub, days, now, expected) in [
            (299, 30, late, Quote::Holds),
            (199, 30, soon, Quote::Holds),
            (199, 30, late, today),
            (399, 30, soon, today),
            (299, 31, soon, Quote::Holds),
            (299, 31, late, today),
            (299, 29, soon, today),
            // Cheaper, but shorter too: not simply better.
            (399, 31, soon, Quote::Holds),
        ] {
            assert_eq!(quote(&order(rub, days, told), plan, now), expected, "{rub} for {days} at {now}");
        }
        assert_eq!(quote(&order(299, 30, told), None, soon), Quote::Gone);
    }
}
