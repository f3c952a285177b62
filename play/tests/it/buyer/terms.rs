//! Terms: shown, accepted by an act of their own, kept with version and time, and shown again.

use anyhow::Result;
use play::world::{Shape, World};
use sqlx::Row;

use super::{Buyer, LANGUAGES, carried, order};

#[tokio::test(flavor = "multi_thread")]
async fn nobody_pays_before_the_terms_are_accepted_and_what_was_accepted_is_kept() -> Result<()> {
    let world = World::start().await?;
    for language in LANGUAGES {
        let buyer = Buyer::speaking(&world, language).await?;
        let summary = buyer.goes_to("sum").await?;
        assert!(!carried(&summary).iter().any(|data| data.starts_with("b:pay:")), "{summary:?}");
        let paid_before = world.stage.sim.payments().await?.len();
        let id = order(&world).await?.id;
        // A button that is not there.
        buyer.forge(&format!("b:pay:{id}")).await?;
        assert_eq!(
            (world.stage.sim.payments().await?.len(), order(&world).await?.state.as_str()),
            (paid_before, "draft")
        );
        // Both texts are there to be read, with a way back.
        for document in ["b:read:offer", "b:read:privacy"] {
            let text = buyer.tap(document).await?.text;
            assert!(text.chars().count() > 300, "{text}");
            buyer.tap("b:on").await?;
        }
        assert_eq!(order(&world).await?.terms_version, None, "reading is not accepting");
        buyer.tap_like("b:accept:").await?;
        let accepted = order(&world).await?.terms_version;
        assert_eq!(accepted.as_deref(), Some("2026-11-21"));
        let shown = buyer.write("/terms").await?;
        assert!(shown.text.contains("✅") && shown.text.contains("2026-11-21"), "{}", shown.text);
        let pool = world.registry().await?;
        let row = sqlx::query(
            "select terms_accepted_at between now() - interval '5 minutes' and now() from orders order by id desc",
        )
        .fetch_one(&pool)
        .await?;
        assert!(row.get::<bool, _>(0), "the time is not that of the act");
        pool.close().await;
    }
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn newer_terms_are_accepted_anew_and_the_older_can_still_be_found() -> Result<()> {
    let own = |version: &str| {
        vec![
            ("OFFER_URL".to_owned(), format!("https://example.ru/offer-{version}")),
            ("PRIVACY_URL".to_owned(), format!("https://example.ru/privacy-{version}")),
            ("TERMS_VERSION".to_owned(), version.to_owned()),
        ]
    };
    let mut world = World::shaped(Shape { settings: own("1.0"), ..Shape::default() }).await?;
    let buyer = Buyer::speaking(&world, "ru").await?;
    let summary = buyer.goes_to("sum").await?;
    let links: Vec<String> = summary.buttons.iter().flatten().filter_map(|b| b.url.clone()).collect();
    assert_eq!(links, ["https://example.ru/offer-1.0", "https://example.ru/privacy-1.0"]);
    let old = buyer.data_like("b:accept:").await?;
    buyer.tap(&old).await?;
    assert_eq!(order(&world).await?.terms_version.as_deref(), Some("1.0"));
    world.master.stop().await?;
    for (name, value) in own("2.0") {
        world.master.set(&name, &value);
    }
    world.start_master().await?;
    // The button to pay is still on the screen, and leads to the new terms first.
    let screen = buyer.tap_like("b:pay:").await?;
    assert!(carried(&screen).iter().any(|data| data.ends_with(":2.0")), "{screen:?}");
    assert!(world.stage.sim.payments().await?.is_empty());
    let note = buyer.forge(&old).await?;
    assert!(note.contains("Условия изменились"), "{note}");
    assert_eq!(order(&world).await?.terms_version.as_deref(), Some("1.0"), "unseen terms were accepted");
    let then = buyer.write("/terms").await?;
    assert!(then.text.contains("Вы приняли редакцию 1.0") && then.html.contains("offer-1.0"), "{}", then.html);
    buyer.bill().await?;
    assert_eq!(order(&world).await?.terms_version.as_deref(), Some("2.0"));
    world.close().await
}
