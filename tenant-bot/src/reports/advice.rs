//! What follows from the figures: rules with a threshold each, every one of which names the figure that it follows from.

use super::{
    figures::{Figures, Use, share},
    headline::{decimal, money, percent},
};
use crate::{booking::Report, bot::words::Words};

/// With fewer visits that are over, nothing follows.
pub(crate) const LEAST_VISITS: u32 = 15;
/// Fewer than these say nothing of a day, an hour, a person.
const LEAST_MINUTES: u32 = 6 * 60;
const LEAST_RATINGS: u32 = 5;
const LEAST_BEGAN: u32 = 20;
/// No more than this is read.
const MOST: usize = 5;

/// What there is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Advice {
    /// So few visits are over (at least [`LEAST_VISITS`] would be needed).
    TooFew(u32),
    /// The figures are as they should be.
    AllIsWell,
    /// Words, the weightiest first.
    Do(Vec<String>),
}

/// A rule: what it says and how much it weighs; none: it has nothing to say.
type Rule = fn(Words<'_>, &Report) -> Option<(u32, String)>;

const RULES: [Rule; 10] = [
    missed,
    cancelled,
    by_ourselves,
    less_revenue,
    quiet_day,
    full_hours,
    uneven,
    not_returning,
    lower_rating,
    not_finished,
];

/// What follows from a report.
pub(crate) fn advice(words: Words<'_>, report: &Report) -> Advice {
    let over = report.now.completed + report.now.missed;
    if over < LEAST_VISITS {
        return Advice::TooFew(over);
    }
    let mut said: Vec<(u32, String)> = RULES.iter().filter_map(|rule| rule(words, report)).collect();
    said.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    said.truncate(MOST);
    if said.is_empty() { Advice::AllIsWell } else { Advice::Do(said.into_iter().map(|(_, words)| words).collect()) }
}

fn weight(share: f64) -> u32 {
    // Shares and ratios of what a business counts: between 0 and a few hundred.
    (share * 100.0).clamp(0.0, 1000.0) as u32
}

/// At least 7 % of visits are missed, and three of them.
fn missed(words: Words<'_>, report: &Report) -> Option<(u32, String)> {
    let share = report.now.missed_share().filter(|share| *share >= 0.07 && report.now.missed >= 3)?;
    let lost = report.now.average_bill().unwrap_or(0) * i64::from(report.now.missed);
    let args: [(&str, &dyn std::fmt::Display); 3] =
        [("share", &percent(share)), ("n", &report.now.missed), ("lost", &money(lost))];
    Some((200 + weight(share), words.say("advice.missed", &args)))
}

/// At least a fifth is cancelled by customers, and five of them.
fn cancelled(words: Words<'_>, report: &Report) -> Option<(u32, String)> {
    let [by_customers, ..] = report.now.cancelled;
    let share = share(by_customers, report.now.bookings + report.now.cancelled_in_all())?;
    (share >= 0.2 && by_customers >= 5).then(|| {
        (100 + weight(share), words.say("advice.cancelled", &[("share", &percent(share)), ("n", &by_customers)]))
    })
}

/// At least a tenth is cancelled by the business itself, and five of them.
fn by_ourselves(words: Words<'_>, report: &Report) -> Option<(u32, String)> {
    let [_, by_team, _] = report.now.cancelled;
    let share = share(by_team, report.now.bookings + report.now.cancelled_in_all())?;
    (share >= 0.1 && by_team >= 5).then(|| {
        (120 + weight(share), words.say("advice.by_ourselves", &[("share", &percent(share)), ("n", &by_team)]))
    })
}

/// A range that is over brought at least 15 % less than the one before; whether fewer came or each paid less.
fn less_revenue(words: Words<'_>, report: &Report) -> Option<(u32, String)> {
    let (now, before) = (&report.now, &report.before);
    if report.goes_on() || before.completed < LEAST_VISITS || before.revenue <= 0 {
        return None;
    }
    let ratio = |is: i64, was: i64| {
        1.0 - super::headline::Number::Money(is).value() / super::headline::Number::Money(was).value()
    };
    let less = ratio(now.revenue, before.revenue);
    if less < 0.15 {
        return None;
    }
    let bill = ratio(now.average_bill()?, before.average_bill().filter(|bill| *bill > 0)?);
    let by = percent(less);
    let text = if bill >= less / 2.0 {
        let (is, was) = (money(now.average_bill()?), money(before.average_bill()?));
        words.say("advice.less_paid", &[("by", &by), ("is", &is), ("was", &was)])
    } else {
        words.say("advice.fewer_came", &[("by", &by), ("is", &now.completed), ("was", &before.completed)])
    };
    Some((150 + weight(less), text))
}

/// A day of the week is taken less than half as much as all of them together, and less than 40 %.
fn quiet_day(words: Words<'_>, report: &Report) -> Option<(u32, String)> {
    if report.now.range.days() < 7 {
        return None;
    }
    let all = report.now.total().share()?;
    let days = (1..=7_u32).zip(report.now.week.iter().map(Use::sum)).filter(|(_, day)| day.open >= LEAST_MINUTES);
    let (day, least) = days
        .filter_map(|(n, day)| Some((n, day.share()?)))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .filter(|(_, least)| *least < all / 2.0 && *least < 0.4)?;
    let day = words.plain(&format!("advice.day.d{day}"), &[]);
    let args: [(&str, &dyn std::fmt::Display); 3] = [("day", &day), ("share", &percent(least)), ("all", &percent(all))];
    Some((90 + weight(all - least), words.say("advice.quiet_day", &args)))
}

/// At least two hours of the clock are taken to 85 % over the whole range.
fn full_hours(words: Words<'_>, report: &Report) -> Option<(u32, String)> {
    let hour = |hour: usize| Use::sum(report.now.week.iter().map(|day| &day[hour]));
    let full: Vec<usize> = (0..24)
        .filter(|n| {
            let time = hour(*n);
            time.open >= LEAST_MINUTES && time.share().is_some_and(|share| share >= 0.85)
        })
        .collect();
    let (first, last) = full.first().zip(full.last()).filter(|(first, last)| first < last)?;
    let together = Use::sum(&full.iter().map(|n| hour(*n)).collect::<Vec<_>>()).share()?;
    // In a row they are told as one stretch.
    let hours = if last - first + 1 == full.len() {
        format!("{first}:00–{}:00", last + 1)
    } else {
        full.iter().map(|n| format!("{n}:00")).collect::<Vec<_>>().join(", ")
    };
    Some((
        80 + weight(together - 0.85),
        words.say("advice.full_hours", &[("hours", &hours), ("share", &percent(together))]),
    ))
}

/// One is taken to 75 % or more, another to 40 % or less.
fn uneven(words: Words<'_>, report: &Report) -> Option<(u32, String)> {
    let known = |(id, resource): (&crate::booking::ResourceId, &super::figures::ResourceFigures)| {
        let total = resource.total();
        Some((*id, total.share().filter(|_| total.open >= LEAST_MINUTES)?))
    };
    let all: Vec<_> = report.now.resources.iter().filter_map(known).collect();
    let (busy, most) = all.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let (idle, least) = all.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    if *most < 0.75 || *least > 0.4 {
        return None;
    }
    let args: [(&str, &dyn std::fmt::Display); 4] = [
        ("busy", &report.resource(*busy)),
        ("most", &percent(*most)),
        ("idle", &report.resource(*idle)),
        ("least", &percent(*least)),
    ];
    Some((70 + weight(most - least), words.say("advice.uneven", &args)))
}

/// Of the customers of a month or more at most a quarter has been there before.
fn not_returning(words: Words<'_>, report: &Report) -> Option<(u32, String)> {
    let now = &report.now;
    if now.range.days() < 28 || now.customers < LEAST_VISITS {
        return None;
    }
    let share = share(now.returned(), now.customers).filter(|share| *share <= 0.25)?;
    let args: [(&str, &dyn std::fmt::Display); 3] =
        [("share", &percent(share)), ("n", &now.returned()), ("all", &now.customers)];
    Some((110, words.say("advice.not_returning", &args)))
}

/// The rating is below 4.3, or at least 0.3 lower than before.
fn lower_rating(words: Words<'_>, report: &Report) -> Option<(u32, String)> {
    let known = |figures: &Figures| figures.rating().filter(|_| figures.ratings() >= LEAST_RATINGS);
    let now = known(&report.now)?;
    let n = report.now.ratings();
    if let Some(before) = known(&report.before).filter(|before| before - now >= 0.3) {
        let (is, was) = (decimal(words, now), decimal(words, before));
        return Some((160, words.say("advice.rating_fell", &[("is", &is), ("was", &was), ("n", &n)])));
    }
    (now < 4.3).then(|| (130, words.say("advice.rating_low", &[("is", &decimal(words, now)), ("n", &n)])))
}

/// Of those who began to book less than a third has booked.
fn not_finished(words: Words<'_>, report: &Report) -> Option<(u32, String)> {
    let (began, bookings) = (report.now.opens().began, report.now.bookings + report.now.cancelled_in_all());
    if began < LEAST_BEGAN {
        return None;
    }
    let share = share(bookings, began).filter(|share| *share < 0.33)?;
    let args: [(&str, &dyn std::fmt::Display); 3] = [("share", &percent(share)), ("began", &began), ("n", &bookings)];
    Some((60, words.say("advice.not_finished", &args)))
}

#[cfg(test)]
mod tests {
    use shared::texts::{Lang, Texts};

    use super::*;
    use crate::reports::sample;

    fn of(report: &Report, lang: Lang) -> Advice {
        let texts = Texts::load("tenant").unwrap();
        advice(Words { texts: &texts, lang }, report)
    }

    /// A report in which nothing is to be said.
    fn fine() -> Report {
        let mut report = sample::report_of(sample::week(), &[]);
        (report.now.completed, report.now.bookings) = (40, 40);
        (report.now.revenue, report.now.customers) = (4_000_000, 30);
        report.before = report.now.clone();
        report
    }

    fn said(change: impl Fn(&mut Report)) -> Vec<String> {
        let mut report = fine();
        change(&mut report);
        match of(&report, Lang::Ru) {
            Advice::Do(all) => all,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn too_little_is_said_to_be_too_little_and_what_is_fine_to_be_fine() {
        let mut report = fine();
        for day in &mut report.now.week {
            day.fill(Use { booked: 30, open: 60 });
        }
        assert_eq!(of(&report, Lang::Ru), Advice::AllIsWell);
        (report.now.completed, report.now.missed) = (10, 4);
        assert_eq!(of(&report, Lang::Ru), Advice::TooFew(14));
    }

    #[test]
    fn each_rule_names_its_figure() {
        let all = said(|r| r.now.missed = 6);
        assert!(
            all[0].contains("13\u{a0}%") && all[0].contains('6') && all[0].contains("6\u{a0}000\u{a0}₽"),
            "{all:?}"
        );
        let all = said(|r| r.now.cancelled = [12, 0, 0]);
        assert!(all[0].contains("23\u{a0}%") && all[0].contains("12"), "{all:?}");
        let all = said(|r| r.now.cancelled = [0, 8, 0]);
        assert!(all[0].contains("17\u{a0}%") && all[0].contains('8'), "{all:?}");
        let over = |r: &mut Report| r.at += chrono::TimeDelta::days(30);
        let all = said(|r| {
            over(r);
            r.before.revenue = 8_000_000;
        });
        assert!(all[0].contains("50\u{a0}%") && all[0].contains("1\u{a0}000\u{a0}₽"), "{all:?}");
        let all = said(|r| {
            over(r);
            (r.before.revenue, r.before.completed) = (8_000_000, 80);
        });
        assert!(all[0].contains("50\u{a0}%") && all[0].contains("40") && all[0].contains("80"), "{all:?}");
        let week = |r: &mut Report, day: Use, tuesday: Use| {
            r.now.week = [[Use::default(); 24]; 7];
            for n in 0..7 {
                r.now.week[n][10..18].fill(if n == 1 { tuesday } else { day });
            }
        };
        let all = said(|r| week(r, Use { booked: 40, open: 60 }, Use { booked: 12, open: 60 }));
        assert!(all[0].contains("вторник") && all[0].contains("20\u{a0}%"), "{all:?}");
        let all = said(|r| week(r, Use { booked: 57, open: 60 }, Use { booked: 57, open: 60 }));
        assert!(all[0].contains("10:00–18:00") && all[0].contains("95\u{a0}%"), "{all:?}");
        let all = said(|r| {
            for (n, resource) in r.now.resources.values_mut().enumerate() {
                resource.hours = [Use::default(); 24];
                resource.hours[12] = Use { booked: if n == 0 { 500 } else { 100 }, open: 600 };
            }
        });
        assert!(all[0].contains("Артём") && all[0].contains("83\u{a0}%") && all[0].contains("17\u{a0}%"), "{all:?}");
        let all = said(|r| {
            r.now.range = crate::reports::range::Range::around(crate::reports::range::Unit::Month, r.now.range.first);
            r.now.new = 25;
        });
        assert!(all[0].contains("17\u{a0}%") && all[0].contains('5'), "{all:?}");
        let all = said(|r| r.now.stars = [2, 1, 1, 1, 3]);
        assert!(all[0].contains("3,2") && all[0].contains('8'), "{all:?}");
        let all = said(|r| (r.before.stars, r.now.stars) = ([0, 0, 0, 0, 10], [0, 0, 0, 5, 5]));
        assert!(all[0].contains("4,5") && all[0].contains("5,0"), "{all:?}");
        let all = said(|r| r.now.sources.entry(String::new()).or_default().opens.began = 200);
        assert!(all[0].contains("20\u{a0}%") && all[0].contains("200"), "{all:?}");
    }

    #[test]
    fn the_weightiest_come_first_and_not_all_of_them() {
        let mut report = sample::report(sample::week());
        report.now.missed = 30;
        report.now.cancelled = [40, 30, 0];
        report.now.stars = [5, 0, 0, 0, 1];
        for lang in [Lang::Ru, Lang::En] {
            let Advice::Do(all) = of(&report, lang) else { panic!("nothing to say") };
            assert!((3..=MOST).contains(&all.len()), "{all:?}");
            insta::assert_snapshot!(format!("advice_{}", lang.code()), all.join("\n\n"));
        }
    }
}
