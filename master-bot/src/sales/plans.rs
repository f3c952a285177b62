//! What is sold: `templates/plans.yaml`.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use shared::texts::Lang;

use crate::registry::Kopecks;

/// A plan: so many days for so much.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    pub(crate) code: String,
    pub(crate) days: i32,
    price_rub: i64,
    title: Title,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Title {
    ru: String,
    en: String,
}

impl Plan {
    pub(crate) fn price(&self) -> Kopecks {
        Kopecks(self.price_rub * 100)
    }

    /// How many months of thirty days, at least one; a year is twelve.
    pub(crate) fn months(&self) -> i64 {
        i64::from((self.days + 15) / 30).max(1)
    }

    pub(crate) fn per_month(&self) -> Kopecks {
        // To the rouble, as people round.
        Kopecks((self.price_rub * 2 + self.months()) / (self.months() * 2) * 100)
    }

    pub(crate) fn title(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ru => &self.title.ru,
            Lang::En => &self.title.en,
        }
    }
}

/// All plans, in the order in which they are shown.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plans {
    plans: Vec<Plan>,
}

impl Plans {
    /// # Errors
    /// When the file makes no sense: codes that do not fit a button, or prices that YooKassa would refuse.
    pub(crate) fn embedded() -> Result<Self> {
        Self::parse(include_str!("../../../templates/plans.yaml"))
    }

    pub(crate) fn parse(yaml: &str) -> Result<Self> {
        let plans: Self = serde_yaml::from_str(yaml).context("plans.yaml")?;
        ensure!(!plans.plans.is_empty(), "plans.yaml sells nothing");
        for (i, plan) in plans.plans.iter().enumerate() {
            let code = &plan.code;
            ensure!(
                (1..=16).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()),
                "plans.yaml: a code is 1–16 of a–z and 0–9, not «{code}»"
            );
            ensure!(!plans.plans[..i].iter().any(|p| p.code == *code), "plans.yaml: «{code}» twice");
            ensure!((1..=3660).contains(&plan.days), "plans.yaml: {code}: 1 to 3660 days");
            // Card payments go up to 350,000 roubles.
            ensure!((1..=350_000).contains(&plan.price_rub), "plans.yaml: {code}: 1 to 350000 roubles");
        }
        Ok(plans)
    }

    pub(crate) fn all(&self) -> &[Plan] {
        &self.plans
    }

    /// What this plan saves against paying for the shortest one again and again.
    pub(crate) fn saving(&self, plan: &Plan) -> Kopecks {
        let base = self.plans.iter().min_by_key(|p| p.days).map_or(0, |p| p.price_rub * plan.months() / p.months());
        Kopecks((base - plan.price_rub).max(0) * 100)
    }

    pub(crate) fn find(&self, code: &str) -> Option<&Plan> {
        self.plans.iter().find(|p| p.code == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sold_makes_sense() {
        assert!(Plans::embedded().unwrap().all().len() >= 2);
    }

    #[test]
    fn a_longer_plan_tells_its_month_and_what_it_saves() {
        let plans = Plans::embedded().unwrap();
        let told: Vec<_> =
            plans.all().iter().map(|p| (p.months(), p.per_month().0 / 100, plans.saving(p).0 / 100)).collect();
        assert_eq!(told, [(1, 299, 0), (3, 266, 98), (6, 250, 295), (12, 208, 1089)]);
    }

    #[test]
    fn a_list_that_makes_no_sense_is_refused() {
        let plan = |code: &str, days: i32, rub: i64| {
            format!("plans: [{{ code: {code}, days: {days}, price_rub: {rub}, title: {{ ru: а, en: a }} }}]")
        };
        assert!(Plans::parse(&plan("m1", 30, 299)).is_ok());
        for bad in
            [plan("M 1", 30, 299), plan("m1", 0, 299), plan("m1", 30, 0), plan("m1", 30, 350_001), "plans: []".into()]
        {
            assert!(Plans::parse(&bad).is_err(), "{bad}");
        }
    }
}
