//! A contact: written, or shared by the key below the chat.

use anyhow::Result;
use play::world::World;

use super::{Buyer, order};

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_number_is_shared_with_a_key_that_goes_away_again() -> Result<()> {
    let world = World::start().await?;
    for language in super::LANGUAGES {
        let buyer = Buyer::speaking(&world, language).await?;
        buyer.goes_to("contact").await?;
        let asked = buyer.tap("b:share").await?;
        assert!(asked.keys.iter().flatten().any(|key| key.asks_contact), "{asked:?}");
        buyer.0.key("📱", "+").await?;
        buyer.comes_to("b:other").await?;
        let taken = order(&world).await?.contact.unwrap_or_default();
        assert!(taken.starts_with('+') && taken.len() > 10, "{taken}");
        let chat = buyer.0.sim.chat(buyer.0.person.id, &buyer.0.bot).await?;
        assert!(chat.keys.is_empty(), "the key is still below the chat");
        assert_eq!(chat.messages.iter().filter(|m| m.text.contains(&taken) && m.removes_keys).count(), 1);
        // Shared once more, where nobody asks for it.
        let act = buyer.0.sim.share_contact(buyer.0.person.id, &buyer.0.bot).await?;
        buyer.0.sim.wait_confirmed(&act).await?;
        assert_eq!(order(&world).await?.contact.as_deref(), Some(taken.as_str()));
        buyer.write("/cancel").await?;
        buyer.tap_like("b:over:").await?;
    }
    world.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_number_is_not_taken() -> Result<()> {
    let world = World::start().await?;
    let buyer = Buyer::speaking(&world, "ru").await?;
    buyer.goes_to("contact").await?;
    let other = world.someone("Борис").await?.person.id;
    for user in [other, 0] {
        let act = buyer.0.sim.share_foreign_contact(buyer.0.person.id, &buyer.0.bot, "+79990001122", user).await?;
        buyer.0.sim.wait_reply(&act, "Это чужой номер").await?;
        assert_eq!(order(&world).await?.contact, None);
    }
    for nonsense in ["позвоните мне", "a@b", "123", "+7 912 345 67 89 доб. 5"] {
        let told = buyer.write(nonsense).await?;
        assert!(told.text.contains("Не похоже ни на e-mail"), "{}", told.text);
    }
    assert_eq!(order(&world).await?.contact, None);
    world.close().await
}
