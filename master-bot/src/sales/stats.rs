//! How the business goes, in figures: clients, revenue by the way it was paid, what ends soon.
//!
//! Revenue is what was earned: payments that were served, less what of them was found to be owed back. Money that
//! could not be served is a debt from the first, and never revenue. Months are Moscow's.

use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use sqlx::PgPool;

use crate::registry::{
    Kopecks, Result, clients, incidents, ledger,
    payments::Method,
    subscriptions::{self, Ending},
};

const ZONE: Tz = Tz::Europe__Moscow;
const DAYS: TimeDelta = TimeDelta::days(30);
/// What ends within so long is named.
const SOON: TimeDelta = TimeDelta::days(7);
/// So many are named.
const NAMED: i64 = 10;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) visitors: i64,
    pub(crate) clients: i64,
    pub(crate) with_bots: i64,
    pub(crate) new_this_month: i64,
    /// The last thirty days, by method; methods that brought nothing are left out.
    pub(crate) by_method: Vec<(Method, Kopecks)>,
    pub(crate) thirty_days: Kopecks,
    pub(crate) thirty_before: Kopecks,
    pub(crate) this_month: Kopecks,
    pub(crate) last_month: Kopecks,
    /// How many debts to clients there are, and how much in all.
    pub(crate) debts: (i64, Kopecks),
    pub(crate) ending: i64,
    /// The first of them.
    pub(crate) soonest: Vec<Ending>,
}

/// The figures of this moment.
pub(crate) async fn figures(pool: &PgPool, now: DateTime<Utc>) -> Result<Figures> {
    let (month, before) = (month(now, 0), month(now, 1));
    let by_method = ledger::earned(pool, now - DAYS, now).await?;
    let earned = async |from, to| summed(ledger::earned(pool, from, to).await);
    let people = clients::count(pool, month).await?;
    let (debts, owed, _) = incidents::debts(pool).await?;
    Ok(Figures {
        visitors: people.visitors,
        clients: people.clients,
        with_bots: people.with_bots,
        new_this_month: people.new,
        thirty_days: sum(&by_method),
        by_method,
        thirty_before: earned(now - DAYS - DAYS, now - DAYS).await?,
        this_month: earned(month, now).await?,
        last_month: earned(before, month).await?,
        debts: (debts, owed.unwrap_or(Kopecks(0))),
        ending: subscriptions::count_ending(pool, now, now + SOON).await?,
        soonest: subscriptions::ending(pool, now, now + SOON, NAMED).await?,
    })
}

fn summed(earned: Result<Vec<(Method, Kopecks)>>) -> Result<Kopecks> {
    Ok(sum(&earned?))
}

fn sum(by_method: &[(Method, Kopecks)]) -> Kopecks {
    Kopecks(by_method.iter().map(|(_, sum)| sum.0).sum())
}

/// When the month began that was `ago` months before this one.
fn month(now: DateTime<Utc>, ago: u32) -> DateTime<Utc> {
    let today = now.with_timezone(&ZONE).date_naive();
    let first = today.with_day(1).and_then(|day| day.checked_sub_months(Months::new(ago)));
    let midnight = first.unwrap_or(NaiveDate::MIN).and_hms_opt(0, 0, 0).unwrap_or_default();
    // Moscow has no daylight saving time; where a midnight is missing the month begins when it may.
    ZONE.from_local_datetime(&midnight).earliest().map_or(now, |at| at.with_timezone(&Utc))
}

/// Which month it is for owners, 1 to 12.
pub(crate) fn month_of(now: DateTime<Utc>) -> u32 {
    now.with_timezone(&ZONE).month()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_at_moscows_midnight() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        // In Moscow it is March already.
        let now = at("2026-02-28T21:30:00Z");
        assert_eq!((month(now, 0), month(now, 1)), (at("2026-02-28T21:00:00Z"), at("2026-01-31T21:00:00Z")));
        assert_eq!(month_of(now), 3);
        assert_eq!(month(at("2026-01-10T00:00:00Z"), 1), at("2025-11-30T21:00:00Z"));
    }
}
