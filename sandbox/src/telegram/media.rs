//! What a message can hold besides text: files by handle or by upload, albums, places, contacts.

use super::{
    Call, Outcome, Refusal, Reply,
    request::{File, Params},
    send::{self, Formatted},
};
use crate::{
    state::{
        State,
        files::{Upload, dimensions},
    },
    wire::Content,
};
use serde_json::{Value, json};
use std::sync::Arc;

const MEGABYTE: usize = 1024 * 1024;
/// A file that is fetched is no greater.
const DOWNLOAD: usize = 20 * MEGABYTE;

/// The kinds of file that a bot can send: the parameter is called the same.
pub(crate) fn kind(name: &str) -> Option<&'static str> {
    ["photo", "document", "video", "animation", "voice", "audio", "video_note", "sticker"]
        .into_iter()
        .find(|kind| *kind == name)
}

fn most(kind: &str) -> usize {
    if kind == "photo" { 10 * MEGABYTE } else { 50 * MEGABYTE }
}

/// `sendPhoto`, `sendDocument` and so on.
pub(crate) fn send_file(state: &mut State, call: &Call<'_>, kind: &'static str) -> Outcome {
    let place = send::recipient(state, call)?;
    let formatted = send::format(state, &call.params, "caption", 1024)?;
    let reference = call.params.text(kind);
    let content = content(state, call, kind, reference.as_deref(), call.params.files.get(kind))?;
    send::store(state, call, &place, formatted, Some(content))
}

/// The file that a parameter names: one that came with the request, or one that Telegram has already.
fn content(
    state: &mut State,
    call: &Call<'_>,
    kind: &'static str,
    reference: Option<&str>,
    direct: Option<&File>,
) -> Result<Content, Refusal> {
    let attached = reference.and_then(|text| text.strip_prefix("attach://"));
    let upload = direct.or_else(|| attached.and_then(|name| call.params.files.get(name)));
    let file_id = match (upload, reference) {
        (Some(file), _) => {
            fits(kind, &file.bytes)?;
            let (name, mime_type) = (file.name.clone(), file.mime_type.clone());
            let upload = Upload { name, mime_type, bytes: Arc::from(file.bytes.as_ref()) };
            state.keep_file(call.bot, kind, upload)
        }
        (None, Some(reference)) if reference.starts_with("http://") || reference.starts_with("https://") => {
            state.not_modelled(&format!("{} by URL", call.method));
            return Err(Refusal::bad(format_args!("sandbox: {} by URL is not modelled", call.method)));
        }
        (None, Some(reference)) => known(state, call.bot, kind, reference)?,
        (None, None) => return Err(Refusal::bad(format_args!("there is no {kind} in the request"))),
    };
    Ok(Content { kind: kind.to_owned(), value: state.file_content(call.bot, &file_id) })
}

/// A handle is the bot's own, and stays of its kind; a document may be anything.
fn known(state: &State, bot: i64, kind: &str, file_id: &str) -> Result<String, Refusal> {
    let file = state.file_of(bot, file_id).ok_or_else(|| {
        Refusal::bad("wrong remote file identifier specified: can't unserialize it. Wrong last symbol")
    })?;
    if file.kind != kind {
        let (is, wanted) = (file.kind, kind);
        return Err(Refusal::bad(format_args!("can't use file of type {is} as {wanted}")));
    }
    Ok(file_id.to_owned())
}

fn fits(kind: &str, bytes: &[u8]) -> Result<(), Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::bad("file must be non-empty"));
    }
    if bytes.len() > 50 * MEGABYTE {
        return Err(Refusal::new(413, "Request Entity Too Large"));
    }
    if kind != "photo" {
        return Ok(());
    }
    if bytes.len() > most(kind) {
        return Err(Refusal::bad(format_args!("file of size {} bytes is too big for a photo", bytes.len())));
    }
    match dimensions(bytes) {
        None => Err(Refusal::bad("IMAGE_PROCESS_FAILED")),
        Some((width, height)) if width + height > 10_000 || width.max(height) > 20 * width.min(height).max(1) => {
            Err(Refusal::bad("PHOTO_INVALID_DIMENSIONS"))
        }
        Some(_) => Ok(()),
    }
}

/// One `InputMedia…` object: what it holds, and its caption.
fn input(state: &mut State, call: &Call<'_>, media: &Value) -> Result<(Content, Formatted), Refusal> {
    let name = media.get("type").and_then(Value::as_str).unwrap_or_default();
    let kind = kind(name).filter(|kind| !matches!(*kind, "voice" | "video_note" | "sticker"));
    let kind = kind.ok_or_else(|| Refusal::bad("can't parse InputMedia: type must be specified"))?;
    let mut params = Params::default();
    params.values.extend(media.as_object().cloned().unwrap_or_default());
    let formatted = send::format(state, &params, "caption", 1024)?;
    let content = content(state, call, kind, media.get("media").and_then(Value::as_str), None)?;
    Ok((content, formatted))
}

/// `sendMediaGroup`: two to ten at once; documents and music keep to themselves.
pub(crate) fn send_group(state: &mut State, call: &Call<'_>) -> Outcome {
    let place = send::recipient(state, call)?;
    let list = call.params.object("media").and_then(|media| media.as_array().cloned()).unwrap_or_default();
    if !(2..=10).contains(&list.len()) {
        return Err(Refusal::bad("wrong number of media in the album: 2 to 10 are allowed"));
    }
    let mut album = Vec::new();
    for media in &list {
        album.push(input(state, call, media)?);
    }
    let kinds: Vec<&str> = album.iter().map(|(content, _)| content.kind.as_str()).collect();
    let alone = |kind: &str| kinds.contains(&kind) && kinds.iter().any(|other| *other != kind);
    if alone("document") || alone("audio") {
        return Err(Refusal::bad("document and audio can't be mixed with other media types"));
    }
    if kinds.contains(&"animation") {
        return Err(Refusal::bad("animation can't be sent in an album"));
    }
    let name = state.random_digits(17);
    let mut sent = Vec::new();
    for (content, formatted) in album {
        sent.push(send::keep(state, call, &place, formatted, Some(content), |message| {
            message.album = Some(name.clone());
        })?);
    }
    Ok(Reply::Value(sent.into()))
}

/// What `editMessageMedia` puts in place of what a message holds.
pub(crate) fn edited(state: &mut State, call: &Call<'_>) -> Result<(Content, Formatted), Refusal> {
    let media = call.params.object("media").ok_or_else(|| Refusal::bad("can't parse InputMedia"))?;
    input(state, call, &media)
}

fn float(params: &Params, name: &str, most: f64) -> Result<f64, Refusal> {
    let number = params.text(name).and_then(|text| text.parse::<f64>().ok()).filter(|number| number.abs() <= most);
    number.ok_or_else(|| Refusal::bad(format_args!("{name} is not a number, or out of range")))
}

/// `sendLocation`, `sendVenue`.
pub(crate) fn send_location(state: &mut State, call: &Call<'_>) -> Outcome {
    let place = send::recipient(state, call)?;
    let latitude = float(&call.params, "latitude", 90.0)?;
    let longitude = float(&call.params, "longitude", 180.0)?;
    let location = json!({"latitude": latitude, "longitude": longitude});
    let content = if call.method == "sendVenue" {
        let text =
            |name: &str| call.params.text(name).ok_or_else(|| Refusal::bad(format_args!("{name} must be non-empty")));
        Content {
            kind: "venue".into(),
            value: json!({"location": location, "title": text("title")?, "address": text("address")?}),
        }
    } else {
        Content { kind: "location".into(), value: location }
    };
    send::store(state, call, &place, Formatted::empty(), Some(content))
}

/// `sendContact`.
pub(crate) fn send_contact(state: &mut State, call: &Call<'_>) -> Outcome {
    let place = send::recipient(state, call)?;
    let phone = call.params.text("phone_number").ok_or_else(|| Refusal::bad("phone number must be non-empty"))?;
    let name = call.params.text("first_name").ok_or_else(|| Refusal::bad("first name must be non-empty"))?;
    let mut value = json!({"phone_number": phone, "first_name": name});
    crate::state::people::put(&mut value, "last_name", call.params.text("last_name"));
    send::store(state, call, &place, Formatted::empty(), Some(Content { kind: "contact".into(), value }))
}

/// `getFile`.
pub(crate) fn get_file(state: &mut State, call: &Call<'_>) -> Outcome {
    let file_id = call.params.text("file_id").ok_or_else(|| Refusal::bad("file_id is empty"))?;
    let invalid = || Refusal::bad("invalid file_id");
    let size = state.file_of(call.bot, &file_id).ok_or_else(invalid)?.bytes.len();
    if size > DOWNLOAD {
        return Err(Refusal::bad("file is too big"));
    }
    state.link_file(call.bot, &file_id).map(Reply::Value).ok_or_else(invalid)
}
