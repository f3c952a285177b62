//! The drawings as they are written down, and painted.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use shared::texts::{Lang, Texts};

use super::{Canvas, canvas, dashboard, heat, paint, paint::painted, png};
use crate::{
    booking::{Report, Status},
    bot::words::Words,
    reports::{range::Range, sample},
};

fn drawn(draw: fn(Words<'_>, &Report) -> Canvas, report: &Report, lang: Lang) -> Canvas {
    let texts = Texts::load("tenant").unwrap();
    draw(Words { texts: &texts, lang }, report)
}

/// Left where somebody who wants to look at it finds it.
fn kept(name: &str, svg: &Canvas) {
    let png = paint(svg).unwrap();
    assert!(png.starts_with(b"\x89PNG") && png.len() < 200_000, "{} bytes", png.len());
    let folder = std::env::temp_dir().join("slotyard-pictures");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.png")), png).unwrap();
}

#[test]
fn the_drawings_of_a_week_are_these() {
    for lang in [Lang::Ru, Lang::En] {
        let report = sample::report(sample::week());
        let (first, second) = (drawn(dashboard, &report, lang), drawn(heat, &report, lang));
        insta::assert_snapshot!(format!("dashboard_{}", lang.code()), first.svg());
        insta::assert_snapshot!(format!("heat_{}", lang.code()), second.svg());
        kept(&format!("dashboard_{}", lang.code()), &first);
        kept(&format!("heat_{}", lang.code()), &second);
    }
}

#[test]
fn the_font_has_what_is_written() {
    let ink = |words: &str| {
        let mut canvas = canvas::Canvas::new(400, 80);
        canvas.text((20.0, 50.0), canvas::Pen::new(40, canvas::INK), words);
        let paper = painted(&canvas).unwrap();
        paper.pixels().iter().filter(|pixel| pixel.red() < 128).count()
    };
    assert_eq!(ink(""), 0);
    for words in ["А", "ё", "Ы", "Ә", "Q", "₽", "№", "«", "—", "…", "%", "5"] {
        assert!(ink(words) > 10, "{words}");
    }
    let (one, other) = (ink("Ш"), ink("Ю"));
    assert_ne!(one, other, "each letter its own shape");
}

#[test]
fn a_month_a_year_a_day_and_nothing_at_all_are_painted_too() {
    let day: NaiveDate = "2026-11-25".parse().unwrap();
    let month = Range::around(crate::reports::range::Unit::Month, day);
    let year = Range::between(day - chrono::Days::new(360), day).unwrap();
    let alone = Range::around(crate::reports::range::Unit::Day, day);
    for (name, range) in [("month", month), ("year", year), ("day", alone)] {
        let report = sample::report(range);
        kept(&format!("dashboard_{name}"), &drawn(dashboard, &report, Lang::Ru));
        kept(&format!("heat_{name}"), &drawn(heat, &report, Lang::Ru));
    }
    let empty = sample::report_of(month, &[]);
    kept("dashboard_empty", &drawn(dashboard, &empty, Lang::Ru));
    kept("heat_empty", &drawn(heat, &empty, Lang::Ru));
}

#[test]
fn names_that_are_long_or_look_like_a_drawing_do_no_harm() {
    let mut report = sample::report(sample::week());
    report.business.name =
        "<script>&\"'\u{1}\u{0}😀 «Очень длинное название салона красоты на улице Ленина, дом 1»".into();
    report.names.resources[0].1 = "</text><rect/> Константин Константинопольский-Длиннофамильный".into();
    let drawing = drawn(heat, &report, Lang::Ru);
    let svg = drawing.svg();
    assert!(!svg.contains("<script") && !svg.contains("</text><rect/>") && svg.contains("…"), "{svg}");
    kept("heat_hostile", &drawing);
}

#[tokio::test]
async fn pictures_wait_for_one_another() {
    let report = sample::report(sample::week());
    let drawing = || drawn(dashboard, &report, Lang::Ru);
    let all = futures::future::join_all((0..3).map(|_| png(drawing()))).await;
    assert!(all.into_iter().all(|picture| picture.is_ok()));
    assert!(png(Canvas::new(0, 10)).await.is_err(), "what has no size is no panic");
}

#[test]
fn a_sample_is_what_it_says() {
    let report = sample::report(sample::week());
    let at: DateTime<Utc> = report.at;
    assert_eq!(report.business.zone, Tz::Europe__Moscow);
    assert!(report.goes_on() || at - TimeDelta::days(1) > report.now.range.span(Tz::Europe__Moscow).end);
    assert!(report.now.completed > 0 && report.now.ahead + report.now.missed > 0, "{:?}", Status::ALL);
}
