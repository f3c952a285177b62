//! Every button of a way through the bot, pressed by a stranger first, and a second time by whom it was made for.

use anyhow::Result;
use play::{meddler::Meddler, scenes, world::World};

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_and_a_second_tap_change_nothing_on_the_way_to_a_bot() -> Result<()> {
    let world = World::start().await?;
    let meddler = Meddler::in_world(&world).await?;
    let buyer = world.someone("Анна").await?.meddled_with(&meddler);
    let paid = scenes::sell(&buyer, "Барбершоп").await?;
    let slug = world.tenant_of(&paid.bot.username).await?;

    let operator = world.operator().meddled_with(&meddler);
    scenes::open_card(&operator, &slug).await?;
    scenes::stop(&operator).await?;
    operator.press("Запустить", "Состояние").await?;
    scenes::remove(&operator, &slug).await?;
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_and_a_second_tap_change_nothing_where_the_staff_works() -> Result<()> {
    let world = World::start().await?;
    let meddler = Meddler::in_world(&world).await?;
    scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;

    let owner = world.operator().meddled_with(&meddler);
    owner.say("/staff", "Ваша роль").await?;
    owner.press("Боты клиентов", "Страница 1 из 1").await?;
    owner.press("работает: 1", "работает: 1").await?;
    owner.press("Все: 1", "всего 1").await?;
    owner.press("Найти", "Кого ищем").await?;
    owner.say("барбер", "Состояние").await?;
    owner.press("Перезапустить", "Состояние").await?;
    owner.press("События", "события, новые сверху").await?;
    owner.press("К карточке", "Состояние").await?;
    owner.press("Удалить", "напишите").await?;
    owner.press("Не удалять", "Состояние").await?;
    owner.press("Принять оплату", "").await?;

    // One person is let in, made more of, and let go again.
    owner.say("/staff", "Ваша роль").await?;
    owner.press("Команда", "Нажмите на человека").await?;
    owner.press("Добавить", "Кем будет").await?;
    let link = owner.press("поддержка", "Отправьте эту ссылку").await?;
    let link = link.text.lines().find(|line| line.starts_with("https://t.me/")).unwrap_or_default().to_owned();
    let petr = world.someone("Пётр").await?;
    petr.sim.open(petr.person.id, &link).await?;
    petr.reads("Вас зовут в команду").await?;
    // Whoever has the link may come in by it, so no stranger is asked here.
    petr.press("Принять", "Для сотрудников").await?;
    owner.reads("В команде пополнение").await?;
    owner.say("/staff", "Ваша роль").await?;
    owner.press("Команда", "Пётр").await?;
    owner.press("Пётр", "В команде с").await?;
    owner.press("оператор", "Роль — оператор").await?;
    owner.press("Убрать из команды", "Убрать Пётр").await?;
    owner.press("Нет, оставить", "Роль — оператор").await?;
    owner.press("Убрать из команды", "Убрать Пётр").await?;
    owner.press("Да, убрать", "Нажмите на человека").await?;
    owner.press("История", "История команды").await?;
    owner.press("К команде", "Нажмите на человека").await?;
    owner.press("Добавить", "Кем будет").await?;
    owner.press("поддержка", "Отправьте эту ссылку").await?;
    owner.press("Отозвать", "Нажмите на человека").await?;
    world.close().await
}
