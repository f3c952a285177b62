//! What a booking can hold besides a service and a time: a party, several services, answers, a comment.

use anyhow::Result;

use crate::{
    running::{Play, buttons},
    shop::monday,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_is_found_for_a_party_and_two_are_put_together_for_a_large_one() -> Result<()> {
    let play = Play::begin("restaurant", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    anna.start("Здравствуйте").await?;
    anna.press("📅 Записаться", "Выберите услугу").await?;
    let ask = anna.press("Столик", "Сколько вас будет?").await?;
    assert_eq!(buttons(&ask)[..2], [vec!["1", "2", "3", "4"], vec!["5", "6", "7", "8"]]);
    anna.say("сто", "Напишите, пожалуйста, числом").await?;
    let tables = anna.press("4", "Какой стол вам нравится?").await?;
    assert!(!buttons(&tables).concat().iter().any(|b| b.contains("2 места")), "{:?}", buttons(&tables));
    anna.press("‹ Назад", "Сколько вас будет?").await?;
    anna.press("8", "Когда вам удобно?").await?;
    anna.press("24", "Выберите время").await?;
    let check = play.chooses(&anna, "19:00").await?;
    assert!(check.text.contains("👥 8 человек") && check.text.contains(" + "), "{}", check.text);
    let booked = anna.press("✅ Записаться", "Вы записаны!").await?;
    assert!(booked.text.contains("👥 8 человек"), "{}", booked.text);
    assert!(play.count("select count(*) from occupancy").await? >= 2);
    let press = anna.tap("‹ В меню").await?;
    play.stage.sim.wait_confirmed(&press).await?;
    anna.press("📅 Записаться", "Выберите услугу").await?;
    anna.press("Столик", "Сколько вас будет?").await?;
    // Five fit at one table only, or at tables that are put together: there is nothing to choose.
    anna.say("5", "👥 5 человек\n\nКогда вам удобно?").await?;
    anna.press("‹ Назад", "не больше 8 человек").await?;
    anna.say("40", "Столько человек сразу не разместить").await?;
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_shows_the_seats_that_are_left() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    play.run("update services set capacity = 4 where name = 'Мужская стрижка'").await?;
    let (anna, boris) = (play.stage.someone("Аня").await?, play.stage.someone("Борис").await?);
    anna.start("Здравствуйте").await?;
    anna.press("📅 Записаться", "Выберите услугу").await?;
    anna.press("Мужская стрижка", "Сколько вас будет?").await?;
    anna.press("3", "К кому вас записать?").await?;
    anna.press("Артём", "Когда вам удобно?").await?;
    let times = anna.press("24", "Выберите время").await?;
    assert_eq!(buttons(&times)[0], ["10:00 · 4 места", "10:30 · 4 места"]);
    let check = play.chooses(&anna, "12:00").await?;
    assert!(check.text.contains("👥 3 человека"), "{}", check.text);
    anna.press("✅ Записаться", "Вы записаны!").await?;
    boris.start("Здравствуйте").await?;
    boris.press("📅 Записаться", "Выберите услугу").await?;
    boris.press("Мужская стрижка", "Сколько вас будет?").await?;
    boris.press("1", "К кому вас записать?").await?;
    boris.press("Артём", "Когда вам удобно?").await?;
    let times = boris.press("24", "Выберите время").await?;
    assert!(buttons(&times).concat().contains(&"12:00 · 1 место"), "{:?}", buttons(&times));
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_are_added_and_dropped_and_stand_back_to_back() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    let anna = play.stage.someone("Аня").await?;
    anna.start("Здравствуйте").await?;
    play.looks(&anna).await?;
    play.chooses(&anna, "12:00").await?;
    anna.press("➕ Добавить услугу", "Выберите услугу").await?;
    anna.press("Оформление бороды", "К кому вас записать?").await?;
    let check = anna.press("Артём", "Проверьте").await?;
    let expected = "✨ 12:00 Мужская стрижка · Артём\n✨ 13:00 Оформление бороды · Артём\n🗓 вт, 24 ноября, 12:00–13:30";
    assert!(check.text.contains(expected) && check.text.contains("2\u{a0}800"), "{}", check.text);
    let check = anna.press("➖ Убрать последнюю", "Проверьте").await?;
    assert!(check.text.contains("✨ Мужская стрижка\n📍 Артём"), "{}", check.text);
    anna.press("➕ Добавить услугу", "Выберите услугу").await?;
    anna.press("Оформление бороды", "К кому вас записать?").await?;
    anna.press("‹ Назад", "Проверьте").await?;
    anna.press("➕ Добавить услугу", "Выберите услугу").await?;
    anna.press("Оформление бороды", "К кому вас записать?").await?;
    anna.press("Денис", "Проверьте").await?;
    let booked = anna.press("✅ Записаться", "Вы записаны!").await?;
    assert!(booked.text.contains("13:00 Оформление бороды · Денис"), "{}", booked.text);
    assert_eq!(
        play.count(
            "select count(*) from booking_lines l join bookings b on b.id = l.booking_id where status = 'confirmed'"
        )
        .await?,
        2
    );
    // More than the business allows is said, and what was there stays.
    anna.press("‹ В меню", "Чем помочь?").await?;
    play.looks(&anna).await?;
    anna.press("16:00", "Проверьте").await?;
    play.setting("visit_limit", "1").await?;
    anna.press("➕ Добавить услугу", "Выберите услугу").await?;
    let check = anna.press("Оформление бороды", "За один визит получится не больше 1 услуги").await?;
    assert!(check.text.contains("✨ Мужская стрижка\n📍 Артём"), "{}", check.text);
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_are_asked_and_a_comment_is_passed_on() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    play.run(
        r#"update services set questions = '[{"text": "Длина волос?", "required": true}, {"text": "Аллергия?"}]'
           where name = 'Мужская стрижка'"#,
    )
    .await?;
    let anna = play.stage.someone("Аня").await?;
    anna.start("Здравствуйте").await?;
    play.looks(&anna).await?;
    anna.press("12:00", "Согласие").await?;
    anna.press("✅ Согласен", "Как вас зовут?").await?;
    anna.press("Аня", "номер телефона").await?;
    let ask = anna.say("89161234567", "❓ Длина волос?").await?;
    assert_eq!(buttons(&ask), [["‹ Назад", "‹ В меню"]], "a required answer is not skipped");
    anna.say(&"я".repeat(501), "не длиннее 500 знаков").await?;
    anna.say("до плеч", "❓ Аллергия?").await?;
    let check = anna.press("Пропустить", "Проверьте").await?;
    assert!(check.text.contains("❓ Длина волос? до плеч") && !check.text.contains("Аллергия"), "{}", check.text);
    anna.press("💬 Комментарий", "Что передать?").await?;
    let check = anna.say("Приду <с собакой>", "Проверьте").await?;
    assert!(check.text.contains("💬 Приду <с собакой>"), "{}", check.text);
    let booked = anna.press("✅ Записаться", "Вы записаны!").await?;
    assert!(booked.text.contains("до плеч") && booked.text.contains("с собакой"), "{}", booked.text);
    let kept: (String, serde_json::Value) =
        sqlx::query_as("select comment, answers from bookings where status = 'confirmed'")
            .fetch_one(&play.pool)
            .await?;
    assert_eq!(kept.0, "Приду <с собакой>");
    assert_eq!(kept.1, serde_json::json!([{ "question": "Длина волос?", "answer": "до плеч" }]));
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prices_lengths_words_and_pictures_are_shown_where_one_chooses() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    play.run("update services set description = 'Моем и стрижём', photo = 'AgACAgIAAxkBAAIB'").await?;
    play.run("update services set price_to_kopecks = 250000 where name = 'Мужская стрижка'").await?;
    play.run("update resources set description = 'Стрижёт с 2010 года' where name = 'Артём'").await?;
    play.run(
        "update service_resources set price_kopecks = 300000, duration_minutes = 90
         where resource_id = (select id from resources where name = 'Денис')",
    )
    .await?;
    let anna = play.stage.someone("Аня").await?;
    anna.start("Здравствуйте").await?;
    let services = anna.press("📅 Записаться", "Выберите услугу").await?;
    assert_eq!(buttons(&services)[0], ["Мужская стрижка · от 1\u{a0}800 до 2\u{a0}500\u{a0}₽ · 1 ч"]);
    let who = anna.press("Мужская стрижка", "К кому вас записать?").await?;
    assert!(who.text.contains("Моем и стрижём") && who.text.contains("Артём: Стрижёт с 2010 года"), "{}", who.text);
    assert!(who.text.contains("от 1\u{a0}800 до 3\u{a0}000\u{a0}₽, 1 ч – 1 ч 30 мин"), "{}", who.text);
    let rows = buttons(&who).concat();
    assert!(rows.contains(&"Артём · от 1\u{a0}800 до 2\u{a0}500\u{a0}₽ · 1 ч"), "{rows:?}");
    assert!(rows.contains(&"Денис · 3\u{a0}000\u{a0}₽ · 1 ч 30 мин") && rows.contains(&"📷 Фото"), "{rows:?}");
    anna.press("📷 Фото", "Моем и стрижём").await?;
    // Where nothing is asked before the calendar, the picture is under it.
    play.run(
        "delete from service_resources where service_id = (select id from services where name = 'Детская стрижка')
           and resource_id <> (select id from resources where name = 'Артём')",
    )
    .await?;
    anna.say("/book", "Выберите услугу").await?;
    let month = anna.press("Детская стрижка", "Когда вам удобно?").await?;
    assert!(month.text.contains("📍 Артём") && buttons(&month).concat().contains(&"📷 Фото"), "{:?}", buttons(&month));
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_services_are_shown_by_category_and_found_by_name() -> Result<()> {
    let play = Play::begin("barbershop", monday()).await?;
    play.run("update services set category = case when name like '%трижка%' then 'Стрижки' else 'Уход' end").await?;
    play.run(
        "insert into services (name, duration_minutes, price_kopecks, position)
         values ('Массаж', 30, 100000, 50), ('Маска', 30, 100000, 51)",
    )
    .await?;
    play.run(
        "insert into service_resources (service_id, resource_id) select s.id, r.id from services s, resources r
              where s.position >= 50",
    )
    .await?;
    let anna = play.stage.someone("Аня").await?;
    anna.start("Здравствуйте").await?;
    let headings = anna.press("📅 Записаться", "Выберите раздел").await?;
    assert_eq!(buttons(&headings), [["Стрижки"], ["Уход"], ["Остальное"], ["‹ В меню"]]);
    let rest = anna.press("Остальное", "Выберите услугу").await?;
    assert_eq!(buttons(&rest).len(), 3, "{:?}", buttons(&rest));
    anna.press("‹ Назад", "Выберите раздел").await?;
    anna.press("Стрижки", "Выберите услугу").await?;
    let found = anna.say("МАС", "Вот что нашлось").await?;
    assert_eq!(buttons(&found).len(), 3, "{:?}", buttons(&found));
    anna.press("Маска", "К кому").await?;
    anna.say("xyz", "Понимаю кнопки").await?;
    anna.press("▶️ Продолжить запись", "К кому").await?;
    play.end().await
}
