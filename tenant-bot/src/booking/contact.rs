//! What a person types for a name and a phone number.

/// A name and a number to call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// 1–60 characters in one line.
    pub name: String,
    /// `+` and 10–15 digits.
    pub phone: String,
}

/// A name: one line, spaces tidied, 1–60 characters with at least one letter, no control characters.
pub fn name(typed: &str) -> Option<String> {
    let tidy = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits =
        tidy.chars().count() <= 60 && tidy.chars().any(char::is_alphabetic) && !tidy.chars().any(char::is_control);
    fits.then_some(tidy)
}

/// A phone number in whatever shape people write it, as `+` and 10–15 digits. Without a country it is Russian.
pub fn phone(typed: &str) -> Option<String> {
    let typed = typed.trim();
    if !typed.chars().all(|c| c.is_ascii_digit() || "+-() .\u{a0}".contains(c)) {
        return None;
    }
    let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
    if typed.starts_with('+') {
        return (10..=15).contains(&digits.len()).then(|| format!("+{digits}"));
    }
    match (digits.len(), digits.as_bytes().first()) {
        (11, Some(b'7' | b'8')) => Some(format!("+7{}", &digits[1..])),
        (10, _) => Some(format!("+7{digits}")),
        // Telegram's own contacts come with the country but often without the plus.
        (11..=15, _) => Some(format!("+{digits}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_people_write_it() {
        for typed in ["+79161234567", "8 (916) 123-45-67", "79161234567", "916 123 45 67", " 8.916.123.45.67 "] {
            assert_eq!(phone(typed).as_deref(), Some("+79161234567"), "{typed}");
        }
        assert_eq!(phone("+49 30 1234567").as_deref(), Some("+49301234567"));
        assert_eq!(phone("375291234567").as_deref(), Some("+375291234567"));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for typed in ["", "позвоните", "12345", "+7916", "8-800-КОТИКИ", "+1234567890123456"] {
            assert_eq!(phone(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_name_is_one_tidy_line() {
        assert_eq!(name("  Анна \n Иванова ").as_deref(), Some("Анна Иванова"));
        assert_eq!(name("Ян").as_deref(), Some("Ян"));
        for typed in ["", "   ", "12345", "!!!", &"я".repeat(61), "a\u{7}b"] {
            assert_eq!(name(typed), None, "{typed}");
        }
    }
}
