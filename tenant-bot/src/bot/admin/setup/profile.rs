//! What the owner's Telegram Business profile says of the business. It is offered, and never taken over by itself.

use shared::telegram::{BusinessProfile, OpeningInterval};

use super::Chat;
use crate::booking::{Setting, Value, hours::Hours};

const DAY: u32 = 1440;
const WEEK: u32 = 7 * DAY;

/// What was found and would fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) hours: Option<Vec<Hours>>,
    pub(super) address: Option<String>,
    pub(super) name: Option<String>,
}

/// Asks Telegram. A profile that cannot be read is none: it is only an offer.
pub(super) async fn find(chat: &Chat<'_>) -> Found {
    match chat.telegram.business_profile(chat.user().0).await {
        Ok(profile) => of(&profile),
        Err(error) => {
            tracing::info!(%error, "the owner's profile cannot be read");
            Found::default()
        }
    }
}

fn of(profile: &BusinessProfile) -> Found {
    let fits = |setting: Setting, text: &str| {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        setting.field().check(&Value::Text(text.clone())).is_ok().then_some(text)
    };
    Found {
        hours: profile.opening_hours.as_ref().map(|h| week(&h.opening_hours)).filter(|week| !week.is_empty()),
        address: profile.location.as_ref().and_then(|place| fits(Setting::Address, &place.address)),
        name: profile.intro.as_ref().and_then(|i| i.title.as_deref()).and_then(|title| fits(Setting::Name, title)),
    }
}

/// Minutes of a week as hours of its days. What lasts longer than a day is cut at midnights.
fn week(intervals: &[OpeningInterval]) -> Vec<Hours> {
    let mut hours = Vec::new();
    for interval in intervals {
        let (mut from, to) = (interval.opening_minute, interval.closing_minute.min(WEEK + DAY));
        while from < to {
            let midnight = (from / DAY + 1) * DAY;
            let end = if to - from > DAY { midnight } else { to };
            let start = from / DAY * DAY;
            if let (Ok(weekday), Ok(opens), Ok(closes)) =
                (u8::try_from(from / DAY % 7 + 1), u16::try_from(from - start), u16::try_from(end - start))
            {
                hours.push(Hours { weekday, opens, closes });
            }
            from = end;
        }
    }
    hours.sort_unstable_by_key(|h| (h.weekday, h.opens));
    hours.dedup();
    hours
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(all: &[(u32, u32)]) -> Vec<(u8, u16, u16)> {
        let all: Vec<OpeningInterval> =
            all.iter().map(|(from, to)| OpeningInterval { opening_minute: *from, closing_minute: *to }).collect();
        week(&all).into_iter().map(|h| (h.weekday, h.opens, h.closes)).collect()
    }

    #[test]
    fn hours_of_a_profile_become_a_week() {
        assert_eq!(read(&[(600, 1140), (1440 + 600, 1440 + 840)]), [(1, 600, 1140), (2, 600, 840)]);
        assert_eq!(read(&[(4 * 1440 + 1080, 5 * 1440 + 120)]), [(5, 1080, 1560)], "past midnight");
        assert_eq!(read(&[(6 * 1440 + 1200, 7 * 1440 + 60)]), [(7, 1200, 1500)], "past the end of the week");
        assert_eq!(read(&[(0, 7 * 1440)]).len(), 7, "round the clock");
        assert!(read(&[(0, 7 * 1440)]).iter().all(|(_, opens, closes)| (*opens, *closes) == (0, 1440)));
        assert_eq!(read(&[(600, 600), (700, 600)]), []);
    }
}
