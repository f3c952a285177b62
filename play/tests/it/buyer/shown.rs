//! The screens themselves, word for word, in both languages.

use anyhow::Result;
use play::{
    album::Album,
    meddler::Meddler,
    world::{Shape, World},
};

use super::{Buyer, LANGUAGES, carried};

fn shop() -> Shape {
    let settings = [("DEMO_BOT", "@slotyard_demo_bot"), ("SUPPORT_CONTACT", "@slotyard_help")];
    Shape { settings: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into(), ..Shape::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_to_a_bill_reads_so() -> Result<()> {
    let world = World::shaped(shop()).await?;
    for language in LANGUAGES {
        let buyer = Buyer::speaking(&world, language).await?;
        buyer.goes_to("sum").await?;
        buyer.tap("b:edit").await?;
        buyer.tap("b:ask:contact").await?;
        buyer.tap("b:share").await?;
        buyer.tap("b:on").await?;
        buyer.bill().await?;
        buyer.tap_like("b:drop:").await?;
        buyer.tap_like("b:over:").await?;
        Album::of(&buyer.0, 0).await?.assert_snapshot(&format!("buyer_way_{language}"));
    }
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_the_service_reads_so() -> Result<()> {
    let world = World::shaped(shop()).await?;
    for language in LANGUAGES {
        let buyer = Buyer::speaking(&world, language).await?;
        buyer.write("/start").await?;
        let list = buyer.tap("b:faq").await?;
        for question in carried(&list).into_iter().filter(|data| data.starts_with("b:faq:")) {
            buyer.tap(&question).await?;
            buyer.tap("b:faq").await?;
        }
        buyer.tap("b:home").await?;
        buyer.tap("b:support").await?;
        buyer.tap("b:home").await?;
        for command in ["/help", "/support", "/cancel", "/language", "/terms"] {
            buyer.write(command).await?;
        }
        buyer.tap("b:read:offer").await?;
        buyer.tap("b:terms").await?;
        buyer.tap("b:read:privacy").await?;
        buyer.tap("b:terms").await?;
        buyer.write("?").await?;
        Album::of(&buyer.0, 0).await?.assert_snapshot(&format!("buyer_about_{language}"));
    }
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_contact_of_its_own_the_shop_names_its_owner_and_shows_no_demo() -> Result<()> {
    let world = World::start().await?;
    let buyer = Buyer::speaking(&world, "ru").await?;
    let greeting = buyer.write("/start").await?;
    assert!(greeting.button("Демо").is_none(), "{greeting:?}");
    let support = buyer.tap("b:support").await?;
    assert!(support.html.contains(&format!("tg://user?id={}", world.owner.id)), "{}", support.html);
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_and_a_second_tap_change_nothing_on_any_screen_of_a_buyer() -> Result<()> {
    let world = World::shaped(shop()).await?;
    let meddler = Meddler::in_world(&world).await?;
    let buyer = world.someone("Анна").await?.meddled_with(&meddler);
    buyer.start("собственный Telegram-бот записи").await?;
    for (button, expected) in [
        ("Вопросы", "Вопросы и ответы"),
        ("Как платить?", "На странице ЮKassa"),
        ("Другие вопросы", "Вопросы и ответы"),
        ("Назад", "собственный Telegram-бот записи"),
        ("Поддержка", "slotyard_help"),
        ("Назад", "собственный Telegram-бот записи"),
        ("English", "Hello"),
        ("Русский", "Здравствуйте"),
        ("Тарифы", "На какой срок"),
        ("6 месяцев", "Как называется ваш бизнес"),
    ] {
        buyer.press(button, expected).await?;
    }
    buyer.say("Усы", "Чем занимается").await?;
    for (button, expected) in [
        ("Назад", "Как называется ваш бизнес"),
        ("Оставить", "Чем занимается"),
        ("Клиника", "По какому времени"),
        ("Другие страны", "По какому времени"),
        ("Россия", "По какому времени"),
        ("Омск", "Как с вами связаться"),
        ("Отправить мой номер", "Нажмите «📱 Поделиться номером»"),
    ] {
        buyer.press(button, expected).await?;
    }
    buyer.say("anna@example.ru", "Создадим вашего бота").await?;
    buyer.press("Кнопка не работает", "Есть ещё два способа").await?;
    buyer.key("Создать бота", "создан и привязан").await?;
    buyer.reads("Проверьте заказ").await?;
    // A bot is told of twice; what stands behind both in the queue is answered after them.
    buyer.say("/help", "Что здесь можно сделать").await?;
    for (button, expected) in [
        ("Оферта", "Оферта"),
        ("К заказу", "Проверьте заказ"),
        ("Принимаю условия", "приняты"),
        ("Изменить", "Что изменить?"),
        ("Срок", "На какой срок"),
        ("1 месяц", "Проверьте заказ"),
        ("Оплатить", "Счёт готов"),
        ("К заказу", "Проверьте заказ"),
        ("Оплатить", "Счёт готов"),
        ("Отменить", "Отменить заказ?"),
        ("Нет, вернуться", "Проверьте заказ"),
    ] {
        buyer.press(button, expected).await?;
    }
    assert_eq!(buyer.sim.payments().await?.len(), 1);
    world.close().await
}
