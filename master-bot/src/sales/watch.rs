//! Asking the provider: because a notification came, because a payment is due to be polled, because a buyer asked.
//!
//! Works without a public address too: then only the polling is left.

use std::{collections::HashSet, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    clock::Clock,
    outbox::{Letter, Outbox},
    seal::Sealer,
};
use sqlx::PgPool;
use tokio::{
    sync::Notify,
    task::{JoinError, JoinSet},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{
    checkout::{self, Billing},
    money::{MoneyError, Outcome, Till, Words},
};
use crate::{
    payments::{GatewayError, PaymentGateway, Told, ToldStatus},
    registry::{
        PaymentId, clients, inbox,
        orders::{self, Order, OrderState},
        payments::{self, Method, Payment},
    },
};

/// Questions to the provider side by side; each ends within seconds, answered or not.
const AT_ONCE: usize = 32;
/// A notification that was followed is kept for so long, for whoever wonders what came.
const INBOX_KEPT: TimeDelta = TimeDelta::days(30);
const TIDIED_EVERY: TimeDelta = TimeDelta::hours(6);
/// At the end, questions that are under way have so long to be answered.
const ENDING: Duration = Duration::from_secs(5);
/// A table is looked at so often even if nobody said that there is something new in it.
const SLOW_LOOK: Duration = Duration::from_secs(30);
/// A notification whose payment is not ours to see yet is asked about for so many tries (about two hours).
const INBOX_TRIES: i32 = 30;

/// The watcher; clones share everything.
#[derive(Clone)]
pub(crate) struct Watch {
    pub(crate) pool: PgPool,
    pub(crate) gateway: Arc<dyn PaymentGateway>,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) words: Arc<dyn Words>,
    pub(crate) outbox: Outbox,
    pub(crate) clock: Clock,
    pub(crate) operator_chats: Vec<i64>,
    pub(crate) billing: Arc<Billing>,
    /// Rung when there is something new to look at.
    pub(crate) bell: Arc<Notify>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum WatchError {
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    #[error(transparent)]
    Money(#[from] MoneyError),
    #[error("the registry: {0}")]
    Registry(#[from] sqlx::Error),
}

/// What is being asked about right now, so that no round asks about it once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Question {
    Notice(i64),
    Payment(PaymentId),
}

fn note_end(busy: &mut HashSet<Question>, ended: Result<Question, JoinError>) {
    match ended {
        Ok(question) => {
            busy.remove(&question);
        }
        Err(error) => tracing::error!(%error, "a question to the provider was cut off"),
    }
}

impl Watch {
    /// Runs until `stop`. Each question goes its own way: one that hangs keeps nobody else waiting.
    pub(crate) async fn run(&self, stop: CancellationToken) {
        let mut asking: JoinSet<Question> = JoinSet::new();
        let mut busy = HashSet::new();
        let mut tidied_at = None;
        while !stop.is_cancelled() {
            // Registered before the look, so that a ring between looking and sleeping is not lost.
            let rung = self.bell.notified();
            self.tidy(&mut tidied_at).await;
            let pause = match self.look(&mut asking, &mut busy).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::warn!(%error, "payments cannot be looked at");
                    Duration::from_secs(2)
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = rung => {}
                () = self.clock.sleep(pause.min(SLOW_LOOK)) => {}
                // A place is free, and what was asked may be due to be asked again.
                Some(ended) = asking.join_next() => { note_end(&mut busy, ended); }
            }
            while let Some(ended) = asking.try_join_next() {
                note_end(&mut busy, ended);
            }
            if asking.is_empty() {
                // Of one that panicked nobody has told which it was.
                busy.clear();
            }
        }
        // What is being booked is booked; a provider that does not answer is not waited for.
        let rest = async { while asking.join_next().await.is_some() {} };
        let _ = timeout(ENDING, rest).await;
    }

    /// Begins to ask about everything that is due; gives the time until something else is.
    async fn look(
        &self,
        asking: &mut JoinSet<Question>,
        busy: &mut HashSet<Question>,
    ) -> Result<Duration, sqlx::Error> {
        let now = self.clock.now();
        for notice in inbox::to_look_at(&self.pool, now, 100).await? {
            if asking.len() < AT_ONCE && busy.insert(Question::Notice(notice.id)) {
                let watch = self.clone();
                asking.spawn(async move {
                    let question = Question::Notice(notice.id);
                    watch.heed(notice).await;
                    question
                });
            }
        }
        for payment in payments::to_look_at(&self.pool, now, 100).await? {
            if asking.len() < AT_ONCE && busy.insert(Question::Payment(payment.id)) {
                let watch = self.clone();
                asking.spawn(async move {
                    watch.poll(&payment).await;
                    Question::Payment(payment.id)
                });
            }
        }
        let next = [inbox::next_look_after(&self.pool, now).await?, payments::next_look_after(&self.pool, now).await?];
        let wait = next.into_iter().flatten().min().map(|at| at - self.clock.now());
        // What is due already and not begun waits for a place; the end of a question rings.
        Ok(wait.map_or(SLOW_LOOK, |w| w.to_std().unwrap_or(Duration::ZERO).max(Duration::from_millis(20))))
    }

    async fn tidy(&self, tidied_at: &mut Option<DateTime<Utc>>) {
        let now = self.clock.now();
        if tidied_at.is_some_and(|at| now - at < TIDIED_EVERY) {
            return;
        }
        *tidied_at = Some(now);
        if let Err(error) = inbox::forget_old(&self.pool, now - INBOX_KEPT).await {
            tracing::debug!(%error, "old notifications are not forgotten yet");
        }
    }

    /// Follows one notification.
    async fn heed(&self, notice: inbox::Notice) {
        let later = |tries: i32| {
            let pause =
                shared::backoff::doubling(tries.unsigned_abs() + 1, Duration::from_secs(1), Duration::from_secs(300));
            TimeDelta::from_std(pause).ok().filter(|_| tries < INBOX_TRIES).map(|pause| self.clock.now() + pause)
        };
        let (outcome, again_at) = match self.ask_about(&notice.provider_id).await {
            Ok(Outcome::StillPending) => ("nothing final: polled with the payment".to_owned(), None),
            Ok(outcome) => (format!("{outcome:?}"), None),
            Err(WatchError::Gateway(GatewayError::NotFound)) => ("no such payment at the provider".to_owned(), None),
            Err(error) => (error.to_string(), later(notice.attempts)),
        };
        tracing::info!(notice = notice.id, provider_id = notice.provider_id, outcome, "a notification was followed");
        if let Err(error) = inbox::looked(&self.pool, notice.id, &outcome, again_at).await {
            tracing::warn!(%error, "a notification stays open");
        }
    }

    /// Asks the provider about one of its objects and books the answer.
    pub(crate) async fn ask_about(&self, provider_id: &str) -> Result<Outcome, WatchError> {
        let told = self.gateway.get(provider_id).await?;
        match told.payment {
            Some(id) => self.book(id, &told).await,
            None => Ok(Outcome::NotOurs),
        }
    }

    async fn poll(&self, payment: &Payment) {
        let asked = self.ask(payment).await;
        let now = self.clock.now();
        let looked = match asked {
            Ok(Outcome::StillPending) => {
                payments::look_again(&self.pool, payment.id, checkout::next_look(payment, now), false).await
            }
            Ok(outcome) if outcome != Outcome::NotOurs => {
                tracing::info!(payment = %payment.id, ?outcome, "a payment was settled");
                Ok(())
            }
            asked => {
                let why = asked.err().map_or_else(|| "it answers with another payment".to_owned(), |e| e.to_string());
                tracing::warn!(payment = %payment.id, why, "the provider was asked in vain");
                let tries = payment.attempts.unsigned_abs() + 1;
                let pause = shared::backoff::doubling(tries, Duration::from_secs(3), Duration::from_secs(300));
                let at = now + TimeDelta::from_std(pause).unwrap_or(checkout::POLL_LATER);
                payments::look_again(&self.pool, payment.id, at, true).await
            }
        };
        if let Err(error) = looked {
            tracing::warn!(payment = %payment.id, %error, "a payment stays open");
        }
    }

    /// Asks how one of our payments stands and books the answer. One whose creation was cut off is asked for again
    /// with the key it was stored with.
    pub(crate) async fn ask(&self, payment: &Payment) -> Result<Outcome, WatchError> {
        // What was taken by hand is no provider's to know of.
        if payment.method != Method::Yookassa {
            return Ok(Outcome::AlreadySettled);
        }
        let told = match &payment.provider_id {
            Some(id) => self.gateway.get(id).await?,
            None if self.clock.now() - payment.created_at > checkout::KEY_LASTS => {
                // Nobody ever saw a page for it, and the key no longer protects from a second payment.
                self.never_made(payment)
            }
            None => {
                let order = {
                    let mut tx = self.pool.begin().await?;
                    orders::lock(&mut tx, payment.order_id).await?
                };
                let told = match self.gateway.create(&checkout::charge(&order, payment, &self.billing)).await {
                    Err(GatewayError::Refused(why)) => {
                        tracing::error!(payment = %payment.id, why, "the provider refuses to make a payment");
                        self.never_made(payment)
                    }
                    told => told?,
                };
                if told.status == ToldStatus::Pending {
                    self.send_bill(payment, &order, &told).await?;
                }
                told
            }
        };
        self.book(payment.id, &told).await
    }

    /// The payment is there, and whoever asked for it has not shown its page: it goes by letter.
    async fn send_bill(&self, payment: &Payment, order: &Order, told: &Told) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        checkout::created(&mut *tx, payment, told, now).await?;
        let client = clients::find(&mut *tx, order.client_id).await?;
        let made = Payment { confirmation_url: told.confirmation_url.clone(), ..payment.clone() };
        let screen = self.words.bill(&client, &made);
        let letter = Letter { key: format!("bill:{}", payment.id), chat_id: client.telegram_id, screen, due_at: now };
        // Who has given up the order meanwhile wants no bill.
        if order.state == OrderState::AwaitingPayment {
            Outbox::enqueue(&mut tx, now, &letter).await?;
        }
        tx.commit().await?;
        self.outbox.wake();
        Ok(())
    }

    fn never_made(&self, payment: &Payment) -> Told {
        Told {
            provider_id: format!("never-made-{}", payment.id),
            status: ToldStatus::Canceled("not_created".into()),
            amount: None,
            payment: Some(payment.id),
            confirmation_url: None,
        }
    }

    async fn book(&self, id: PaymentId, told: &Told) -> Result<Outcome, WatchError> {
        let till =
            Till { pool: &self.pool, sealer: &self.sealer, words: &*self.words, operator_chats: &self.operator_chats };
        let outcome = till.book(id, told, self.clock.now()).await?;
        if !matches!(outcome, Outcome::StillPending | Outcome::AlreadySettled | Outcome::NotOurs) {
            self.outbox.wake();
        }
        Ok(outcome)
    }
}
