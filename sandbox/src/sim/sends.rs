//! What people send besides texts: files, places.

use super::{
    Answer, Body, Complaint,
    acts::{Pair, deliver, pair},
};
use crate::{
    state::{
        State as Shared, World,
        files::{PIXEL, Upload},
    },
    telegram::{html::escape, is_file},
    wire::{Act, Content, Sent, What},
};
use axum::{
    Json,
    extract::{Path, State},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// What is sent, ready to be put into a message; files get a handle of this bot's.
pub(super) fn content(state: &mut Shared, bot: i64, sent: &Sent) -> Result<Content, Complaint> {
    let value = match sent.kind.as_str() {
        "location" | "venue" => {
            let place =
                json!({"latitude": sent.latitude.unwrap_or(55.7558), "longitude": sent.longitude.unwrap_or(37.6173)});
            match sent.kind.as_str() {
                "venue" => json!({"location": place, "title": sent.title.as_deref().unwrap_or("Салон"),
                    "address": sent.address.as_deref().unwrap_or("Москва")}),
                _ => place,
            }
        }
        kind => {
            let Some(kind) = is_file(kind) else {
                let words =
                    "kind is photo, document, video, animation, voice, audio, video_note, sticker, location or venue";
                return Err(Complaint::new("kind", words));
            };
            let bytes = match &sent.data {
                Some(coded) => STANDARD.decode(coded).map_err(|_| Complaint::new("data", "data is base64"))?,
                None => PIXEL.to_vec(),
            };
            let usual = match kind {
                "photo" => ("photo.png", "image/png"),
                "document" => ("file.dat", "application/octet-stream"),
                "voice" => ("voice.oga", "audio/ogg"),
                "audio" => ("audio.mp3", "audio/mpeg"),
                "sticker" => ("sticker.webp", "image/webp"),
                _ => ("video.mp4", "video/mp4"),
            };
            let name = sent.name.clone().unwrap_or_else(|| usual.0.to_owned());
            let mime_type = sent.mime_type.clone().unwrap_or_else(|| usual.1.to_owned());
            let file_id = state.keep_file(bot, kind, Upload { name, mime_type, bytes: bytes.into() });
            state.file_content(bot, &file_id)
        }
    };
    Ok(Content { kind: sent.kind.clone(), value })
}

/// A person sends a file, a place, a sticker.
pub(super) async fn send(
    State(world): State<World>,
    Path((user, bot)): Path<(i64, String)>,
    Body(order): Body<Sent>,
) -> Answer<Act> {
    let mut state = world.lock();
    let pair = pair(&state, user, &bot)?;
    let content = content(&mut state, pair.bot, &order)?;
    put(&mut state, &pair, content, order.caption.as_deref().unwrap_or_default(), None).map(Json)
}

/// A person sends an album: 2–10 files at once. The act is that of the last.
pub(super) async fn album(
    State(world): State<World>,
    Path((user, bot)): Path<(i64, String)>,
    Body(orders): Body<Vec<Sent>>,
) -> Answer<Act> {
    if !(2..=10).contains(&orders.len()) {
        return Err(Complaint::new("album", "an album has 2 to 10 files"));
    }
    let mut state = world.lock();
    let pair = pair(&state, user, &bot)?;
    let name = state.random_digits(17);
    let mut last = Act::default();
    for order in &orders {
        let content = content(&mut state, pair.bot, order)?;
        let caption = order.caption.as_deref().unwrap_or_default();
        last = put(&mut state, &pair, content, caption, Some(&name))?;
    }
    Ok(Json(last))
}

/// The person says where they are.
pub(super) fn location(state: &mut Shared, pair: &Pair) -> Result<Act, Complaint> {
    let value: Value = json!({"latitude": 55.7558, "longitude": 37.6173});
    put(state, pair, Content { kind: "location".into(), value }, "", None)
}

fn put(
    state: &mut Shared,
    pair: &Pair,
    content: Content,
    caption: &str,
    album: Option<&str>,
) -> Result<Act, Complaint> {
    if caption.chars().count() > 1024 {
        return Err(Complaint::new("caption", "a caption has at most 1024 letters"));
    }
    let (person, bot, told) = (pair.person.clone(), pair.name.clone(), content.kind.clone());
    let (caption, album) = (caption.to_owned(), album.map(str::to_owned));
    deliver(
        state,
        pair,
        |message| {
            message.content = Some(content);
            message.album = album;
            message.html = escape(&caption);
            message.text = caption;
        },
        |message_id| What::PersonSent { person, bot, message_id, content: told },
    )
}
