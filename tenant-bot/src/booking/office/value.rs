//! What a business can fill in anywhere: values, and the shapes that they must have.

use chrono::TimeDelta;
use serde_json::{Value as Json, json};

use super::Wrong;
use crate::booking::{
    contact,
    model::{Kopecks, Price},
};

/// What was filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing: whatever holds then.
    Nothing,
    /// Words, a file's id, a link.
    Text(String),
    /// A length of time.
    Length(TimeDelta),
    /// Several of them.
    Lengths(Vec<TimeDelta>),
    /// How many.
    Number(i64),
    /// What it costs.
    Price(Price),
    /// One of a few words.
    Word(&'static str),
}

/// What may be filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// So many characters.
    Text(u16),
    /// A picture.
    Photo,
    /// A phone number.
    Phone,
    /// An address on the web.
    Link,
    /// Minutes, from and to.
    Length(i64, i64),
    /// At most ten lengths of 5 minutes to 30 days.
    Lengths,
    /// From and to.
    Number(i64, i64),
    /// A sum or a range.
    Price,
    /// One of these.
    Word(&'static [&'static str]),
}

/// Something that can be filled in.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// What it is called in buttons, texts and the audit log.
    pub word: &'static str,
    /// What fits.
    pub shape: Shape,
    /// Whether it may be left empty.
    pub optional: bool,
}

const MOST_KOPECKS: i64 = 9_999_999_999;
const MOST_LENGTHS: usize = 10;

impl Field {
    /// Whether a value fits.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, value: &Value) -> Result<(), Wrong> {
        let within =
            |n: i64, least: i64, most: i64| if (least..=most).contains(&n) { Ok(()) } else { Err(Wrong::OutOfRange) };
        match (self.shape, value) {
            (_, Value::Nothing) if self.optional => Ok(()),
            (Shape::Text(most), Value::Text(text)) => {
                let length = text.chars().count();
                let fits = (1..=usize::from(most)).contains(&length) && !text.trim().is_empty();
                if fits { Ok(()) } else { Err(Wrong::TooLong(most)) }
            }
            (Shape::Photo, Value::Text(id)) if !id.is_empty() => Ok(()),
            (Shape::Phone, Value::Text(phone)) if contact::phone(phone).as_deref() == Some(phone) => Ok(()),
            (Shape::Link, Value::Text(link)) if link.starts_with("https://") && link.len() <= 500 => Ok(()),
            (Shape::Length(least, most), Value::Length(length)) => within(length.num_minutes(), least, most),
            (Shape::Number(least, most), Value::Number(n)) => within(*n, least, most),
            (Shape::Lengths, Value::Lengths(all)) => {
                let fit = all.len() <= MOST_LENGTHS && all.iter().all(|one| (5..=43_200).contains(&one.num_minutes()));
                if fit { Ok(()) } else { Err(Wrong::OutOfRange) }
            }
            (Shape::Price, Value::Price(price)) => {
                within(price.from.0, 0, MOST_KOPECKS)?;
                price.to.map_or(Ok(()), |to| within(to.0, price.from.0 + 1, MOST_KOPECKS))
            }
            (Shape::Word(words), Value::Word(word)) if words.contains(word) => Ok(()),
            _ => Err(Wrong::OutOfRange),
        }
    }
}

impl Value {
    /// Words, or nothing.
    pub(crate) fn text(text: Option<&str>) -> Self {
        text.map_or(Self::Nothing, |text| Self::Text(text.to_owned()))
    }

    /// A length, or nothing.
    pub(crate) fn length(length: Option<TimeDelta>) -> Self {
        length.map_or(Self::Nothing, Self::Length)
    }

    /// A number, or nothing.
    pub(crate) fn number(n: Option<u16>) -> Self {
        n.map_or(Self::Nothing, |n| Self::Number(n.into()))
    }

    /// As a column holds it, lengths in minutes; of a price the lower end.
    pub(crate) fn json(&self) -> Json {
        match self {
            Self::Nothing => Json::Null,
            Self::Text(text) => json!(text),
            Self::Length(length) => json!(length.num_minutes()),
            Self::Number(n) => json!(n),
            Self::Price(price) => json!(price.from.0),
            Self::Word(word) => json!(word),
            Self::Lengths(_) => json!(self.setting()),
        }
    }

    /// As a setting holds it.
    pub(crate) fn setting(&self) -> String {
        match self {
            Self::Nothing => "off".to_owned(),
            Self::Text(text) => text.clone(),
            Self::Length(length) => length.num_minutes().to_string(),
            Self::Number(n) => n.to_string(),
            Self::Price(price) => price.from.0.to_string(),
            Self::Word(word) => (*word).to_owned(),
            Self::Lengths(all) => all.iter().map(|one| one.num_minutes().to_string()).collect::<Vec<_>>().join(","),
        }
    }

    /// As the audit log says it: money in roubles, lengths in minutes.
    pub(crate) fn told(&self) -> Json {
        let roubles = |sum: Kopecks| {
            if sum.0 % 100 == 0 { (sum.0 / 100).to_string() } else { format!("{}.{:02}", sum.0 / 100, sum.0 % 100) }
        };
        match self {
            Self::Price(Price { from, to: Some(to) }) => json!(format!("{}–{}", roubles(*from), roubles(*to))),
            Self::Price(Price { from, to: None }) => json!(roubles(*from)),
            other => other.json(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(shape: Shape, optional: bool) -> Field {
        Field { word: "x", shape, optional }
    }

    #[test]
    fn every_shape_takes_what_fits_and_nothing_else() {
        let text = |text: &str| Value::Text(text.to_owned());
        let minutes = |n| Value::Length(TimeDelta::minutes(n));
        let price = |from, to: Option<i64>| Value::Price(Price { from: Kopecks(from), to: to.map(Kopecks) });
        for (shape, fits, does_not) in [
            (Shape::Text(3), vec![text("абв")], vec![text(""), text("   "), text("абвг"), Value::Number(1)]),
            (Shape::Photo, vec![text("id")], vec![text("")]),
            (Shape::Phone, vec![text("+79161234567")], vec![text("8916"), text("звоните")]),
            (Shape::Link, vec![text("https://ya.ru")], vec![text("http://ya.ru"), text("javascript:")]),
            (Shape::Length(5, 60), vec![minutes(5), minutes(60)], vec![minutes(4), minutes(61), minutes(-5)]),
            (Shape::Number(1, 3), vec![Value::Number(3)], vec![Value::Number(0), Value::Number(4)]),
            (
                Shape::Price,
                vec![price(0, None), price(5, Some(6))],
                vec![price(-1, None), price(5, Some(5)), price(10_000_000_000, None)],
            ),
            (Shape::Word(&["a"]), vec![Value::Word("a")], vec![Value::Word("b"), text("a")]),
            (
                Shape::Lengths,
                vec![Value::Lengths(vec![])],
                vec![Value::Lengths(vec![TimeDelta::minutes(4)]), Value::Lengths(vec![TimeDelta::hours(1); 11])],
            ),
        ] {
            for value in fits {
                assert_eq!(field(shape, false).check(&value), Ok(()), "{shape:?} {value:?}");
            }
            for value in does_not.into_iter().chain([Value::Nothing]) {
                assert!(field(shape, false).check(&value).is_err(), "{shape:?} {value:?}");
            }
            assert_eq!(field(shape, true).check(&Value::Nothing), Ok(()), "{shape:?}");
        }
    }
}
