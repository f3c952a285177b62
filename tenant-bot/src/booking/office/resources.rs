//! Resources: what each is and how many it takes, and which of them may be put together.

use serde_json::{Value as Json, json};

use super::{Field, Shape, Value, Wrong};
use crate::{
    booking::{
        desk::{BookError, Bookings},
        model::{Combination, Resource, ResourceId, ResourceKind, Service, UserId},
        roles::Right,
        schedule::Rota,
    },
    store::{self, columns::Table, preset},
};

/// More of them than this no small business has.
const MOST: usize = 100;
/// And so many ways to put them together.
const MOST_COMBINATIONS: usize = 100;

/// What a resource is made of, each to be changed by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceField {
    /// See [`Resource::name`]; so are all others.
    Name,
    /// As above.
    Kind,
    /// As above.
    Description,
    /// As above.
    Photo,
    /// As above.
    Seats,
}

impl ResourceField {
    /// All of them, in the order of their buttons.
    pub const ALL: [Self; 5] = [Self::Name, Self::Description, Self::Photo, Self::Seats, Self::Kind];

    /// What fits into it.
    pub fn field(self) -> Field {
        let (word, shape, optional) = match self {
            Self::Name => ("name", Shape::Text(100), false),
            Self::Kind => ("kind", Shape::Word(&["person", "table", "room"]), false),
            Self::Description => ("description", Shape::Text(500), true),
            Self::Photo => ("photo", Shape::Photo, true),
            Self::Seats => ("seats", Shape::Number(1, 500), true),
        };
        Field { word, shape, optional }
    }

    /// Reads the word of its field.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.field().word == word)
    }

    /// What a resource has there.
    pub fn of(self, resource: &Resource) -> Value {
        match self {
            Self::Name => Value::Text(resource.name.clone()),
            Self::Kind => Value::Word(resource.kind.word()),
            Self::Description => Value::text(resource.description.as_deref()),
            Self::Photo => Value::text(resource.photo.as_deref()),
            Self::Seats => Value::number(resource.seats),
        }
    }
}

/// A resource as its owner sees it.
#[derive(Clone, Debug)]
pub struct ResourceCard {
    /// The resource.
    pub resource: Resource,
    /// Whether it is there for bookings.
    pub active: bool,
    /// All services, and whether it does each.
    pub services: Vec<(Service, bool)>,
    /// Its own week; empty: that of the business.
    pub rota: Rota,
    /// Bookings with it that are ahead.
    pub ahead: i64,
}

/// Resources that may be put together, with the number of the combination and their names.
#[derive(Clone, Debug)]
pub struct CombinationCard {
    /// Its number.
    pub id: i64,
    /// Which, and how many people they take.
    pub combination: Combination,
    /// Their names, in the same order.
    pub names: Vec<String>,
}

impl Bookings {
    /// All resources that were not removed, and whether each is there for bookings.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), or Postgres.
    pub async fn resources_kept(&self, user: UserId) -> Result<Vec<(Resource, bool)>, BookError> {
        let mut conn = self.pool.acquire().await?;
        self.staffed(&mut conn, user, Right::EditOffer).await?;
        Ok(store::resources::list_kept(&mut *conn).await?)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), [`Wrong::Gone`], or Postgres.
    pub async fn resource_card(&self, user: UserId, id: ResourceId) -> Result<ResourceCard, BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        self.staffed(&mut conn, user, Right::EditOffer).await?;
        let all = store::resources::list_kept(&mut *conn).await?;
        let (resource, active) = all.into_iter().find(|(resource, _)| resource.id == id).ok_or(Wrong::Gone)?;
        let links = store::service_resources::list(&mut *conn).await?;
        let does = |service: &Service| links.iter().any(|link| link.service == service.id && link.resource == id);
        let services = store::services::list_kept(&mut *conn).await?;
        let services =
            services.into_iter().map(|(service, _)| (does(&service), service)).map(|(d, s)| (s, d)).collect();
        let mut rotas = store::schedule::rotas(&mut conn, &[id], now.date_naive()).await?;
        let rota = rotas.own.remove(&id).unwrap_or_default();
        let ahead = store::columns::bookings_ahead(&mut *conn, Table::Resources, id.0, now).await?;
        Ok(ResourceCard { resource, active, services, rota, ahead })
    }

    /// Changes one thing of a resource; bookings that were made stay as they are.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), what is wrong, or Postgres.
    pub async fn change_resource(
        &self,
        user: UserId,
        id: ResourceId,
        field: ResourceField,
        value: &Value,
    ) -> Result<(), BookError> {
        field.field().check(value)?;
        let mut act = self.offer_act(user, Right::EditOffer).await?;
        store::columns::lock(&mut act.tx, Table::Resources, id.0).await?.ok_or(Wrong::Gone)?;
        let before = store::resources::list(&mut *act.tx, &[id]).await?.into_iter().next().ok_or(Wrong::Gone)?;
        let from = field.of(&before);
        if from == *value {
            return Ok(());
        }
        store::columns::set(&mut act.tx, Table::Resources, id.0, &[(field.field().word, value.json())]).await?;
        let detail = json!({ "field": field.field().word, "from": from.told(), "to": value.told() });
        act.note("resource.changed", &before.name, detail).await?;
        self.opened(act).await
    }

    /// Books with a resource again, or no more.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), [`Wrong::Gone`], or Postgres.
    pub async fn offer_resource(&self, user: UserId, id: ResourceId, active: bool) -> Result<(), BookError> {
        let action = if active { "resource.offered" } else { "resource.withdrawn" };
        self.switch(user, Table::Resources, id.0, active, action).await
    }

    /// Takes a resource away for good; bookings with it stand.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), [`Wrong::Gone`], or Postgres.
    pub async fn remove_resource(&self, user: UserId, id: ResourceId) -> Result<(), BookError> {
        self.remove_row(user, Table::Resources, id.0, "resource.removed").await
    }

    /// One place up or down.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), [`Wrong::Gone`], or Postgres.
    pub async fn shift_resource(&self, user: UserId, id: ResourceId, down: bool) -> Result<(), BookError> {
        self.shift_row(user, Table::Resources, id.0, down, "resource.ordered").await
    }

    /// New resources of one kind at the end of the list: names, and how many each takes. They do every service.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), what is wrong, or Postgres.
    pub async fn add_resources(
        &self,
        user: UserId,
        kind: ResourceKind,
        new: &[(String, Option<u16>)],
    ) -> Result<Vec<ResourceId>, BookError> {
        for (name, seats) in new {
            ResourceField::Name.field().check(&Value::Text(name.clone()))?;
            ResourceField::Seats.field().check(&Value::number(*seats))?;
        }
        let mut act = self.offer_act(user, Right::EditOffer).await?;
        let mut order = store::columns::order(&mut *act.tx, Table::Resources).await?;
        if order.len() + new.len() > MOST {
            return Err(Wrong::TooMany(100).into());
        }
        let services = store::services::list_kept(&mut *act.tx).await?;
        let mut ids = Vec::new();
        for (name, seats) in new {
            let row = preset::NewResource { name, kind, description: None, seats: seats.map(i32::from), position: 0 };
            let id = preset::insert_resource(&mut act.tx, &row).await?;
            for (service, _) in &services {
                store::service_resources::add(&mut act.tx, service.id, id).await?;
            }
            act.note("resource.added", name, json!({ "kind": kind.word(), "seats": seats })).await?;
            order.push(id.0);
            ids.push(id);
        }
        store::columns::reorder(&mut act.tx, Table::Resources, &order).await?;
        self.opened(act).await?;
        Ok(ids)
    }

    /// What may be put together.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), or Postgres.
    pub async fn combinations(&self, user: UserId) -> Result<Vec<CombinationCard>, BookError> {
        let mut conn = self.pool.acquire().await?;
        self.staffed(&mut conn, user, Right::EditOffer).await?;
        let all = store::resources::list_kept(&mut *conn).await?;
        let name = |id: &ResourceId| all.iter().find(|(r, _)| r.id == *id).map(|(r, _)| r.name.clone());
        let list = store::combinations::list(&mut *conn).await?;
        let card = |(id, combination): (i64, Combination)| {
            let names = combination.resources.iter().filter_map(name).collect();
            CombinationCard { id, combination, names }
        };
        Ok(list.into_iter().map(card).collect())
    }

    /// Says that these may be put together for so many people (none: the sum of theirs).
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), [`Wrong::TooFew`], [`Wrong::TooMany`], [`Wrong::Gone`], or Postgres.
    pub async fn add_combination(
        &self,
        user: UserId,
        resources: &[ResourceId],
        seats: Option<u16>,
    ) -> Result<i64, BookError> {
        ResourceField::Seats.field().check(&Value::number(seats))?;
        let mut sorted = resources.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        if sorted.len() < 2 || sorted.len() != resources.len() {
            return Err(Wrong::TooFew.into());
        }
        if sorted.len() > 8 {
            return Err(Wrong::TooMany(8).into());
        }
        let mut act = self.offer_act(user, Right::EditOffer).await?;
        let kept = store::resources::list_kept(&mut *act.tx).await?;
        let names: Vec<&str> = resources
            .iter()
            .filter_map(|id| kept.iter().find(|(r, _)| r.id == *id).map(|(r, _)| r.name.as_str()))
            .collect();
        if names.len() != resources.len() {
            return Err(Wrong::Gone.into());
        }
        let there = store::combinations::list(&mut *act.tx).await?;
        let same = |one: &Combination| {
            let mut theirs = one.resources.clone();
            theirs.sort_unstable();
            theirs == sorted
        };
        if let Some((id, _)) = there.iter().find(|(_, one)| same(one)) {
            return Ok(*id);
        }
        if there.len() >= MOST_COMBINATIONS {
            return Err(Wrong::TooMany(100).into());
        }
        let new = Combination { resources: resources.to_vec(), seats };
        let id = store::combinations::insert(&mut *act.tx, &new).await?;
        act.note("combination.added", &names.join(" + "), json!({ "seats": seats })).await?;
        self.opened(act).await?;
        Ok(id)
    }

    /// How many people a combination takes.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), [`Wrong::Gone`], or Postgres.
    pub async fn seat_combination(&self, user: UserId, id: i64, seats: Option<u16>) -> Result<(), BookError> {
        ResourceField::Seats.field().check(&Value::number(seats))?;
        let mut act = self.offer_act(user, Right::EditOffer).await?;
        let there = store::combinations::list(&mut *act.tx).await?;
        let (_, before) = there.into_iter().find(|(there, _)| *there == id).ok_or(Wrong::Gone)?;
        if !store::combinations::set_seats(&mut *act.tx, id, seats).await? {
            return Err(Wrong::Gone.into());
        }
        let detail: Json = json!({ "field": "seats", "from": before.seats, "to": seats });
        let name = named(&mut act.tx, &before).await?;
        act.note("combination.changed", &name, detail).await?;
        self.opened(act).await
    }

    /// These are put together no more; bookings of them stand.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), [`Wrong::Gone`], or Postgres.
    pub async fn remove_combination(&self, user: UserId, id: i64) -> Result<(), BookError> {
        let mut act = self.offer_act(user, Right::EditOffer).await?;
        let there = store::combinations::list(&mut *act.tx).await?;
        let (_, before) = there.into_iter().find(|(there, _)| *there == id).ok_or(Wrong::Gone)?;
        if !store::combinations::remove(&mut *act.tx, id).await? {
            return Err(Wrong::Gone.into());
        }
        let name = named(&mut act.tx, &before).await?;
        act.note("combination.removed", &name, json!({})).await?;
        Ok(act.tx.commit().await?)
    }
}

/// «Стол 3 + Стол 4».
async fn named(conn: &mut sqlx::PgConnection, combination: &Combination) -> Result<String, sqlx::Error> {
    let all = store::resources::list(&mut *conn, &combination.resources).await?;
    let names = combination.resources.iter().filter_map(|id| all.iter().find(|r| r.id == *id).map(|r| r.name.as_str()));
    Ok(names.collect::<Vec<_>>().join(" + "))
}
