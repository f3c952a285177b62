//! The client library that both bots are built on works against the sandbox unchanged.

use crate::Stage;
use teloxide::{
    prelude::*,
    types::{ChatId, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, ParseMode, UpdateKind},
};

fn bot(stage: &Stage) -> Bot {
    Bot::new(&stage.bot.token).set_api_url(stage.running.url().parse().unwrap())
}

#[tokio::test]
async fn teloxide_gets_what_it_understands() {
    let stage = Stage::started().await;
    let bot = bot(&stage);
    let me = bot.get_me().await.unwrap();
    assert_eq!(me.username(), "master_bot");
    let chat = ChatId(stage.anna.id);
    let keyboard = InlineKeyboardMarkup::new([[InlineKeyboardButton::callback("Да", "y")]]);
    let sent =
        bot.send_message(chat, "<b>Привет</b>").parse_mode(ParseMode::Html).reply_markup(keyboard).await.unwrap();
    assert_eq!(sent.text(), Some("Привет"));
    assert_eq!(sent.reply_markup().unwrap().inline_keyboard.len(), 1);
    stage.sim.press(stage.anna.id, &stage.bot, "Да").await.unwrap();
    stage.sim.share_contact(stage.anna.id, &stage.bot).await.unwrap();
    stage.sim.block(stage.anna.id, &stage.bot).await.unwrap();
    let updates = bot.get_updates().timeout(5).await.unwrap();
    let [start, press, contact, blocked] = updates.as_slice() else { panic!("{updates:?}") };
    assert!(matches!(&start.kind, UpdateKind::Message(message) if message.text() == Some("/start")));
    let UpdateKind::CallbackQuery(query) = &press.kind else { panic!("{press:?}") };
    assert_eq!(query.data.as_deref(), Some("y"));
    assert_eq!(query.regular_message().unwrap().id, sent.id);
    assert!(matches!(&contact.kind, UpdateKind::Message(message) if message.contact().is_some()));
    assert!(matches!(&blocked.kind, UpdateKind::MyChatMember(member) if member.new_chat_member.is_banned()));
    stage.sim.unblock(stage.anna.id, &stage.bot).await.unwrap();
    bot.answer_callback_query(query.id.clone()).text("ok").await.unwrap();
    bot.edit_message_text(chat, sent.id, "Пока").await.unwrap();
    let same = bot.edit_message_text(chat, sent.id, "Пока").await.unwrap_err();
    assert!(matches!(same, teloxide::RequestError::Api(teloxide::ApiError::MessageNotModified)));
    let file = InputFile::memory("a;b").file_name("a.csv");
    let document = bot.send_document(chat, file).caption("файл").await.unwrap();
    assert_eq!(document.document().unwrap().file_name.as_deref(), Some("a.csv"));
    bot.delete_message(chat, sent.id).await.unwrap();
    bot.set_my_commands(vec![]).await.unwrap();
    bot.delete_webhook().await.unwrap();
    bot.get_webhook_info().await.unwrap();
    stage.sim.assert_clean().await.unwrap();
}

#[tokio::test]
async fn teloxide_recognises_the_errors() {
    let stage = Stage::set().await;
    let bot = bot(&stage);
    let error = |result: Result<Message, teloxide::RequestError>| match result.unwrap_err() {
        teloxide::RequestError::Api(error) => error,
        other => panic!("{other:?}"),
    };
    use teloxide::ApiError;
    let sent = bot.send_message(ChatId(stage.anna.id), "x").await;
    // teloxide 0.17 waits for this text with "Unauthorized", as it was long ago.
    assert_eq!(error(sent), ApiError::Unknown("Forbidden: bot can't initiate conversation with a user".into()));
    assert_eq!(error(bot.send_message(ChatId(5), "x").await), ApiError::ChatNotFound);
    stage.sim.start(stage.anna.id, &stage.bot, None).await.unwrap();
    stage.sim.block(stage.anna.id, &stage.bot).await.unwrap();
    assert_eq!(error(bot.send_message(ChatId(stage.anna.id), "x").await), ApiError::BotBlocked);
    stage.sim.revoke_token(&stage.bot, false).await.unwrap();
    assert_eq!(error(bot.send_message(ChatId(stage.anna.id), "x").await), ApiError::InvalidToken);
}
