//! What is on the screens, word for word, in both languages.

use anyhow::Result;
use play::{album::Album, world::World};

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_business_with_the_fleet_is_told_so() -> Result<()> {
    let world = World::start().await?;
    for (name, language) in [("Злодей", "ru"), ("Villain", "en")] {
        let stranger = world.someone_speaking(name, language).await?;
        let said = stranger.sim.say(stranger.person.id, &stranger.bot, "/tenants").await?;
        stranger.sim.wait_reply(&said, "").await?;
        Album::of(&stranger, 0).await?.assert_snapshot(&format!("stranger_{language}"));
    }
    world.close().await
}
