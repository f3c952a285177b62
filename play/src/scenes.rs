//! What people do here, from the first tap to the last. The demo tells these scenes, the tests build on them, and the
//! bench plays them by the dozen. A line that does not come ends a scene with an error that names it.

use std::time::Duration;

use anyhow::{Context, Result};
use sandbox::wire::{BotAccount, BotName, ChatMessage, What};

use crate::{people::Someone, until};

/// An order with everything but the money.
#[derive(Clone, Debug)]
pub struct Unpaid {
    /// Who buys.
    pub buyer: Someone,
    /// The buyer's new bot.
    pub bot: BotName,
    /// `YooKassa`'s number of the payment.
    pub payment_id: String,
}

/// An order that the money came for.
#[derive(Clone, Debug)]
pub struct Paid {
    /// Who has bought.
    pub buyer: Someone,
    /// The buyer's new bot.
    pub bot: BotName,
    /// `YooKassa`'s number of the payment.
    pub payment_id: String,
    /// Number of the event at which the money came.
    pub seq: u64,
}

/// A buyer signs up in the master's bot, as far as the bill.
///
/// # Errors
/// When a line is missing.
pub async fn sign_up(buyer: &Someone, business: &str) -> Result<Unpaid> {
    let bot = order(buyer, business).await?;
    bill(buyer, bot).await
}

/// The same for another kind of business, by the words on its button.
///
/// # Errors
/// When a line is missing.
pub async fn sign_up_kind(buyer: &Someone, business: &str, kind: &str) -> Result<Unpaid> {
    answer_as(buyer, business, kind).await?;
    let made = buyer.follow("Создать бота").await?;
    let bot = made.created.clone().context("the link has created no bot")?;
    buyer.reads("Проверьте заказ").await?;
    bill(buyer, bot).await
}

/// A buyer answers every question and makes a bot: the summary is on the screen, and nothing is asked of `YooKassa`.
///
/// # Errors
/// When a line is missing.
pub async fn order(buyer: &Someone, business: &str) -> Result<BotName> {
    answer_all_but_the_bot(buyer, business).await?;
    let made = buyer.follow("Создать бота").await?;
    let bot = made.created.clone().context("the link has created no bot")?;
    buyer.reads("Проверьте заказ").await?;
    Ok(bot)
}

/// A buyer signs up with a bot made in BotFather, whose token is pasted.
///
/// # Errors
/// When a line is missing.
pub async fn sign_up_with(buyer: &Someone, business: &str, bot: &BotAccount) -> Result<Unpaid> {
    answer_all_but_the_bot(buyer, business).await?;
    buyer.sim.say(buyer.person.id, &buyer.bot, &bot.token).await?;
    buyer.reads("Проверьте заказ").await?;
    bill(buyer, bot.bot.clone()).await
}

/// A buyer answers every question but the last, that for a bot.
///
/// # Errors
/// When a line is missing.
pub async fn answer_all_but_the_bot(buyer: &Someone, business: &str) -> Result<ChatMessage> {
    answer_as(buyer, business, "Барбершоп").await
}

async fn answer_as(buyer: &Someone, business: &str, kind: &str) -> Result<ChatMessage> {
    buyer.start("собственный Telegram-бот записи").await?;
    buyer.press("Подключить бота", "На какой срок").await?;
    buyer.press("1 месяц", "Как называется ваш бизнес").await?;
    buyer.say(business, "Чем занимается").await?;
    buyer.press(kind, "По какому времени").await?;
    buyer.press("Москва", "Как с вами связаться").await?;
    buyer.say("buyer@example.ru", "Создадим вашего бота").await
}

/// The buyer accepts the terms of the order that is on the screen.
///
/// # Errors
/// When a line is missing.
pub async fn accept(buyer: &Someone) -> Result<ChatMessage> {
    buyer.press("Принимаю условия", "приняты").await
}

/// The buyer accepts the terms of a complete order and asks for its bill.
///
/// # Errors
/// When a line is missing.
pub async fn bill(buyer: &Someone, bot: BotName) -> Result<Unpaid> {
    accept(buyer).await?;
    buyer.press("Оплатить", "Счёт готов").await?;
    take_bill(buyer, bot).await
}

/// The buyer opens the page that the bill on the screen leads to.
///
/// # Errors
/// When there is no bill.
pub async fn take_bill(buyer: &Someone, bot: BotName) -> Result<Unpaid> {
    let page = buyer.follow("Перейти к оплате").await?.url.context("the bill has no page")?;
    let payments = buyer.sim.payments().await?;
    let ours = |url: Option<&serde_json::Value>| url.and_then(|url| url.as_str()) == Some(&page);
    let payment = payments.into_iter().find(|payment| ours(payment.object.pointer("/confirmation/confirmation_url")));
    let payment_id = payment.context("YooKassa knows no payment with this page")?.id;
    Ok(Unpaid { buyer: buyer.clone(), bot, payment_id })
}

impl Unpaid {
    /// The buyer pays on `YooKassa`'s page.
    ///
    /// # Errors
    /// When the payment is final already.
    pub async fn pay(self) -> Result<Paid> {
        let seq = self.buyer.sim.now().await?;
        self.buyer.sim.pay(&self.payment_id).await?;
        Ok(Paid { buyer: self.buyer, bot: self.bot, payment_id: self.payment_id, seq })
    }
}

impl Paid {
    /// The moment (milliseconds of the sandbox's clock) at which the master took the notification of the money.
    ///
    /// # Errors
    /// When it never did.
    pub async fn notified_ms(&self) -> Result<u64> {
        let sim = &self.buyer.sim;
        let taken = sim.wait_event(self.seq, "the master takes the notification", sim.patience(), |event| {
            matches!(&event.what, What::NotificationSent { payment_id, status: Some(200), .. } if *payment_id == self.payment_id)
        });
        Ok(taken.await?.ms)
    }

    /// The same, waited for longer.
    #[must_use]
    pub fn patient(&self, limit: Duration) -> Self {
        let mut patient = self.clone();
        patient.buyer.sim = patient.buyer.sim.with_patience(limit);
        patient
    }

    /// The buyer reads that the bot works.
    ///
    /// # Errors
    /// When that line is missing.
    pub async fn ready(&self) -> Result<()> {
        self.buyer.reads("Оплата получена").await?;
        self.buyer.reads("Ваш бот работает").await?;
        Ok(())
    }
}

/// A whole sale.
///
/// # Errors
/// When a line is missing.
pub async fn sell(buyer: &Someone, business: &str) -> Result<Paid> {
    let paid = sign_up(buyer, business).await?.pay().await?;
    paid.ready().await?;
    Ok(paid)
}

/// A customer books a haircut at the first free time, and reads the confirmation.
///
/// # Errors
/// When a line is missing.
pub async fn book_a_haircut(customer: &Someone) -> Result<ChatMessage> {
    customer.start("Здесь можно записаться").await?;
    customer.press("Записаться", "Выберите услугу").await?;
    customer.press("Мужская стрижка", "К кому вас записать").await?;
    customer.press("Любой мастер", "Когда вам удобно").await?;
    customer.press_first("day:", "Выберите время").await?;
    customer.press_first("at:", "Согласие на обработку").await?;
    customer.press("✅ Согласен", "Как вас зовут").await?;
    customer.press_first("me", "номер телефона").await?;
    customer.key("Отправить мой номер", "Проверьте, всё ли верно").await?;
    customer.press("✅ Записаться", "Вы записаны").await
}

/// The owner is told of the booking, and finds it in the plan of today or tomorrow.
///
/// # Errors
/// When a line is missing.
pub async fn see_the_booking(owner: &Someone, customer: &str) -> Result<()> {
    owner.reads("Новая запись").await?;
    owner.say("/admin", "Что откроем?").await?;
    let today = owner.press("Расписание", "Сегодня").await?;
    if !today.text.contains(customer) {
        owner.press(" ›", customer).await?;
    }
    Ok(())
}

/// The operator opens a tenant's card.
///
/// # Errors
/// When a line is missing.
pub async fn open_card(operator: &Someone, slug: &str) -> Result<ChatMessage> {
    operator.say("/tenants", "Боты клиентов").await?;
    operator.press(slug, "Состояние").await
}

/// The operator stops the tenant whose card is open.
///
/// # Errors
/// When a line is missing.
pub async fn stop(operator: &Someone) -> Result<()> {
    operator.press("Остановить", "Выберите причину").await?;
    operator.press("Технические работы", "Состояние — остановлен").await.map(drop)
}

/// The operator starts the tenant whose card is open, and the bot is heard again.
///
/// # Errors
/// When a line is missing.
pub async fn start(operator: &Someone, bot: &BotName) -> Result<()> {
    comes_up(operator, "Запустить", bot).await
}

/// The operator restarts the tenant whose card is open: another process of the bot is heard.
///
/// # Errors
/// When a line is missing.
pub async fn restart(operator: &Someone, bot: &BotName) -> Result<()> {
    comes_up(operator, "Перезапустить", bot).await
}

async fn comes_up(operator: &Someone, button: &str, bot: &BotName) -> Result<()> {
    let sim = &operator.sim;
    let polls = sim.bot(bot).await?.polls;
    let act = operator.tap(button).await?;
    until(sim.patience(), "the bot asks Telegram for messages again", async || {
        Ok((sim.bot(bot).await?.polls > polls).then_some(()))
    })
    .await?;
    sim.wait_reply(&act, "Состояние — работает").await.context("the card does not say that it works")?;
    Ok(())
}

/// The operator reads the log of the tenant whose card is open: it comes as a file.
///
/// # Errors
/// When a line is missing.
pub async fn read_logs(operator: &Someone) -> Result<ChatMessage> {
    operator.press("Журнал", "последние строки").await
}

/// The operator removes the tenant whose card is open, and types its name to say so.
///
/// # Errors
/// When a line is missing.
pub async fn remove(operator: &Someone, slug: &str) -> Result<()> {
    operator.press("Удалить", "Чтобы удалить, напишите").await?;
    operator.say(slug, "Состояние — удалён").await.map(drop)
}
