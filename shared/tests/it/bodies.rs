//! What a message can be besides a text: photos, contact cards and files; and what an edit makes of them.

use std::time::Duration;

use anyhow::{Context, Result};
use sandbox::wire::{ChatMessage, Fault, FaultKind, Sent};
use shared::{
    clock::Clock,
    outbox::{Document, Letter},
    telegram::{Button, Edited, Screen},
};
use tokio_util::sync::CancellationToken;

use crate::room::Room;

/// A file id of a photo that the bot was sent.
async fn photo(room: &Room) -> Result<String> {
    room.sim.send(room.person.id, &room.bot, &Sent { kind: "photo".into(), ..Sent::default() }).await?;
    let chat = room.sim.chat(room.person.id, &room.bot).await?;
    let sizes = chat.messages.iter().rev().find_map(|m| m.content.as_ref()).context("a photo was sent")?;
    let largest = sizes.value.as_array().and_then(|sizes| sizes.last()).context("a photo has sizes")?;
    Ok(largest["file_id"].as_str().context("a file id")?.to_owned())
}

async fn last(room: &Room) -> Result<ChatMessage> {
    let chat = room.sim.chat(room.person.id, &room.bot).await?;
    chat.messages.into_iter().rfind(|m| m.from_bot).context("the bot has written")
}

fn kind(message: &ChatMessage) -> Option<&str> {
    message.content.as_ref().map(|content| content.kind.as_str())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn photos_and_contact_cards_are_sent_as_replies_and_as_letters() -> Result<()> {
    let (room, clock) = (Room::new().await?, Clock::system());
    let (outbox, chat, photo) = (room.outbox(&clock), room.person.id, photo(&room).await?);
    let screen = Screen::text("<b>Стрижка</b>").photo(&photo).inline(vec![vec![Button::press("Да", "yes")]]);
    outbox.reply(1, 0, chat, &screen).await?.message_id.context("it was sent")?;
    let shown = last(&room).await?;
    assert_eq!((kind(&shown), shown.text.as_str(), shown.buttons.len()), (Some("photo"), "Стрижка", 1));

    outbox.reply(2, 0, chat, &Screen::contact("Борода", "+79161234567")).await?;
    assert_eq!(last(&room).await?.contact.context("a card")?.phone_number, "+79161234567");

    let letter = Letter { key: "photo".into(), chat_id: chat, screen, due_at: clock.now() };
    outbox.post(&letter).await?;
    let stop = CancellationToken::new();
    let task = tokio::spawn({
        let (outbox, stop) = (outbox.clone(), stop.clone());
        async move { outbox.run(stop).await }
    });
    let arrives = async || Ok(outbox.message_of("photo").await?);
    play::until(Duration::from_secs(20), "the letter arrives", arrives).await?;
    assert_eq!(kind(&last(&room).await?), Some("photo"));
    stop.cancel();
    task.await?;
    Ok(room.sim.assert_clean().await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_words_under_a_picture_that_is_no_more_are_said_without_it() -> Result<()> {
    let (room, clock) = (Room::new().await?, Clock::system());
    let screen = Screen::text("<b>Стрижка</b>").photo("AgACAgIAAxkNobodyHasIt");
    room.outbox(&clock).reply(1, 0, room.person.id, &screen).await?.message_id.context("it was sent")?;
    let shown = last(&room).await?;
    assert_eq!((kind(&shown), shown.html.as_str()), (None, "<b>Стрижка</b>"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_in_answer_to_an_update_is_sent_once_and_kept_no_longer_than_that() -> Result<()> {
    let (room, clock) = (Room::new().await?, Clock::system());
    let outbox = room.outbox(&clock);
    let file = Document::file("visit.ics", "BEGIN:VCALENDAR");
    let first = outbox.reply_document(7, 0, room.person.id, &Screen::text("Визит"), &file).await?;
    let again = outbox.reply_document(7, 0, room.person.id, &Screen::text("Визит"), &file).await?;
    assert!(first.message_id.is_some() && !first.repeated && again.repeated);
    assert_eq!(first.message_id, again.message_id);
    let document = last(&room).await?.document.context("a file")?;
    assert_eq!(room.sim.file(&document.file_id).await?, file.content);
    assert_eq!(room.read().await?, ["Визит"]);
    let kept: Option<String> =
        sqlx::query_scalar("select body #>> '{document,content}' from outbox").fetch_one(&room.pool).await?;
    assert_eq!(kept, None);

    // Nobody knows whether it has arrived: the repeat of the update does not send it again.
    room.sim.fault(&Fault::telegram("sendDocument", FaultKind::Withhold)).await?;
    let lost = outbox.reply_document(8, 0, room.person.id, &Screen::text("Визит"), &file).await?;
    let again = outbox.reply_document(8, 0, room.person.id, &Screen::text("Визит"), &file).await?;
    assert!(lost.message_id.is_none() && again.repeated);
    assert_eq!(room.read().await?.len(), 2);
    Ok(())
}

/// The least picture that there is: one pixel.
fn pixel() -> Result<Vec<u8>> {
    const BASE64: &str =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    Ok(base64::Engine::decode(&base64::prelude::BASE64_STANDARD, BASE64)?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_text_arrives_byte_for_byte_as_a_picture_and_as_a_file() -> Result<()> {
    let (room, clock) = (Room::new().await?, Clock::system());
    let outbox = room.outbox(&clock);
    let keyboard = || Screen::text("Неделя").inline(vec![vec![Button::press("Ещё", "x")]]);
    let picture = Document::picture("week.png", pixel()?);
    outbox.reply_document(1, 0, room.person.id, &keyboard(), &picture).await?.message_id.context("it was sent")?;
    let shown = last(&room).await?;
    assert_eq!((kind(&shown), shown.text.as_str()), (Some("photo"), "Неделя"));
    let bytes: Vec<u8> = (0..=255).collect();
    let archive = Document::file("all.zip", bytes.clone());
    outbox.reply_document(2, 0, room.person.id, &keyboard(), &archive).await?.message_id.context("it was sent")?;
    let document = last(&room).await?.document.context("a file")?;
    assert_eq!(document.file_name, "all.zip");
    assert_eq!(room.sim.file(&document.file_id).await?, bytes);
    let kept: Vec<Option<String>> =
        sqlx::query_scalar("select body #>> '{document,content}' from outbox").fetch_all(&room.pool).await?;
    assert_eq!(kept, [None, None]);
    room.sim.assert_clean().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_text_is_neither_edited_nor_edited_into() -> Result<()> {
    let (room, clock) = (Room::new().await?, Clock::system());
    let (outbox, chat) = (room.outbox(&clock), room.person.id);
    let picture = Screen::text("Стрижка").photo(photo(&room).await?);
    let words = Screen::text("Выберите время");
    let photo = outbox.reply(1, 0, chat, &picture).await?.message_id.context("it was sent")?;
    let text = outbox.reply(2, 0, chat, &words).await?.message_id.context("it was sent")?;
    assert_eq!(room.telegram.edit(chat, photo, &words).await?, Edited::Gone);
    assert_eq!(room.telegram.edit(chat, text, &picture).await?, Edited::Gone);
    assert_eq!(room.telegram.edit(chat, text, &words).await?, Edited::NotModified);
    assert_eq!(room.read().await?, ["Стрижка", "Выберите время"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_buttons_are_taken_away_and_it_does_not_matter_if_they_are_gone() -> Result<()> {
    let (room, clock) = (Room::new().await?, Clock::system());
    let chat = room.person.id;
    let screen = Screen::text("Меню").inline(vec![vec![Button::press("Да", "yes")]]);
    let id = room.outbox(&clock).reply(1, 0, chat, &screen).await?.message_id.context("it was sent")?;
    for _ in 0..2 {
        room.telegram.remove_keyboard(chat, id).await?;
        let shown = last(&room).await?;
        assert_eq!((shown.text.as_str(), shown.buttons.len()), ("Меню", 0));
    }
    room.telegram.delete_message(chat, id).await?;
    room.telegram.remove_keyboard(chat, id).await?;
    room.sim.block(chat, &room.bot).await?;
    assert!(room.telegram.remove_keyboard(chat, id).await.is_err(), "a real refusal is told");
    Ok(())
}
