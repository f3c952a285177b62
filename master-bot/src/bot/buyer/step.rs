//! Where a buyer stands: at the next question of the order, or at one that is answered and was gone back to.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::{
    bot::{Front, steps::Step},
    registry::{OrderId, clients::Client, orders::Order},
    sales::signup::{self, Question},
};

/// See [`crate::bot::steps`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum BuyerStep {
    /// This question of this order is asked again, although it is answered.
    Again { order: OrderId, question: Question },
}

/// A sign-up that is under way, and the question that is before the buyer.
pub(super) struct Stand {
    pub(super) order: Order,
    pub(super) question: Question,
}

impl Stand {
    /// None: nothing is under way.
    pub(super) async fn of(front: &Front, client: &Client) -> Result<Option<Self>> {
        let Some(order) = front.desk.open_order(client).await? else { return Ok(None) };
        let next = signup::next(&order);
        let question = match front.steps.of(client.telegram_id).await {
            Some(Step::Buyer(BuyerStep::Again { order: of, question }))
                if of == order.id && question.is_answered(&order) =>
            {
                question
            }
            _ => next,
        };
        Ok(Some(Self { order, question }))
    }

    /// Whether the question has an answer that may be kept.
    pub(super) fn is_again(&self) -> bool {
        self.question.is_answered(&self.order)
    }
}

/// Goes back to a question; one that was never reached is where the order leads anyway.
pub(super) async fn go_back(front: &Front, client: &Client, order: &Order, question: Question) -> Result<()> {
    if !question.is_answered(order) {
        front.steps.forget(client.telegram_id).await;
        return Ok(());
    }
    let step = Step::Buyer(BuyerStep::Again { order: order.id, question });
    front.steps.set(client.telegram_id, &step).await
}
