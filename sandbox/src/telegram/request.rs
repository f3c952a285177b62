//! The parameters of a request: from the query string, a form, a multipart form or JSON.

use super::Refusal;
use axum::{
    RequestExt,
    body::Bytes,
    extract::{Multipart, Request},
    http::header,
};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// A file that came with a request.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) mime_type: String,
    pub(crate) bytes: Bytes,
}

/// The parameters of a request.
#[derive(Default)]
pub(crate) struct Params {
    /// As they came: JSON bodies keep their types, everything else is text.
    pub(crate) values: Map<String, Value>,
    /// Names of those that came as text, so that `"5"` may stand for 5.
    pub(crate) text: std::collections::HashSet<String>,
    pub(crate) files: HashMap<String, File>,
}

/// A body that is greater is refused, as by Telegram.
const LARGEST: usize = 52 * 1024 * 1024;

impl Params {
    pub(crate) async fn read(request: Request) -> Result<Self, Refusal> {
        let mut params = Self::default();
        if let Some(query) = request.uri().query() {
            params.form(query.as_bytes());
        }
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if kind == "multipart/form-data" {
            params.multipart(request).await?;
            return Ok(params);
        }
        let body = axum::body::to_bytes(request.into_body(), LARGEST)
            .await
            .map_err(|_| Refusal::new(413, "Request Entity Too Large"))?;
        match kind.as_str() {
            "application/json" if !body.is_empty() => match serde_json::from_slice(&body) {
                Ok(Value::Object(object)) => params.values.extend(object),
                Ok(_) => return Err(Refusal::bad("can't parse JSON object: expected JSON object")),
                Err(_) => return Err(Refusal::bad("can't parse JSON object")),
            },
            "application/x-www-form-urlencoded" => params.form(&body),
            "" | "application/json" => {}
            // Other kinds of body are not read, at Telegram too.
            _ => {}
        }
        Ok(params)
    }

    fn form(&mut self, body: &[u8]) {
        for (name, value) in url::form_urlencoded::parse(body) {
            self.put_text(name.into_owned(), value.into_owned());
        }
    }

    fn put_text(&mut self, name: String, value: String) {
        self.text.insert(name.clone());
        self.values.insert(name, Value::String(value));
    }

    async fn multipart(&mut self, request: Request) -> Result<(), Refusal> {
        let broken = |_| Refusal::bad("can't parse multipart form data");
        let request = request.with_limited_body();
        let mut form: Multipart =
            request.extract().await.map_err(|_| Refusal::bad("can't parse multipart form data"))?;
        while let Some(field) = form.next_field().await.map_err(broken)? {
            let name = field.name().unwrap_or_default().to_owned();
            let file_name = field.file_name().map(str::to_owned);
            let mime_type = field.content_type().unwrap_or("application/octet-stream").to_owned();
            let bytes = field.bytes().await.map_err(broken)?;
            match file_name {
                Some(file_name) => {
                    self.files.insert(name, File { name: file_name, mime_type, bytes });
                }
                None => self.put_text(name, String::from_utf8_lossy(&bytes).into_owned()),
            }
        }
        Ok(())
    }

    /// A text; numbers stand for themselves, as at Telegram. Empty is absent.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.values.get(name)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        match self.values.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        match self.values.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "1"),
            _ => false,
        }
    }

    /// An object or a list: given as such, or as JSON in a text.
    pub(crate) fn object(&self, name: &str) -> Option<Value> {
        match self.values.get(name)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => serde_json::from_str(text).ok(),
            Value::Null => None,
            value => Some(value.clone()),
        }
    }
}
