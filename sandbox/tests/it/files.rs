//! Files both ways, albums, places, and messages sent once more.

use crate::{Stage, inline};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use reqwest::multipart::{Form, Part};
use sandbox::wire::Sent;
use serde_json::{Value, json};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\x40\0\0\0\xf0\x08\x06\0\0\0";

impl Stage {
    /// Calls a method with files in a multipart form.
    async fn upload(&self, method: &str, fields: &[(&str, String)], files: &[(&str, Vec<u8>)]) -> Value {
        let mut form = Form::new().text("chat_id", self.anna.id.to_string());
        for (name, value) in fields {
            form = form.text((*name).to_owned(), value.clone());
        }
        for (name, bytes) in files {
            form = form.part((*name).to_owned(), Part::bytes(bytes.clone()).file_name("файл.png"));
        }
        let api = self.api();
        api.http.post(format!("{}/{method}", api.base)).multipart(form).send().await.unwrap().json().await.unwrap()
    }

    async fn download(&self, token: &str, path: &str) -> (u16, Vec<u8>) {
        let answer = reqwest::get(format!("{}/file/bot{token}/{path}", self.running.url())).await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
    }
}

#[tokio::test]
async fn a_photo_comes_in_sizes_and_its_handle_sends_it_again() {
    let stage = Stage::started().await;
    let sent = stage.upload("sendPhoto", &[("caption", "Стрижка".into())], &[("photo", PNG.to_vec())]).await;
    let sizes = sent["result"]["photo"].as_array().unwrap().clone();
    assert_eq!((&sizes[0]["width"], &sizes[1]["width"], &sizes[1]["height"]), (&json!(90), &json!(320), &json!(240)));
    assert_eq!(sent["result"]["caption"], "Стрижка");
    let handle = &sizes[1]["file_id"];
    let again = stage.api().ok("sendPhoto", json!({"chat_id": stage.anna.id, "photo": handle})).await;
    assert_eq!(again["photo"][1]["file_unique_id"], sizes[1]["file_unique_id"]);
    let as_document = stage.api().refused("sendDocument", json!({"chat_id": stage.anna.id, "document": handle})).await;
    assert!(as_document.1.contains("can't use file of type photo as document"), "{as_document:?}");
    let chat = stage.sim.chat(stage.anna.id, &stage.bot).await.unwrap();
    let seen = chat.last().unwrap().content.clone().unwrap();
    assert_eq!((seen.kind.as_str(), stage.sim.file(seen.file_id().unwrap()).await.unwrap()), ("photo", PNG.to_vec()));
    let no_picture = stage.upload("sendPhoto", &[], &[("photo", b"name,phone".to_vec())]).await;
    assert_eq!(no_picture["description"], "Bad Request: IMAGE_PROCESS_FAILED");
    let mut long = PNG.to_vec();
    long[16..20].copy_from_slice(&9_900_u32.to_be_bytes());
    let too_long = stage.upload("sendPhoto", &[], &[("photo", long)]).await;
    assert_eq!(too_long["description"], "Bad Request: PHOTO_INVALID_DIMENSIONS");
    let mut heavy = PNG.to_vec();
    heavy.resize(10 * 1024 * 1024 + 1, 0);
    assert_eq!(stage.upload("sendPhoto", &[], &[("photo", heavy)]).await["error_code"], 400);
    stage.sim.assert_clean().await.unwrap();
}

#[tokio::test]
async fn what_a_person_sends_can_be_fetched_for_an_hour_and_by_that_bot_alone() {
    let stage = Stage::started().await;
    let bytes = b"name,phone\n".to_vec();
    let (data, name) = (Some(STANDARD.encode(&bytes)), Some("a.csv".to_owned()));
    let sent = Sent { kind: "document".into(), data, name, ..Sent::default() };
    let act = stage.sim.send(stage.anna.id, &stage.bot, &sent).await.unwrap();
    let updates = stage.api().updates(json!({"offset": act.update_id})).await;
    let document = &updates[0]["message"]["document"];
    assert_eq!(document["file_name"], "a.csv");
    let file = stage.api().ok("getFile", json!({"file_id": document["file_id"]})).await;
    let path = file["file_path"].as_str().unwrap();
    assert_eq!(stage.download(&stage.bot.token, path).await, (200, bytes));
    assert_eq!(stage.download("1:wrong", path).await.0, 401);
    let other = stage.sim.create_bot("Другой", "other_bot", false).await.unwrap();
    assert_eq!(stage.download(&other.token, path).await.0, 404, "another bot's link");
    let foreign = stage.api_with(&other.token).refused("getFile", json!({"file_id": document["file_id"]})).await;
    assert_eq!(foreign.1, "Bad Request: invalid file_id");
    stage.sim.forward(TimeDelta::minutes(61)).await.unwrap();
    assert_eq!(stage.download(&stage.bot.token, path).await.0, 404, "links do not last");
    let big = Sent { data: Some(STANDARD.encode(vec![0; 20 * 1024 * 1024 + 1])), ..sent };
    let act = stage.sim.send(stage.anna.id, &stage.bot, &big).await.unwrap();
    let updates = stage.api().updates(json!({"offset": act.update_id})).await;
    let too_big = json!({"file_id": updates[0]["message"]["document"]["file_id"]});
    assert_eq!(stage.api().refused("getFile", too_big).await.1, "Bad Request: file is too big");
}

#[tokio::test]
async fn an_album_has_two_to_ten_of_one_sort() {
    let stage = Stage::started().await;
    let photo = |name: &str| json!({"type": "photo", "media": format!("attach://{name}")});
    let album = json!([photo("a"), photo("b")]).to_string();
    let sent = stage.upload("sendMediaGroup", &[("media", album)], &[("a", PNG.to_vec()), ("b", PNG.to_vec())]).await;
    let messages = sent["result"].as_array().unwrap();
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0]["media_group_id"], messages[1]["media_group_id"]);
    let single = json!([photo("a")]).to_string();
    let single = stage.upload("sendMediaGroup", &[("media", single)], &[("a", PNG.to_vec())]).await;
    assert_eq!(single["error_code"], 400);
    let mixed = json!([photo("a"), {"type": "document", "media": "attach://b"}]).to_string();
    let files = [("a", PNG.to_vec()), ("b", b"x".to_vec())];
    let mixed = stage.upload("sendMediaGroup", &[("media", mixed)], &files).await;
    assert_eq!(mixed["error_code"], 400, "{mixed}");
    stage.sim.assert_clean().await.unwrap();
}

#[tokio::test]
async fn any_message_of_a_person_is_copied_to_another() {
    let stage = Stage::started().await;
    let boris = stage.sim.person("Борис").await.unwrap();
    stage.sim.start(boris.id, &stage.bot, None).await.unwrap();
    let files = ["photo", "document", "video", "animation", "voice", "audio", "video_note", "sticker"];
    for kind in files.into_iter().chain(["location", "venue"]) {
        let caption = Some("Акция".to_owned()).filter(|_| matches!(kind, "photo" | "video"));
        let sent = Sent { kind: kind.into(), caption, ..Sent::default() };
        let act = stage.sim.send(stage.anna.id, &stage.bot, &sent).await.unwrap();
        let order = json!({"chat_id": boris.id, "from_chat_id": stage.anna.id, "message_id": act.message_id});
        let copied = stage.api().ok("copyMessage", order.clone()).await;
        let chat = stage.sim.chat(boris.id, &stage.bot).await.unwrap();
        let got = chat.last().unwrap();
        assert_eq!(copied["message_id"].as_i64(), Some(got.id.into()));
        assert_eq!(got.content.as_ref().unwrap().kind, kind);
        assert_eq!(got.text, sent.caption.unwrap_or_default());
        let forwarded = stage.api().ok("forwardMessage", order).await;
        assert_eq!(forwarded["forward_origin"]["sender_user"]["first_name"], "Анна");
    }
    let text = stage.sim.say(stage.anna.id, &stage.bot, "Скидка 10 %").await.unwrap();
    let order = json!({"chat_id": boris.id, "from_chat_id": stage.anna.id, "message_id": text.message_id,
        "reply_markup": inline("Записаться", "book")});
    stage.api().ok("copyMessage", order).await;
    let chat = stage.sim.chat(boris.id, &stage.bot).await.unwrap();
    assert_eq!(chat.last().unwrap().button("Записаться").unwrap().data.as_deref(), Some("book"));
    let nothing = json!({"chat_id": boris.id, "from_chat_id": stage.anna.id, "message_id": 4_000});
    assert_eq!(stage.api().refused("copyMessage", nothing).await.1, "Bad Request: message to copy not found");
    stage.sim.assert_clean().await.unwrap();
}

#[tokio::test]
async fn captions_and_pictures_can_be_changed() {
    let stage = Stage::started().await;
    let sent = stage.upload("sendPhoto", &[("caption", "Было".into())], &[("photo", PNG.to_vec())]).await;
    let place = json!({"chat_id": stage.anna.id, "message_id": sent["result"]["message_id"]});
    let with = |field: &str, value: Value| {
        let mut order = place.clone();
        order[field] = value;
        order
    };
    assert_eq!(stage.api().ok("editMessageCaption", with("caption", json!("Стало"))).await["caption"], "Стало");
    let same = stage.api().refused("editMessageCaption", with("caption", json!("Стало"))).await;
    assert!(same.1.contains("message is not modified"), "{same:?}");
    assert!(stage.api().refused("editMessageText", with("text", json!("x"))).await.1.contains("no text"));
    let media = json!({"type": "photo", "media": sent["result"]["photo"][1]["file_id"], "caption": "Другая"});
    assert_eq!(stage.api().ok("editMessageMedia", with("media", media)).await["caption"], "Другая");
    let text = stage.send("текст", json!({"inline_keyboard": []})).await;
    let order = json!({"chat_id": stage.anna.id, "message_id": text, "caption": "x"});
    assert!(stage.api().refused("editMessageCaption", order).await.1.contains("no caption"));
    stage.sim.forward(TimeDelta::hours(49)).await.unwrap();
    let old = json!({"chat_id": stage.anna.id, "message_id": text});
    assert_eq!(stage.api().refused("deleteMessage", old).await.1, "Bad Request: message can't be deleted");
}

#[tokio::test]
async fn places_and_contacts_are_sent() {
    let stage = Stage::started().await;
    let (api, chat) = (stage.api(), stage.anna.id);
    let venue = json!({"chat_id": chat, "latitude": 55.75, "longitude": 37.61, "title": "Усы", "address": "Арбат, 1"});
    assert_eq!(api.ok("sendVenue", venue).await["venue"]["title"], "Усы");
    let far = json!({"chat_id": chat, "latitude": 91.0, "longitude": 0.0});
    assert_eq!(api.refused("sendLocation", far).await.0, 400);
    let contact = json!({"chat_id": chat, "phone_number": "+79001112233", "first_name": "Усы"});
    assert_eq!(api.ok("sendContact", contact).await["contact"]["first_name"], "Усы");
    stage.sim.assert_clean().await.unwrap();
}
