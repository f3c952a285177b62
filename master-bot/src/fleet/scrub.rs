//! What must not leave in a log: a tenant's own secrets, and whatever has the shape of a bot's token.

use secrecy::{ExposeSecret, SecretString};

/// What stands in a secret's place.
const HIDDEN: &str = "•••";
/// The part of a token after its colon.
const TOKEN_TAIL: usize = 35;

/// The text without these secrets and without anything that looks like a token.
pub(super) fn scrub(text: &str, secrets: &[SecretString]) -> String {
    let mut text = text.to_owned();
    for secret in secrets {
        let secret = secret.expose_secret();
        // What is this short is no secret of ours, and would take the text apart.
        if secret.len() >= 8 {
            text = text.replace(secret, HIDDEN);
        }
    }
    without_tokens(&text)
}

/// `12345678:AA…`: eight digits or more, a colon, and 35 letters of base64.
fn without_tokens(text: &str) -> String {
    let is_tail = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(colon) = rest.find(':') {
        let (before, after) = (&rest[..colon], &rest[colon + 1..]);
        let digits = before.len() - before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let tail: usize = after.chars().take_while(|c| is_tail(*c)).map(char::len_utf8).sum();
        if digits >= 8 && tail >= TOKEN_TAIL {
            out.push_str(&before[..before.len() - digits]);
            out.push_str(HIDDEN);
            rest = &after[tail..];
        } else {
            out.push_str(&rest[..=colon]);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_tokens_are_hidden_and_all_else_stays() {
        let token = format!("7100200300:AA{}", "x".repeat(33));
        let secrets = [SecretString::from("a-long-password"), SecretString::from("ab")];
        for (text, expected) in [
            ("12:30:01 ok", "12:30:01 ok"),
            ("postgres://u:a-long-password@host", "postgres://u:•••@host"),
            ("about a cab", "about a cab"),
            (&format!("GET /bot{token}/getMe"), "GET /bot•••/getMe"),
            (&format!("{token}\n{token}"), "•••\n•••"),
            ("12345678:short", "12345678:short"),
            ("я:й", "я:й"),
        ] {
            assert_eq!(scrub(text, &secrets), expected);
        }
    }
}
