//! The figures that come first, as they stand on the screen, in the picture and in the files.

use chrono::Datelike;

use crate::{
    booking::{Kopecks, Report},
    bot::words::{Words, grouped},
    reports::figures::Figures,
};

/// What a figure is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    /// So many.
    Count(u32),
    /// Kopecks.
    Money(i64),
    /// A part of one.
    Share(f64),
    /// One to five.
    Stars(f64),
}

/// Whether it is good when it grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Liked {
    /// The more the better.
    More,
    /// The fewer the better.
    Less,
}

/// A figure, and what it was in the range before; none where there was nothing to count it from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Headline {
    /// Its name is the text `report.name.<key>`.
    pub(crate) key: &'static str,
    pub(crate) now: Option<Number>,
    pub(crate) before: Option<Number>,
    pub(crate) liked: Liked,
}

/// How a figure has changed, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// `12 %`, `3 п. п.`, `0,4`, without a sign.
    pub(crate) by: String,
    pub(crate) up: bool,
    /// Whether that is good.
    pub(crate) good: bool,
}

/// Every figure that comes first, in order.
pub(crate) fn headlines(report: &Report) -> Vec<Headline> {
    use Liked::{Less, More};
    type Of = fn(&Figures) -> Option<Number>;
    let all: [(&'static str, Liked, Of); 14] = [
        ("bookings", More, |f| Some(Number::Count(f.bookings))),
        ("revenue", More, |f| Some(Number::Money(f.revenue))),
        ("average_bill", More, |f| f.average_bill().map(Number::Money)),
        ("occupancy", More, |f| f.total().share().map(Number::Share)),
        ("cancelled", Less, |f| Some(Number::Count(f.cancelled_in_all()))),
        ("cancelled_share", Less, |f| f.cancelled_share().map(Number::Share)),
        ("missed", Less, |f| Some(Number::Count(f.missed))),
        ("missed_share", Less, |f| f.missed_share().map(Number::Share)),
        ("customers", More, |f| Some(Number::Count(f.customers))),
        ("new", More, |f| Some(Number::Count(f.new))),
        ("returned", More, |f| Some(Number::Count(f.returned()))),
        ("rating", More, |f| f.rating().map(Number::Stars)),
        ("ratings", More, |f| Some(Number::Count(f.ratings()))),
        ("completed", More, |f| Some(Number::Count(f.completed))),
    ];
    let of = |(key, liked, of): (&'static str, Liked, Of)| Headline {
        key,
        now: of(&report.now),
        before: of(&report.before),
        liked,
    };
    all.into_iter().map(of).collect()
}

/// `12 500 ₽`, to the rouble.
pub(crate) fn money(kopecks: i64) -> String {
    format!("{}\u{a0}₽", grouped(Kopecks((kopecks + 50).div_euclid(100) * 100)))
}

/// `42 %`
pub(crate) fn percent(share: f64) -> String {
    format!("{:.0}\u{a0}%", share * 100.0)
}

/// A decimal with one digit behind the comma (or point) of the language.
pub(crate) fn decimal(words: Words<'_>, number: f64) -> String {
    format!("{number:.1}").replace('.', &words.plain("report.point", &[]))
}

impl Number {
    pub(crate) fn say(self, words: Words<'_>) -> String {
        match self {
            Self::Count(n) => grouped(Kopecks(i64::from(n) * 100)),
            Self::Money(kopecks) => money(kopecks),
            Self::Share(share) => percent(share),
            Self::Stars(stars) => decimal(words, stars),
        }
    }

    /// As a plain number: roubles, parts of one.
    pub(crate) fn value(self) -> f64 {
        match self {
            Self::Count(n) => f64::from(n),
            // Sums that a business takes are far below the point where that loses kopecks.
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            Self::Money(kopecks) => kopecks as f64 / 100.0,
            Self::Share(number) | Self::Stars(number) => number,
        }
    }
}

impl Headline {
    pub(crate) fn name(&self, words: Words<'_>) -> String {
        words.plain(&format!("report.name.{}", self.key), &[])
    }

    /// The figure; a dash where there is none.
    pub(crate) fn say(&self, words: Words<'_>) -> String {
        self.now.map_or_else(|| "—".to_owned(), |now| now.say(words))
    }

    /// None if it is as it was, or there is nothing to compare it with.
    pub(crate) fn change(&self, words: Words<'_>) -> Option<Change> {
        let (now, before) = (self.now?, self.before?);
        let (is, was) = (now.value(), before.value());
        let by = match now {
            Number::Count(_) | Number::Money(_) if was > 0.0 => {
                let by = ((is - was) / was).abs();
                (by >= 0.005).then(|| percent(by))?
            }
            Number::Count(_) | Number::Money(_) => return None,
            Number::Share(_) => {
                // Of what is shown: 47 % after 44 % is 3 more.
                let by = ((is * 100.0).round() - (was * 100.0).round()).abs();
                (by >= 1.0).then(|| words.plain("report.points", &[("n", &by)]))?
            }
            Number::Stars(_) => {
                let by = (is - was).abs();
                (by >= 0.05).then(|| decimal(words, by))?
            }
        };
        let up = is > was;
        Some(Change { by, up, good: up == (self.liked == Liked::More) })
    }
}

/// The stretch of dates in words: `пн, 23 ноября`, `23–29 ноября`, `Ноябрь 2026`.
pub(crate) fn dates(words: Words<'_>, range: super::range::Range) -> String {
    use super::range::Unit;
    match range.unit {
        Unit::Month => words.month(range.first),
        _ if range.first == range.last => words.date(range.first),
        _ if range.first.year() != range.last.year() => {
            format!("{} – {}", range.first.format("%d.%m.%Y"), range.last.format("%d.%m.%Y"))
        }
        _ => format!("{} – {}", words.short_date(range.first), words.short_date(range.last)),
    }
}
