//! What a new business of each kind begins with: services, resources, hours and policy.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use shared::presets::{PRESETS, Title};
use sqlx::{PgConnection, PgPool};

use crate::{
    booking::{ResourceId, ResourceKind, hours::Hours},
    store::{self, preset::NewService},
};

/// The setting that says that the preset has been written.
const APPLIED: &str = "preset_applied";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Preset {
    /// What the kind is called where one chooses it.
    #[expect(dead_code, reason = "the master's to show; here it must only be known")]
    title: Title,
    resources: Vec<NewResource>,
    services: Vec<Offered>,
    /// Names of tables that may be put together.
    #[serde(default)]
    combinations: Vec<Vec<String>>,
    hours: Week,
    /// Settings of the policy that differ from the defaults.
    #[serde(default)]
    policy: BTreeMap<PolicySetting, u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewResource {
    name: String,
    kind: ResourceKind,
    description: Option<String>,
    /// How many people it takes at once.
    seats: Option<i32>,
    /// Its own week, within the business's.
    hours: Option<Week>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Offered {
    name: String,
    minutes: i32,
    category: Option<String>,
    description: Option<String>,
    /// Roubles.
    price: i64,
    /// The most, where the price is a range.
    price_to: Option<i64>,
    /// Seats of a group.
    capacity: Option<i32>,
    #[serde(default)]
    buffer_before: i32,
    #[serde(default)]
    buffer_after: i32,
    /// Names of the resources that do it; all of them when absent.
    by: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PolicySetting {
    StepMinutes,
    NoticeMinutes,
    HorizonDays,
    CancelDeadlineMinutes,
    ActiveLimit,
}

impl PolicySetting {
    fn key(self) -> &'static str {
        match self {
            Self::StepMinutes => "step_minutes",
            Self::NoticeMinutes => "notice_minutes",
            Self::HorizonDays => "horizon_days",
            Self::CancelDeadlineMinutes => "cancel_deadline_minutes",
            Self::ActiveLimit => "active_limit",
        }
    }
}

/// Days of the week, each with intervals like `10:00-14:00`; a day left out is a day off.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Week {
    #[serde(default)]
    mon: Vec<String>,
    #[serde(default)]
    tue: Vec<String>,
    #[serde(default)]
    wed: Vec<String>,
    #[serde(default)]
    thu: Vec<String>,
    #[serde(default)]
    fri: Vec<String>,
    #[serde(default)]
    sat: Vec<String>,
    #[serde(default)]
    sun: Vec<String>,
}

impl Week {
    fn hours(&self) -> Result<Vec<Hours>> {
        let days = [&self.mon, &self.tue, &self.wed, &self.thu, &self.fri, &self.sat, &self.sun];
        let mut hours = Vec::new();
        for (weekday, intervals) in (1..).zip(days) {
            for text in intervals {
                let (opens, closes) = interval(text).with_context(|| format!("«{text}» is not like 10:00-20:00"))?;
                hours.push(Hours { weekday, opens, closes });
            }
        }
        Ok(hours)
    }
}

/// `18:00-02:00` ends on the next day.
fn interval(text: &str) -> Option<(u16, u16)> {
    let minute = |t: &str| {
        let (h, m) = t.split_once(':')?;
        let (h, m): (u16, u16) = (h.parse().ok()?, m.parse().ok()?);
        (h <= 24 && m < 60 && h * 60 + m <= 1440).then(|| h * 60 + m)
    };
    let (opens, closes) = text.split_once('-')?;
    let (opens, closes) = (minute(opens)?, minute(closes)?);
    (opens < 1440).then_some((opens, if closes <= opens { closes + 1440 } else { closes }))
}

fn read(kind: &str) -> Result<Preset> {
    let Some((_, yaml)) = PRESETS.iter().find(|(name, _)| *name == kind) else {
        bail!("the business is a «{kind}», and this version has no preset for it");
    };
    serde_yaml::from_str(yaml).with_context(|| format!("presets/{kind}.yaml"))
}

/// For fuzzing: the hours of a preset, if it can be read and its hours too.
pub(crate) fn try_out(yaml: &str) -> Vec<Hours> {
    let Ok(preset) = serde_yaml::from_str::<Preset>(yaml) else { return Vec::new() };
    let own = preset.resources.iter().filter_map(|resource| resource.hours.as_ref());
    own.chain([&preset.hours]).filter_map(|week| week.hours().ok()).flatten().collect()
}

/// Writes the preset of the business's kind, once in the life of a schema; `false` if it had been written.
///
/// # Errors
/// When Postgres fails, or the kind has no preset.
pub async fn apply_once(pool: &PgPool, now: DateTime<Utc>) -> Result<bool> {
    if store::settings::find(pool, APPLIED).await?.is_some() {
        return Ok(false);
    }
    let kind = store::settings::find(pool, "kind").await?.context("the setting «kind» is missing")?;
    let preset = read(&kind)?;
    let mut tx = pool.begin().await?;
    // The row comes first: a second process that starts at the same moment waits for it, and then does nothing.
    if !store::settings::set_once(&mut *tx, APPLIED, &kind, now).await? {
        return Ok(false);
    }
    write_rows(&mut tx, &preset, now).await?;
    store::settings::set_once(&mut *tx, "setup_step", "kind", now).await?;
    tx.commit().await?;
    Ok(true)
}

/// What a business begins with that begins with nothing.
pub const EMPTY: &str = "empty";

/// Whether there is a preset for this kind.
pub fn knows(kind: &str) -> bool {
    PRESETS.iter().any(|(name, _)| *name == kind)
}

/// Writes the preset of a kind into a business that has nothing; settings of the policy that were set stay.
///
/// # Errors
/// When Postgres fails, or the kind has no preset.
pub async fn write(conn: &mut PgConnection, kind: &str, now: DateTime<Utc>) -> Result<()> {
    write_rows(conn, &read(kind)?, now).await
}

/// Takes back the rules that a kind began with, where nobody has changed them since.
///
/// # Errors
/// When the preset or Postgres fails.
pub async fn take_back_rules(conn: &mut PgConnection, kind: &str) -> Result<()> {
    for (setting, value) in &read(kind)?.policy {
        store::settings::remove_if(&mut *conn, setting.key(), &value.to_string()).await?;
    }
    Ok(())
}

async fn write_rows(conn: &mut PgConnection, preset: &Preset, now: DateTime<Utc>) -> Result<()> {
    for (setting, value) in &preset.policy {
        store::settings::set_once(&mut *conn, setting.key(), &value.to_string(), now).await?;
    }
    for hours in preset.hours.hours()? {
        store::preset::insert_hours(conn, None, hours).await?;
    }
    let mut ids = BTreeMap::new();
    for (position, resource) in (1..).zip(&preset.resources) {
        let new = store::preset::NewResource {
            name: &resource.name,
            kind: resource.kind,
            description: resource.description.as_deref(),
            seats: resource.seats,
            position,
        };
        let id = store::preset::insert_resource(conn, &new).await?;
        ids.insert(resource.name.as_str(), id);
        for hours in resource.hours.as_ref().map(Week::hours).transpose()?.unwrap_or_default() {
            store::preset::insert_hours(conn, Some(id), hours).await?;
        }
    }
    for names in &preset.combinations {
        let together: Vec<ResourceId> = names.iter().filter_map(|name| ids.get(name.as_str()).copied()).collect();
        store::preset::insert_combination(conn, &together).await?;
    }
    for (position, offered) in (1..).zip(&preset.services) {
        let new = NewService {
            name: &offered.name,
            duration_minutes: offered.minutes,
            buffer_before_minutes: offered.buffer_before,
            buffer_after_minutes: offered.buffer_after,
            price_kopecks: offered.price * 100,
            price_to_kopecks: offered.price_to.map(|to| to * 100),
            category: offered.category.as_deref(),
            description: offered.description.as_deref(),
            capacity: offered.capacity.unwrap_or(1),
            position,
        };
        let service = store::preset::insert_service(conn, &new).await?;
        for (name, id) in &ids {
            if offered.by.as_ref().is_none_or(|by| by.iter().any(|n| n == name)) {
                store::preset::link(conn, service, *id).await?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_whole() {
        for (kind, _) in PRESETS {
            let preset = read(kind).unwrap();
            let names: Vec<&str> = preset.resources.iter().map(|r| r.name.as_str()).collect();
            assert!(!names.is_empty() && !preset.services.is_empty(), "{kind}");
            assert!(names.iter().enumerate().all(|(i, n)| !names[..i].contains(n)), "{kind}: two of one name");
            assert!(preset.hours.hours().unwrap().len() >= 5, "{kind}: a week of work");
            for r in &preset.resources {
                assert!(
                    r.hours.as_ref().is_none_or(|w| !w.hours().unwrap().is_empty()),
                    "{kind}: {} never works",
                    r.name
                );
            }
            for together in &preset.combinations {
                assert!(
                    together.len() > 1 && together.iter().all(|n| names.contains(&n.as_str())),
                    "{kind}: {together:?}"
                );
            }
            for s in &preset.services {
                assert!((5..=480).contains(&s.minutes) && s.price >= 0, "{kind}: {}", s.name);
                assert!(s.price_to.is_none_or(|to| to > s.price), "{kind}: the price of {}", s.name);
                assert!(s.capacity.is_none_or(|seats| (2..=500).contains(&seats)), "{kind}: {} is no group", s.name);
                for by in s.by.iter().flatten() {
                    assert!(names.contains(&by.as_str()), "{kind}: {} is done by {by}, whom nobody knows", s.name);
                }
                assert!(s.by.as_ref().is_none_or(|by| !by.is_empty()), "{kind}: nobody does {}", s.name);
            }
        }
    }

    #[test]
    fn intervals_are_read_as_people_write_them() {
        assert_eq!(interval("10:00-20:30"), Some((600, 1230)));
        assert_eq!(interval("18:00-02:00"), Some((1080, 1560)));
        assert_eq!(interval("12:00-24:00"), Some((720, 1440)));
        for wrong in ["", "10-20", "25:00-26:00", "10:60-11:00", "24:00-25:00", "10:00", "10020:0-11:00"] {
            assert_eq!(interval(wrong), None, "{wrong}");
        }
    }
}
