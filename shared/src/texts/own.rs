//! A business's own words in place of ours: HTML with the placeholders of the text that it takes the place of.

use std::fmt::Display;

use super::{Entry, Lang, Texts, fill};

/// Own words are at most so long, in characters; on a button or in a short line at most [`SHORT`].
const LONGEST: usize = 2000;
/// See [`LONGEST`].
const SHORT: usize = 100;
/// Ours up to this length stand on buttons and in lines.
const SHORT_OF_OURS: usize = 64;

/// Why words cannot take the place of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// There is no such text, or it has no such form.
    #[error("there is no such text")]
    NoSuchText,
    /// Nothing is left of it.
    #[error("it is empty")]
    Empty,
    /// It is longer than this many characters.
    #[error("it is longer than {0} characters")]
    TooLong(usize),
    /// A placeholder that ours does not have.
    #[error("there is no placeholder {{{0}}} here")]
    UnknownPlaceholder(String),
    /// A brace that is never closed.
    #[error("a brace is not closed")]
    OpenBrace,
}

/// A text as an editor sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Under which key.
    pub key: String,
    /// Of a plural: `one`, `few`, `many`, `other`.
    pub form: Option<String>,
    /// Ours.
    pub ours: String,
    /// The business's own, if there are any.
    pub own: Option<String>,
    /// What may be put in, by name.
    pub placeholders: Vec<String>,
}

impl Texts {
    /// Every key, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.ru.entries.keys().map(String::as_str)
    }

    /// The text under a key, one piece for each form; none if there is no such text.
    pub fn pieces(&self, lang: Lang, key: &str) -> Vec<Piece> {
        let own = self.own(lang, key);
        let piece = |form: Option<&str>, ours: &str| Piece {
            key: key.to_owned(),
            form: form.map(str::to_owned),
            ours: ours.to_owned(),
            own: own.as_ref().and_then(|own| match (form, own) {
                (None, Entry::Plain(text)) => Some(text.clone()),
                (Some(form), Entry::Plural(forms)) => forms.get(form).filter(|text| *text != ours).cloned(),
                _ => None,
            }),
            placeholders: names(ours),
        };
        match self.catalog(lang).entries.get(key) {
            None => Vec::new(),
            Some(Entry::Plain(ours)) => vec![piece(None, ours)],
            Some(Entry::Plural(forms)) => forms.iter().map(|(form, ours)| piece(Some(form), ours)).collect(),
        }
    }

    /// Reads words (HTML) for a text: as they are to be stored, with the placeholders spelt as ours are.
    ///
    /// # Errors
    /// Why they cannot take its place.
    pub fn read_own(&self, lang: Lang, key: &str, form: Option<&str>, html: &str) -> Result<String, Unfit> {
        let pieces = self.pieces(lang, key);
        let piece = pieces.iter().find(|piece| piece.form.as_deref() == form).ok_or(Unfit::NoSuchText)?;
        let html = html.trim();
        if html.is_empty() {
            return Err(Unfit::Empty);
        }
        let most = if piece.ours.chars().count() <= SHORT_OF_OURS { SHORT } else { LONGEST };
        if html.chars().count() > most {
            return Err(Unfit::TooLong(most));
        }
        let mut read = String::with_capacity(html.len());
        let mut rest = html;
        while let Some(open) = rest.find('{') {
            let (before, after) = (&rest[..open], &rest[open + 1..]);
            let close = after.find('}').ok_or(Unfit::OpenBrace)?;
            let name = after[..close].trim().trim_start_matches('!');
            let ours = holes(&piece.ours).into_iter().find(|hole| hole.trim_start_matches('!') == name);
            // Whether a piece is markup is said by ours and nobody else.
            let hole = ours.ok_or_else(|| Unfit::UnknownPlaceholder(name.chars().take(40).collect()))?;
            read.push_str(before);
            read.push_str(&format!("{{{hole}}}"));
            rest = &after[close + 1..];
        }
        read.push_str(rest);
        Ok(read)
    }

    /// Puts own words (as [`read_own`](Self::read_own) gave them) in the place of ours, or takes them away. What fits no text
    /// of this version is left out.
    pub fn set_own(&self, lang: Lang, key: &str, form: Option<&str>, words: Option<&str>) {
        let entry = match (self.catalog(lang).entries.get(key), form) {
            (Some(Entry::Plain(_)), None) => words.map(|words| Entry::Plain(words.to_owned())),
            (Some(Entry::Plural(ours)), Some(form)) if ours.contains_key(form) => {
                let mut forms = match self.own(lang, key) {
                    Some(Entry::Plural(forms)) => forms,
                    _ => ours.clone(),
                };
                let new = words.map(str::to_owned).or_else(|| ours.get(form).cloned()).unwrap_or_default();
                forms.insert(form.to_owned(), new);
                (forms != *ours).then_some(Entry::Plural(forms))
            }
            _ => return,
        };
        let mut all = self.own.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        match entry {
            Some(entry) => all.insert((lang, key.to_owned()), entry),
            None => all.remove(&(lang, key.to_owned())),
        };
    }

    /// What own words would look like: placeholders filled with what `sample` says of them, else with `…`.
    pub fn preview(&self, words: &str, sample: impl Fn(&str) -> Option<String>) -> String {
        let names = names(words);
        let samples: Vec<String> = names.iter().map(|name| sample(name).unwrap_or_else(|| "…".to_owned())).collect();
        let args: Vec<(&str, &dyn Display)> =
            names.iter().zip(&samples).map(|(name, sample)| (name.as_str(), sample as &dyn Display)).collect();
        fill(words, &args, super::escape)
    }

    /// The business's own entry, if there is one.
    pub(super) fn own(&self, lang: Lang, key: &str) -> Option<Entry> {
        let all = self.own.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if all.is_empty() {
            return None;
        }
        all.get(&(lang, key.to_owned())).cloned()
    }
}

/// The words of a piece of HTML.
pub(super) fn stripped(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        rest = rest[open..].find('>').map_or("", |close| &rest[open + close + 1..]);
    }
    out.push_str(rest);
    out.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// The placeholders of ours, with their `!`.
fn holes(template: &str) -> Vec<String> {
    super::holes(template)
}

fn names(template: &str) -> Vec<String> {
    holes(template).into_iter().map(|hole| hole.trim_start_matches('!').to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Catalog;

    fn texts() -> Texts {
        let yaml = "t: { hi: 'Привет, {name}! Рады видеть вас снова в нашем салоне, запишитесь скорее', b: Записаться,
                         list: 'Вот что есть и чего нет, выбирайте себе по душе и по карману сами: {!rows}', n: { one: '{n} окно', few: '{n} окна', other: '{n} окон' } }";
        Texts::of(Catalog::read(yaml, "t", "ru").unwrap(), Catalog::read(yaml, "t", "en").unwrap())
    }

    #[test]
    fn own_words_take_the_place_of_ours_in_one_language_and_can_be_taken_away() {
        let t = texts();
        let own = t.read_own(Lang::Ru, "hi", None, " <b>Ура</b>, { name }! ").unwrap();
        t.set_own(Lang::Ru, "hi", None, Some(&own));
        assert_eq!(t.say(Lang::Ru, "hi", &[("name", &"<Аня>")]), "<b>Ура</b>, &lt;Аня&gt;!");
        assert_eq!(t.plain(Lang::Ru, "hi", &[("name", &"<Аня>")]), "Ура, <Аня>!", "no markup where none is read");
        assert!(t.say(Lang::En, "hi", &[("name", &"Аня")]).starts_with("Привет"));
        t.set_own(Lang::Ru, "hi", None, None);
        assert!(t.say(Lang::Ru, "hi", &[("name", &"Аня")]).starts_with("Привет"));
    }

    #[test]
    fn a_form_of_a_plural_is_changed_alone() {
        let t = texts();
        t.set_own(Lang::Ru, "n", Some("one"), Some("одно окошко"));
        assert_eq!(
            (t.count(Lang::Ru, "n", 1, &[]), t.count(Lang::Ru, "n", 2, &[])),
            ("одно окошко".into(), "2 окна".into())
        );
        assert_eq!(t.pieces(Lang::Ru, "n").iter().filter(|piece| piece.own.is_some()).count(), 1);
        t.set_own(Lang::Ru, "n", Some("one"), None);
        assert_eq!(t.count(Lang::Ru, "n", 1, &[]), "1 окно");
        assert!(t.own(Lang::Ru, "n").is_none());
    }

    #[test]
    fn words_that_do_not_fit_are_refused_with_why() {
        let t = texts();
        let read = |key: &str, words: &str| t.read_own(Lang::Ru, key, None, words);
        assert_eq!(read("hi", "{surname}"), Err(Unfit::UnknownPlaceholder("surname".into())));
        assert_eq!(read("hi", "{name"), Err(Unfit::OpenBrace));
        assert_eq!(read("hi", "  "), Err(Unfit::Empty));
        assert_eq!(read("b", &"я".repeat(SHORT + 1)), Err(Unfit::TooLong(SHORT)));
        assert_eq!(read("hi", &"я".repeat(LONGEST + 1)), Err(Unfit::TooLong(LONGEST)));
        assert_eq!(read("nothing", "x"), Err(Unfit::NoSuchText));
        assert_eq!(read("n", "x"), Err(Unfit::NoSuchText), "a plural has forms");
        // Nobody makes people's words markup, and what is markup stays so.
        assert_eq!(read("hi", "{!name}").as_deref(), Ok("{name}"));
        assert_eq!(read("list", "{rows}").as_deref(), Ok("{!rows}"));
    }

    #[test]
    fn a_preview_says_something_for_every_placeholder() {
        let said = texts().preview("{name}, ждём {when}!", |name| (name == "name").then(|| "Анна".to_owned()));
        assert_eq!(said, "Анна, ждём …!");
    }
}
