//! The first run: which of its steps is next, and what a business begins with.

use serde_json::json;

use super::Wrong;
use crate::{
    booking::{
        desk::{BookError, Bookings},
        hours::Hours,
        model::{Business, Resource, Service, UserId},
        roles::Right,
    },
    preset,
    store::{self, columns::Table},
};

/// The setting that says which step is next.
const STEP: &str = "setup_step";

/// A step of the first run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetupStep {
    /// What kind of business it is.
    Kind,
    /// What is offered.
    Services,
    /// By whom, or where.
    Resources,
    /// When.
    Hours,
    /// Where it is and how it is called.
    Place,
    /// As a customer sees it.
    Look,
    /// It is set up.
    Done,
}

impl SetupStep {
    /// All of them, in order.
    pub const ALL: [Self; 7] =
        [Self::Kind, Self::Services, Self::Resources, Self::Hours, Self::Place, Self::Look, Self::Done];

    /// The word that is stored, and that ends the keys of texts.
    pub fn word(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Services => "services",
            Self::Resources => "resources",
            Self::Hours => "hours",
            Self::Place => "place",
            Self::Look => "look",
            Self::Done => "done",
        }
    }

    /// Reads [`word`](Self::word).
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.word() == word)
    }

    /// Its place, from 1.
    pub fn number(self) -> usize {
        Self::ALL.iter().position(|step| *step == self).unwrap_or_default() + 1
    }

    /// The one after it.
    pub fn next(self) -> Self {
        Self::ALL.get(self.number()).copied().unwrap_or(Self::Done)
    }

    /// The one before it, if it is not the first.
    pub fn before(self) -> Option<Self> {
        self.number().checked_sub(2).and_then(|at| Self::ALL.get(at)).copied()
    }
}

/// A business on its first run.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The business.
    pub business: Business,
    /// Which step is next; a business that was there before there were steps is done.
    pub step: SetupStep,
    /// The kind that it has begun with, as it is stored; `empty`: nothing.
    pub kind: String,
    /// Whether anything was booked: then it is too late for another kind.
    pub booked: bool,
    /// What is there, and whether it is offered.
    pub services: Vec<(Service, bool)>,
    /// As above.
    pub resources: Vec<(Resource, bool)>,
    /// The business's week.
    pub week: Vec<Hours>,
}

impl Bookings {
    /// How far the first run has come, for those who may set things up; none: it is done, or they may not.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn setup_step(&self, user: UserId) -> Result<Option<SetupStep>, BookError> {
        let mut conn = self.pool.acquire().await?;
        let step = store::settings::find(&mut *conn, STEP).await?;
        let Some(step) = step.as_deref().and_then(SetupStep::from_word).filter(|step| *step != SetupStep::Done) else {
            return Ok(None);
        };
        let member = store::admins::find(&mut *conn, user).await?;
        Ok(Some(step).filter(|_| member.may(Right::EditPolicy)))
    }

    /// The first run, and what there is so far.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), or Postgres.
    pub async fn setup(&self, user: UserId) -> Result<Setup, BookError> {
        let mut conn = self.pool.acquire().await?;
        let (business, _) = self.staffed(&mut conn, user, Right::EditPolicy).await?;
        let step = store::settings::find(&mut *conn, STEP).await?;
        let step = step.as_deref().and_then(SetupStep::from_word).unwrap_or(SetupStep::Done);
        let kind = store::settings::find(&mut *conn, "kind").await?.unwrap_or_default();
        let booked = store::bookings::any_stands(&mut *conn).await?;
        let services = store::services::list_kept(&mut *conn).await?;
        let resources = store::resources::list_kept(&mut *conn).await?;
        let mut week = store::schedule::rotas(&mut conn, &[], self.clock.now().date_naive()).await?.house.week;
        week.sort_unstable_by_key(|h| (h.weekday, h.opens));
        Ok(Setup { business, step, kind, booked, services, resources, week })
    }

    /// This step is next.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), [`Wrong::Gone`] once it is done, or Postgres.
    pub async fn go_to_step(&self, user: UserId, step: SetupStep) -> Result<(), BookError> {
        let mut act = self.offer_act(user, Right::EditPolicy).await?;
        let before = store::settings::find(&mut *act.tx, STEP).await?;
        if before.as_deref() == Some(step.word()) {
            return Ok(());
        }
        // What is done stays done: from then on everything is changed in the rooms.
        if before.as_deref().and_then(SetupStep::from_word).unwrap_or(SetupStep::Done) == SetupStep::Done {
            return Err(Wrong::Gone.into());
        }
        store::settings::set(&mut *act.tx, STEP, step.word(), act.now).await?;
        if step == SetupStep::Done {
            let name = act.business.name.clone();
            act.note("setup.done", &name, json!({})).await?;
        }
        Ok(act.tx.commit().await?)
    }

    /// Begins anew with what businesses of this kind begin with (`None`: with nothing), in place of all services, resources
    /// and hours that there are.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), [`Wrong::HasBookings`], [`Wrong::Gone`] if there is no such kind, or
    /// Postgres.
    pub async fn choose_kind(&self, user: UserId, kind: Option<&str>) -> Result<(), BookError> {
        let mut act = self.offer_act(user, Right::EditPolicy).await?;
        let before = store::settings::find(&mut *act.tx, "kind").await?.unwrap_or_default();
        let word = kind.unwrap_or(preset::EMPTY);
        if before == word {
            return Ok(());
        }
        if kind.is_some_and(|kind| !preset::knows(kind)) {
            return Err(Wrong::Gone.into());
        }
        if store::bookings::any_stands(&mut *act.tx).await? {
            return Err(Wrong::HasBookings.into());
        }
        store::columns::remove_all(&mut act.tx, Table::Services, act.now).await?;
        store::columns::remove_all(&mut act.tx, Table::Resources, act.now).await?;
        store::combinations::remove_all(&mut *act.tx).await?;
        store::schedule::set_days(&mut act.tx, None, &[1, 2, 3, 4, 5, 6, 7], &[]).await?;
        store::settings::set(&mut *act.tx, "kind", word, act.now).await?;
        if preset::knows(&before) {
            let taken = preset::take_back_rules(&mut act.tx, &before).await;
            taken.map_err(|error| sqlx::Error::Decode(error.into()))?;
        }
        if let Some(kind) = kind {
            preset::write(&mut act.tx, kind, act.now).await.map_err(|error| sqlx::Error::Decode(error.into()))?;
        }
        let name = act.business.name.clone();
        act.note("setup.kind", &name, json!({ "field": "kind", "from": before, "to": word })).await?;
        self.opened(act).await
    }
}
