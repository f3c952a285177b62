//! Whatever people are called and write, every screen is one that Telegram takes: the sandbox is as strict as it.

use anyhow::Result;
use play::world::World;
use sandbox::wire::NewPerson;

use super::Buyer;

#[tokio::test(flavor = "multi_thread")]
async fn names_of_every_kind_fit_every_screen() -> Result<()> {
    let world = World::start().await?;
    let wide = "𠜎".repeat(64);
    let markup = "<b>&\"</b>{name}<a href='x'>".chars().cycle().take(64).collect::<String>();
    let arabic = "\u{202e}صالون".chars().cycle().take(60).collect::<String>();
    let mail = format!("{}@{}.ru", "a".repeat(60), "b".repeat(180));
    for (language, name) in [("ru", &wide), ("en", &markup), ("ru", &arabic), ("en", &wide)] {
        let new = NewPerson {
            first_name: name.clone(),
            last_name: Some(name.clone()),
            language_code: Some(language.to_owned()),
            ..NewPerson::default()
        };
        let person = world.stage.sim.create_person(&new).await?;
        let buyer = Buyer::new(world.as_person(person, &world.bot.bot.username));
        buyer.goes_to("name").await?;
        buyer.write(name).await?;
        for question in ["kind", "zone"] {
            buyer.answers(question).await?;
        }
        buyer.write(&mail).await?;
        buyer.tap("b:other").await?;
        let hint = buyer.0.key("🤖", "@").await?;
        assert!(!hint.text.is_empty());
        let summary = buyer.comes_to("b:accept:").await?;
        // What would turn the line around is left out.
        let shown = name.replace('\u{202e}', " ");
        let shown = shown.trim();
        assert!(summary.text.contains(shown), "{}", summary.text);
        buyer.tap("b:edit").await?;
        for question in ["name", "kind", "zone", "contact", "bot"] {
            buyer.tap("b:edit").await.ok();
            buyer.forge(&format!("b:ask:{question}")).await?;
        }
        buyer.write("/start").await?;
        for data in ["b:faq", "b:home", "b:support", "b:home", "b:plans"] {
            buyer.tap(data).await?;
        }
        buyer.tap("b:on").await?;
        buyer.bill().await?;
        buyer.write("/cancel").await?;
        buyer.tap_like("b:over:").await?;
    }
    world.close().await
}
