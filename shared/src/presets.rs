//! Kinds of business: `templates/presets/*.yaml`. What a new bot begins with is the tenant's to read, what a kind is
//! called is everybody's.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::texts::Lang;

/// Every preset of the folder: its kind, which is the file's name, and what stands in it.
pub const PRESETS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/presets.rs"));

/// What people call a kind, with its picture, in each language.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Title {
    ru: String,
    en: String,
}

impl Title {
    /// In this language.
    pub fn say(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ru => &self.ru,
            Lang::En => &self.en,
        }
    }
}

/// A kind of business that there is a preset for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// As it is stored: the name of the preset's file.
    pub code: String,
    /// As it is shown.
    pub title: Title,
}

#[derive(Deserialize)]
struct Named {
    title: Title,
}

/// All kinds, in the order in which they are shown.
///
/// # Errors
/// When a preset has no title, or its name does not fit a button.
pub fn kinds() -> Result<Vec<Kind>> {
    PRESETS.iter().map(|(code, yaml)| kind(code, yaml)).collect()
}

fn kind(code: &str, yaml: &str) -> Result<Kind> {
    ensure!(
        (1..=32).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
        "presets/{code}.yaml: a kind is 1–32 of a–z and _"
    );
    let Named { title } = serde_yaml::from_str(yaml).with_context(|| format!("presets/{code}.yaml"))?;
    for text in [&title.ru, &title.en] {
        ensure!((1..=40).contains(&text.chars().count()), "presets/{code}.yaml: a title has 1 to 40 letters");
    }
    Ok(Kind { code: code.to_owned(), title })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_of_the_folder_is_a_kind_with_a_name_in_both_languages() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../templates/presets");
        let files = std::fs::read_dir(folder).unwrap().count();
        let kinds = kinds().unwrap();
        assert_eq!(kinds.len(), files);
        let salon = kinds.iter().find(|k| k.code == "salon").unwrap();
        assert_eq!((salon.title.say(Lang::Ru), salon.title.say(Lang::En)), ("💅 Салон красоты", "💅 Beauty salon"));
    }

    #[test]
    fn a_preset_without_a_name_or_with_one_that_fits_no_button_is_refused() {
        assert!(kind("spa", "title: { ru: СПА, en: Spa }").is_ok());
        assert!(kind("spa", "services: []").is_err());
        assert!(kind("s:pa", "title: { ru: СПА, en: Spa }").is_err());
        assert!(kind("spa", &format!("title: {{ ru: {}, en: Spa }}", "я".repeat(41))).is_err());
    }
}
