//! Files: each bot has handles of its own, and links to bytes that do not last.

use super::State;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::sync::Arc;

/// How long a link from `getFile` leads to the file: Telegram promises an hour, and no more.
const LINK_LIVES: TimeDelta = TimeDelta::hours(1);

#[derive(Clone)]
pub(crate) struct StoredFile {
    /// The bot whose handle it is: others do not know it.
    pub(crate) bot: i64,
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) mime_type: String,
    pub(crate) bytes: Arc<[u8]>,
    unique: String,
    size: (u64, u64),
}

/// A link that `getFile` gave out.
pub(crate) struct Link {
    pub(crate) file_id: String,
    pub(crate) bot: i64,
    until: DateTime<Utc>,
}

/// Bytes on their way in.
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) mime_type: String,
    pub(crate) bytes: Arc<[u8]>,
}

impl State {
    /// Keeps a file for a bot; the handle of it.
    pub(crate) fn keep_file(&mut self, bot: i64, kind: &'static str, upload: Upload) -> String {
        let prefix = match kind {
            "photo" => "AgACAgIAAxk",
            "video" | "animation" => "CgACAgIAAxk",
            "voice" => "AwACAgIAAxk",
            "audio" => "CQACAgIAAxk",
            "sticker" => "CAACAgIAAxk",
            _ => "BQACAgIAAxk",
        };
        let (file_id, unique) = (format!("{prefix}{}", self.random_text(48)), self.random_text(16));
        let Upload { name, mime_type, bytes } = upload;
        let size = dimensions(&bytes).unwrap_or((320, 320));
        self.files.insert(file_id.clone(), StoredFile { bot, kind, name, mime_type, bytes, unique, size });
        file_id
    }

    /// A bot's own file by its handle.
    pub(crate) fn file_of(&self, bot: i64, file_id: &str) -> Option<&StoredFile> {
        self.files.get(file_id).filter(|file| file.bot == bot)
    }

    /// What stands in a message for the file: a `Document`, a list of `PhotoSize`, and so on.
    pub(crate) fn file_content(&mut self, bot: i64, file_id: &str) -> Value {
        let Some(file) = self.file_of(bot, file_id).cloned() else { return Value::Null };
        let mut object = json!({
            "file_id": file_id, "file_unique_id": file.unique, "file_size": file.bytes.len(),
        });
        let (width, height) = file.size;
        let named = matches!(file.kind, "document" | "video" | "animation" | "audio");
        if named {
            object["file_name"] = file.name.as_str().into();
        }
        if named || file.kind == "voice" {
            object["mime_type"] = file.mime_type.as_str().into();
        }
        if matches!(file.kind, "video" | "animation" | "voice" | "audio" | "video_note") {
            object["duration"] = 1.into();
        }
        match file.kind {
            "photo" => {
                let mut small = object.clone();
                let upload = Upload { name: file.name, mime_type: file.mime_type, bytes: file.bytes };
                small["file_id"] = self.keep_file(bot, "photo", upload).into();
                small["file_unique_id"] = self.random_text(16).into();
                (small["width"], small["height"]) = (width.min(90).into(), height.min(90).into());
                (object["width"], object["height"]) = (width.into(), height.into());
                return json!([small, object]);
            }
            "video" | "animation" => (object["width"], object["height"]) = (width.into(), height.into()),
            "video_note" => object["length"] = 240.into(),
            "sticker" => {
                (object["width"], object["height"]) = (512.into(), 512.into());
                object["type"] = "regular".into();
                (object["is_animated"], object["is_video"]) = (false.into(), false.into());
                object["emoji"] = "🙂".into();
            }
            _ => {}
        }
        object
    }

    /// A link to a file: `photos/file_3.jpg`.
    pub(crate) fn link_file(&mut self, bot: i64, file_id: &str) -> Option<Value> {
        let file = self.file_of(bot, file_id)?;
        let (unique, size) = (file.unique.clone(), file.bytes.len());
        let ending = match file.kind {
            "photo" => "jpg",
            "voice" => "oga",
            "sticker" => "webp",
            _ => file.name.rsplit_once('.').map_or("dat", |(_, ending)| ending),
        };
        let path = format!("{}s/file_{}.{ending}", file.kind, self.links.len());
        let until = self.now() + LINK_LIVES;
        self.links.insert(path.clone(), Link { file_id: file_id.to_owned(), bot, until });
        Some(json!({"file_id": file_id, "file_unique_id": unique, "file_size": size, "file_path": path}))
    }

    /// The bytes that a bot's link leads to, while it does.
    pub(crate) fn download(&self, bot: i64, path: &str) -> Option<(Arc<[u8]>, String)> {
        let link = self.links.get(path).filter(|link| link.bot == bot && link.until > self.now())?;
        self.files.get(&link.file_id).map(|file| (Arc::clone(&file.bytes), file.mime_type.clone()))
    }
}

/// Width and height of a picture: PNG, JPEG, GIF or WebP. None: it is no picture.
pub(crate) fn dimensions(bytes: &[u8]) -> Option<(u64, u64)> {
    let number = |at: usize, length: usize| {
        bytes.get(at..at + length).map(|part| part.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    };
    let swapped = |at: usize| Some(u64::from(*bytes.get(at)?) | u64::from(*bytes.get(at + 1)?) << 8);
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some((number(16, 4)?, number(20, 4)?));
    }
    if bytes.starts_with(b"GIF8") {
        return Some((swapped(6)?, swapped(8)?));
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some((512, 512));
    }
    if !bytes.starts_with(&[0xff, 0xd8]) {
        return None;
    }
    // The frame's header is somewhere among the segments.
    let mut at = 2;
    loop {
        let (marker, length) = (number(at, 2)?, usize::try_from(number(at + 2, 2)?).ok()?);
        if (0xffc0..=0xffcf).contains(&marker) && !matches!(marker, 0xffc4 | 0xffc8 | 0xffcc) {
            return Some((number(at + 7, 2)?, number(at + 5, 2)?));
        }
        at += 2 + length;
    }
}

/// A picture of one pixel.
pub(crate) const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xff\xff?\0\x05\xfe\x02\xfe\xa7\x9a\xa0\xa0\0\0\0\0IEND\xaeB`\x82";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_their_first_bytes() {
        assert_eq!(dimensions(PIXEL), Some((1, 1)));
        assert_eq!(dimensions(b"GIF89a\x40\x01\xf0\0"), Some((320, 240)));
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x0b\x08\0\x30\0\x40\x01\x01\x11\0";
        assert_eq!(dimensions(jpeg), Some((64, 48)));
        assert_eq!(dimensions(b"name,phone\n"), None);
        assert_eq!(dimensions(b"\xff\xd8\xff"), None, "cut off");
    }
}
