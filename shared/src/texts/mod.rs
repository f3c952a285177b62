//! What people read: `templates/texts/{ru,en}.yaml`, Russian first.
//!
//! A text is a string with `{placeholders}`, or a map of plural forms (`one`, `few`, `many`, `other`) chosen by the
//! language's rule for `{n}`. Texts are HTML; what is put into them is escaped here and nowhere else, save for
//! `{!placeholders}`, which take pieces that this very module made.

mod own;

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Display,
    sync::RwLock,
};

use anyhow::{Context, Result, anyhow, bail};
use intl_pluralrules::{PluralCategory, PluralRuleType, PluralRules};
use serde_yaml::Value;

pub use self::own::{Piece, Unfit};

const RU: &str = include_str!("../../../templates/texts/ru.yaml");
const EN: &str = include_str!("../../../templates/texts/en.yaml");

/// The languages that every text exists in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    /// Russian, what is spoken unless a person's Telegram says English.
    #[default]
    Ru,
    /// English.
    En,
}

impl Lang {
    /// From Telegram's `language_code` (IETF tag) or from what [`code`](Self::code) wrote.
    pub fn from_code(code: Option<&str>) -> Self {
        match code {
            Some(code) if code.starts_with("en") => Self::En,
            _ => Self::Ru,
        }
    }

    /// The two letters that are stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Ru => "ru",
            Self::En => "en",
        }
    }
}

#[derive(Clone, Debug)]
enum Entry {
    Plain(String),
    Plural(BTreeMap<String, String>),
}

struct Catalog {
    entries: BTreeMap<String, Entry>,
    plural: PluralRules,
}

/// All texts of one program in all languages.
pub struct Texts {
    ru: Catalog,
    en: Catalog,
    /// A business's own words, by language and key.
    own: RwLock<HashMap<(Lang, String), Entry>>,
}

impl Texts {
    fn of(ru: Catalog, en: Catalog) -> Self {
        Self { ru, en, own: RwLock::default() }
    }

    /// Reads one section (`master` or `tenant`) of both files.
    ///
    /// # Errors
    /// When a file is not YAML of the shape above, or the two languages differ in a key or a placeholder.
    pub fn load(section: &str) -> Result<Self> {
        let texts = Self::of(Catalog::read(RU, section, "ru")?, Catalog::read(EN, section, "en")?);
        texts.compare()?;
        Ok(texts)
    }

    /// The text under `key` with its placeholders filled; arguments are escaped for HTML.
    /// A key that does not exist comes back as it is, and is logged.
    pub fn say(&self, lang: Lang, key: &str, args: &[(&str, &dyn Display)]) -> String {
        if let Some(Entry::Plain(own)) = self.own(lang, key) {
            return fill(&own, args, escape);
        }
        match self.catalog(lang).entries.get(key) {
            Some(Entry::Plain(template)) => fill(template, args, escape),
            Some(Entry::Plural(_)) | None => missing(key),
        }
    }

    /// The same where no HTML is read: on buttons, in the note on a press, in the list of commands.
    pub fn plain(&self, lang: Lang, key: &str, args: &[(&str, &dyn Display)]) -> String {
        if let Some(Entry::Plain(own)) = self.own(lang, key) {
            return fill(&own::stripped(&own), args, str::to_owned);
        }
        match self.catalog(lang).entries.get(key) {
            Some(Entry::Plain(template)) => fill(template, args, str::to_owned),
            Some(Entry::Plural(_)) | None => missing(key),
        }
    }

    /// The form of the text under `key` that goes with the number `n`, which is also the placeholder `{n}`.
    pub fn count(&self, lang: Lang, key: &str, n: i64, args: &[(&str, &dyn Display)]) -> String {
        let catalog = self.catalog(lang);
        let own = self.own(lang, key);
        let Some(Entry::Plural(forms)) = own.as_ref().or_else(|| catalog.entries.get(key)) else { return missing(key) };
        let form = match catalog.plural.select(n.unsigned_abs()) {
            Ok(PluralCategory::ONE) => "one",
            Ok(PluralCategory::FEW) => "few",
            Ok(PluralCategory::MANY) => "many",
            _ => "other",
        };
        let Some(template) = forms.get(form).or_else(|| forms.get("other")) else { return missing(key) };
        let mut all: Vec<(&str, &dyn Display)> = vec![("n", &n)];
        all.extend_from_slice(args);
        fill(template, &all, escape)
    }

    /// Whether a text stands under `key`.
    pub fn has(&self, key: &str) -> bool {
        self.ru.entries.contains_key(key)
    }

    fn catalog(&self, lang: Lang) -> &Catalog {
        match lang {
            Lang::Ru => &self.ru,
            Lang::En => &self.en,
        }
    }

    fn compare(&self) -> Result<()> {
        for (one, other, names) in [(&self.ru, &self.en, "en"), (&self.en, &self.ru, "ru")] {
            for (key, entry) in &one.entries {
                let twin = other.entries.get(key).with_context(|| format!("{names}.yaml lacks «{key}»"))?;
                if holes_of(entry) != holes_of(twin) {
                    bail!("the placeholders of «{key}» differ between the languages");
                }
            }
        }
        Ok(())
    }
}

/// For fuzzing: reads a file of texts and says all of them.
pub(crate) fn try_out(yaml: &str) {
    let (Ok(ru), Ok(en)) = (Catalog::read(yaml, "t", "ru"), Catalog::read(yaml, "t", "en")) else { return };
    let texts = Texts::of(ru, en);
    assert!(texts.compare().is_ok(), "one file agrees with itself");
    for (key, entry) in &texts.ru.entries {
        match entry {
            Entry::Plain(template) => {
                // What is put in is not looked at again: a placeholder in it stays as it is.
                let args: Vec<(&str, &dyn Display)> = vec![("x", &"{y}<")];
                let said = texts.say(Lang::Ru, key, &args);
                // A brace that is never closed takes the next one's placeholder with it.
                let plain = template.matches('{').count() == 1;
                assert!(!plain || !template.contains("{x}") || said.contains("{y}&lt;"), "{template:?} → {said:?}");
            }
            Entry::Plural(_) => {
                for n in [0, 1, 2, 5, 11, i64::MIN, i64::MAX] {
                    texts.count(Lang::Ru, key, n, &[]);
                    texts.count(Lang::En, key, n, &[]);
                }
            }
        }
    }
}

fn missing(key: &str) -> String {
    tracing::error!(key, "a text is missing");
    escape(key)
}

/// Escapes a person's words for Telegram's HTML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn fill(template: &str, args: &[(&str, &dyn Display)], escape: fn(&str) -> String) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let after = &rest[open + 1..];
        let Some(close) = after.find('}') else {
            out.push_str(&rest[open..]);
            return out;
        };
        let hole = &after[..close];
        match args.iter().find(|(name, _)| *name == hole.trim_start_matches('!')) {
            // Only the template's author can say that a piece is markup already; what people typed never is.
            Some((_, value)) if hole.starts_with('!') => out.push_str(&value.to_string()),
            Some((_, value)) => out.push_str(&escape(&value.to_string())),
            None => {
                tracing::error!(placeholder = hole, "a placeholder was not filled");
                out.push_str(&rest[open..=open + 1 + close]);
            }
        }
        rest = &after[close + 1..];
    }
    out.push_str(rest);
    out
}

fn holes(template: &str) -> Vec<String> {
    let mut found: Vec<String> =
        template.split('{').skip(1).filter_map(|p| p.split_once('}')).map(|(name, _)| name.to_owned()).collect();
    found.sort();
    found.dedup();
    found
}

fn holes_of(entry: &Entry) -> Vec<String> {
    match entry {
        Entry::Plain(text) => holes(text),
        // A form for exactly one may leave the number out.
        Entry::Plural(forms) => forms.get("other").map(|t| holes(t)).unwrap_or_default(),
    }
}

impl Catalog {
    fn read(yaml: &str, section: &str, lang: &str) -> Result<Self> {
        let file: Value = serde_yaml::from_str(yaml).with_context(|| format!("{lang}.yaml"))?;
        let root = file.get(section).with_context(|| format!("{lang}.yaml has no section «{section}»"))?;
        let mut entries = BTreeMap::new();
        flatten("", root, &mut entries).with_context(|| format!("{lang}.yaml"))?;
        let tag: unic_langid::LanguageIdentifier = lang.parse().map_err(|e| anyhow!("{lang}: {e:?}"))?;
        let plural = PluralRules::create(tag, PluralRuleType::CARDINAL).map_err(|e| anyhow!("{lang}: {e}"))?;
        Ok(Self { entries, plural })
    }
}

fn flatten(path: &str, value: &Value, into: &mut BTreeMap<String, Entry>) -> Result<()> {
    match value {
        Value::String(text) => {
            into.insert(path.to_owned(), Entry::Plain(text.trim_end().to_owned()));
        }
        Value::Mapping(map) => {
            let fields: Vec<(&str, &Value)> = map
                .iter()
                .map(|(k, v)| k.as_str().map(|k| (k, v)).with_context(|| format!("a key under «{path}» is no text")))
                .collect::<Result<_>>()?;
            if fields.iter().any(|(k, _)| *k == "other") {
                let forms = fields
                    .into_iter()
                    .map(|(k, v)| match v {
                        Value::String(text) => Ok((k.to_owned(), text.trim_end().to_owned())),
                        _ => bail!("the plural form {path}.{k} is no text"),
                    })
                    .collect::<Result<_>>()?;
                into.insert(path.to_owned(), Entry::Plural(forms));
                return Ok(());
            }
            for (key, value) in fields {
                let below = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                flatten(&below, value, into)?;
            }
        }
        _ => bail!("«{path}» is neither a text nor a group of texts"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(ru: &str, en: &str) -> Result<Texts> {
        let texts = Texts::of(Catalog::read(ru, "t", "ru")?, Catalog::read(en, "t", "en")?);
        texts.compare()?;
        Ok(texts)
    }

    #[test]
    fn both_programs_have_every_text_in_both_languages() {
        for section in ["master", "tenant"] {
            Texts::load(section).unwrap();
        }
    }

    #[test]
    fn what_a_person_typed_cannot_become_markup() {
        let t = texts("t: { hi: 'Привет, {name}!' }", "t: { hi: 'Hi, {name}!' }").unwrap();
        assert_eq!(t.say(Lang::Ru, "hi", &[("name", &"<b>&{name}")]), "Привет, &lt;b&gt;&amp;{name}!");
        assert_eq!(t.plain(Lang::Ru, "hi", &[("name", &"Усы & Co")]), "Привет, Усы & Co!");
        let t = texts("t: { list: '{!rows}' }", "t: { list: '{!rows}' }").unwrap();
        assert_eq!(t.say(Lang::Ru, "list", &[("rows", &"<b>1</b>")]), "<b>1</b>");
    }

    #[test]
    fn numbers_take_the_form_of_their_language() {
        let t = texts(
            "t: { x: { one: '{n} окно', few: '{n} окна', many: '{n} окон', other: '{n} окна' } }",
            "t: { x: { one: '{n} slot', other: '{n} slots' } }",
        )
        .unwrap();
        let ru: Vec<String> = [1, 3, 5, 11, 21].iter().map(|n| t.count(Lang::Ru, "x", *n, &[])).collect();
        assert_eq!(ru, ["1 окно", "3 окна", "5 окон", "11 окон", "21 окно"]);
        assert_eq!(t.count(Lang::En, "x", 21, &[]), "21 slots");
    }

    #[test]
    fn a_text_or_placeholder_missing_in_one_language_is_found() {
        assert!(texts("t: { a: 'А', b: 'Б' }", "t: { a: 'A' }").is_err());
        assert!(texts("t: { a: 'А' }", "t: { a: 'A', b: 'B' }").is_err());
        assert!(texts("t: { a: '{x}' }", "t: { a: '{y}' }").is_err());
    }
}
