//! What was said of visits; of whom is not told here.

use super::{Choice, Page, View, button};
use crate::{
    booking::BookError,
    bot::{chat::Chat, turn::Turn},
    reports::{headline::dates, range::Range},
    store::feedback::Review,
};

/// With the longest comments so many stay within a message.
const PAGE: u16 = 5;
const MOST_CHARS: usize = 500;

pub(super) async fn show(chat: &mut Chat<'_>, page: u16, range: Range) -> Result<Turn, BookError> {
    let (business, reviews, more) = chat.bookings.reviews(chat.user(), range, (page, PAGE)).await?;
    let words = chat.words();
    let line = |review: &Review| {
        let stars = "⭐".repeat(usize::try_from(review.rating).unwrap_or(0));
        let when = words.moment(business.zone, review.starts_at);
        let args: [(&str, &dyn std::fmt::Display); 4] =
            [("stars", &stars), ("when", &when), ("service", &review.service), ("resource", &review.resource)];
        let mut line = words.say("figures.review", &args);
        if let Some(comment) = &review.comment {
            let cut: String = comment.chars().take(MOST_CHARS).collect();
            line.push_str(&format!("\n{}", words.say("figures.said", &[("words", &cut)])));
        }
        line
    };
    let mut parts = vec![words.say("figures.reviews_head", &[("dates", &dates(words, range))])];
    parts.extend(reviews.iter().map(line));
    if reviews.is_empty() {
        parts.push(words.say("figures.no_reviews", &[]));
    }
    let mut turns = Vec::new();
    if page > 0 {
        turns.push(words.button("button.newer", button(Choice::Reviews(page - 1, range))));
    }
    if more {
        turns.push(words.button("button.older", button(Choice::Reviews(page + 1, range))));
    }
    let rows = if turns.is_empty() { Vec::new() } else { vec![turns] };
    let trail = vec![words.plain("figures.title", &[]), words.plain("figures.reviews", &[])];
    let page = Page::new(trail, parts.join("\n\n"), rows, button(Choice::Of(View::Words, range)));
    Ok(Turn::show(page.screen(words)))
}
