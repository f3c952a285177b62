//! Telegram's HTML: tags into entities, with the error texts of the real parser.

use super::Refusal;
use serde_json::{Value, json};

/// Text without marks, and its entities.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Parsed {
    pub(crate) text: String,
    pub(crate) entities: Vec<Value>,
}

const TAGS: [&str; 17] = [
    "a",
    "b",
    "strong",
    "i",
    "em",
    "s",
    "strike",
    "del",
    "u",
    "ins",
    "tg-spoiler",
    "tg-emoji",
    "span",
    "pre",
    "code",
    "blockquote",
    "tg-time",
];

struct Open {
    tag: String,
    argument: String,
    /// UTF-16 units before it.
    offset: usize,
    place: usize,
}

fn cannot(text: impl std::fmt::Display) -> Refusal {
    Refusal::bad(format_args!("can't parse entities: {text}"))
}

/// Parses a text with `parse_mode` HTML.
pub(crate) fn parse(html: &str) -> Result<Parsed, Refusal> {
    let mut out = Parsed::default();
    let mut open: Vec<Open> = Vec::new();
    let mut units = 0;
    let mut at = 0;
    while let Some(rest) = html.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(tag) = rest.strip_prefix("</") {
            let Some(last) = open.pop() else {
                return Err(cannot(format_args!("Unexpected end tag at byte offset {at}")));
            };
            let Some(end) = tag.find('>') else {
                return Err(cannot(format_args!("Unclosed end tag at byte offset {at}")));
            };
            let name = tag.get(..end).unwrap_or_default().trim_end().to_lowercase();
            if !name.is_empty() && name != last.tag {
                let expected = &last.tag;
                return Err(cannot(format_args!(
                    "Unmatched end tag at byte offset {at}, expected \"</{expected}>\", found \"</{name}>\""
                )));
            }
            close(&mut out, &last, units);
            at += 2 + end + 1;
        } else if rest.starts_with('<') {
            let (tag, argument, length) = start_tag(rest, at)?;
            open.push(Open { tag, argument, offset: units, place: out.entities.len() });
            at += length;
        } else if let Some((symbol, length)) = named(rest) {
            out.text.push(symbol);
            units += symbol.len_utf16();
            at += length;
        } else {
            let symbol = rest.chars().next().unwrap_or_default();
            out.text.push(symbol);
            units += symbol.len_utf16();
            at += symbol.len_utf8();
        }
    }
    match open.last() {
        Some(last) => Err(cannot(format_args!("Can't find end tag corresponding to start tag \"{}\"", last.tag))),
        None => Ok(out),
    }
}

/// `<tag attribute="value">` → tag, the one argument that counts, bytes taken.
fn start_tag(rest: &str, at: usize) -> Result<(String, String, usize), Refusal> {
    let unclosed = || cannot(format_args!("Unclosed start tag at byte offset {at}"));
    let inside = rest.get(1..).unwrap_or_default();
    let name_end = inside.find(|c: char| c.is_whitespace() || c == '>').ok_or_else(unclosed)?;
    let tag = inside.get(..name_end).unwrap_or_default().to_lowercase();
    if !TAGS.contains(&tag.as_str()) {
        return Err(cannot(format_args!("Unsupported start tag \"{tag}\" at byte offset {at}")));
    }
    let mut argument = String::new();
    let mut left = inside.get(name_end..).unwrap_or_default().trim_start();
    while !left.starts_with('>') {
        let name_end = left.find(|c: char| c.is_whitespace() || c == '=' || c == '>').ok_or_else(unclosed)?;
        let (name, after) = left.split_at(name_end);
        if name.is_empty() {
            return Err(cannot(format_args!("Empty attribute name in the tag \"{tag}\" at byte offset {at}")));
        }
        let after = after.trim_start();
        let value;
        match after.strip_prefix('=').map(str::trim_start) {
            None if tag == "blockquote" && name == "expandable" => (value, left) = ("", after),
            None => {
                return Err(cannot(format_args!(
                    "Expected equal sign in declaration of an attribute of the tag \"{tag}\" at byte offset {at}"
                )));
            }
            Some(quoted) if quoted.starts_with(['"', '\'']) => {
                let (quote, body) = quoted.split_at(1);
                let end = body.find(quote).ok_or_else(unclosed)?;
                (value, left) = (body.get(..end).unwrap_or_default(), body.get(end + 1..).unwrap_or_default());
            }
            Some(bare) => {
                let end = bare.find(|c: char| c.is_whitespace() || c == '>').ok_or_else(unclosed)?;
                (value, left) = bare.split_at(end);
            }
        }
        left = left.trim_start();
        let counts = matches!(
            (tag.as_str(), name),
            ("a", "href") | ("code" | "span", "class") | ("tg-emoji", "emoji-id") | ("blockquote", "expandable")
        );
        if counts {
            argument = if name == "expandable" { "expandable".into() } else { plain(value) };
        }
        if left.is_empty() {
            return Err(unclosed());
        }
    }
    if tag == "span" && argument != "tg-spoiler" {
        return Err(cannot(format_args!("Tag \"span\" must have class \"tg-spoiler\" at byte offset {at}")));
    }
    let taken = rest.len() - left.len() + 1;
    Ok((tag, argument, taken))
}

fn close(out: &mut Parsed, open: &Open, units: usize) {
    let length = units - open.offset;
    if length == 0 {
        return;
    }
    let kind = match open.tag.as_str() {
        "a" => "text_link",
        "b" | "strong" => "bold",
        "i" | "em" => "italic",
        "s" | "strike" | "del" => "strikethrough",
        "u" | "ins" => "underline",
        "tg-spoiler" | "span" => "spoiler",
        "tg-emoji" => "custom_emoji",
        "pre" => "pre",
        "blockquote" if open.argument.is_empty() => "blockquote",
        "blockquote" => "expandable_blockquote",
        "code" => "code",
        _ => return,
    };
    let mut entity = json!({"type": kind, "offset": open.offset, "length": length});
    match kind {
        // A link without an address is its own address when it looks like one; otherwise it is plain text.
        "text_link" if open.argument.is_empty() => return,
        "text_link" => entity["url"] = open.argument.as_str().into(),
        "custom_emoji" => entity["custom_emoji_id"] = open.argument.as_str().into(),
        "code" => {
            if let Some(language) = open.argument.strip_prefix("language-") {
                entity["type"] = "pre".into();
                entity["language"] = language.into();
            }
        }
        _ => {}
    }
    out.entities.insert(open.place, entity);
}

/// `&lt;` and its like, and numbered ones; anything else stays as it is.
fn named(rest: &str) -> Option<(char, usize)> {
    let body = rest.strip_prefix('&')?;
    for (name, symbol) in [("lt", '<'), ("gt", '>'), ("amp", '&'), ("quot", '"')] {
        if let Some(after) = body.strip_prefix(name) {
            return Some((symbol, 1 + name.len() + usize::from(after.starts_with(';'))));
        }
    }
    let number = body.strip_prefix('#')?;
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(hex) => (hex, 16),
        None => (number, 10),
    };
    let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    let code = u32::from_str_radix(digits.get(..end)?, radix).ok()?;
    let symbol = char::from_u32(code).filter(|_| code != 0)?;
    let taken = rest.len() - digits.len() + end;
    Some((symbol, taken + usize::from(digits.get(end..)?.starts_with(';'))))
}

fn plain(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some(symbol) = rest.chars().next() {
        let (symbol, length) = named(rest).unwrap_or((symbol, symbol.len_utf8()));
        out.push(symbol);
        rest = rest.get(length..).unwrap_or_default();
    }
    out
}

/// A plain text as HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(html: &str) -> String {
        let refusal = parse(html).unwrap_err();
        refusal.description.strip_prefix("Bad Request: can't parse entities: ").unwrap().to_owned()
    }

    #[test]
    fn tags_become_entities_counted_in_utf_16() {
        let parsed = parse("😀 <b>жир<i>но</i></b> &lt;&amp;&#33; <a href=\"https://x/?a=1&amp;b\">тут</a>").unwrap();
        assert_eq!(parsed.text, "😀 жирно <&! тут");
        assert_eq!(
            serde_json::Value::from(parsed.entities),
            json!([
                {"type": "bold", "offset": 3, "length": 5},
                {"type": "italic", "offset": 6, "length": 2},
                {"type": "text_link", "offset": 13, "length": 3, "url": "https://x/?a=1&b"},
            ])
        );
    }

    #[test]
    fn faults_are_named_as_by_telegram() {
        assert_eq!(error("<b>x"), "Can't find end tag corresponding to start tag \"b\"");
        assert_eq!(error("a <br>"), "Unsupported start tag \"br\" at byte offset 2");
        assert_eq!(error("x</b>"), "Unexpected end tag at byte offset 1");
        assert_eq!(error("<b>x</i>"), "Unmatched end tag at byte offset 4, expected \"</b>\", found \"</i>\"");
        assert_eq!(error("1 < 2"), "Unsupported start tag \"\" at byte offset 2");
        assert_eq!(error("<b"), "Unclosed start tag at byte offset 0");
        assert_eq!(error("<span>x</span>"), "Tag \"span\" must have class \"tg-spoiler\" at byte offset 0");
    }
}
