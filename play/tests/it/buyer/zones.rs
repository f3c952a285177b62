//! Time zones: by a city's button, by what is typed.

use anyhow::Result;
use play::world::World;

use super::{Buyer, carried, order};

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_is_chosen_by_a_city_of_either_page() -> Result<()> {
    let world = World::start().await?;
    for (language, first, second) in
        [("ru", "Екатеринбург · МСК+2", "Алматы · UTC+5"), ("en", "Yekaterinburg · MSK+2", "Almaty · UTC+5")]
    {
        let buyer = Buyer::speaking(&world, language).await?;
        let screen = buyer.goes_to("zone").await?;
        assert!(screen.button(first).is_some(), "{screen:?}");
        assert_eq!(carried(&screen).iter().filter(|data| data.starts_with("b:zone:")).count(), 11);
        let abroad = buyer.tap("b:zones:2").await?;
        assert!(abroad.button(second).is_some() && abroad.button(first).is_none(), "{abroad:?}");
        assert!(buyer.tap("b:zones:1").await?.button(first).is_some());
        buyer.tap("b:zones:2").await?;
        buyer.tap("b:zone:Asia/Bishkek").await?;
        assert_eq!(order(&world).await?.zone.as_deref(), Some("Asia/Bishkek"));
        buyer.tap_like("b:drop:").await?;
        buyer.tap_like("b:over:").await?;
    }
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_name_gives_zones_to_choose_from_and_a_whole_one_is_taken() -> Result<()> {
    let world = World::start().await?;
    for (language, part, offered) in [("ru", "красно", "Asia/Krasnoyarsk"), ("en", "auckl", "Pacific/Auckland")] {
        let buyer = Buyer::speaking(&world, language).await?;
        buyer.goes_to("zone").await?;
        let found = buyer.write(part).await?;
        let zones = carried(&found);
        assert!(zones.contains(&format!("b:zone:{offered}")) && zones.len() <= 9, "{zones:?}");
        // Nonsense costs nothing, and there is a way back to the list.
        for nonsense in ["Луна", "+3", "🕒", "<b>"] {
            buyer.write(nonsense).await?;
            assert_eq!(order(&world).await?.zone, None, "{nonsense}");
        }
        buyer.tap("b:zones:1").await?;
        buyer.write(part).await?;
        buyer.tap(&format!("b:zone:{offered}")).await?;
        assert_eq!(order(&world).await?.zone.as_deref(), Some(offered));
        buyer.tap("b:ask:zone").await?;
        buyer.write("казань").await?;
        assert_eq!(order(&world).await?.zone.as_deref(), Some("Europe/Moscow"));
        buyer.tap("b:ask:zone").await?;
        buyer.write("america/new_york").await?;
        assert_eq!(order(&world).await?.zone.as_deref(), Some("America/New_York"));
        buyer.tap_like("b:drop:").await?;
        buyer.tap_like("b:over:").await?;
    }
    world.close().await
}
