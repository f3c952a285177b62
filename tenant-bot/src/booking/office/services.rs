//! Services: what each is, who does it and at what length and price, what is asked, in what order they stand.

use serde_json::{Value as Json, json};
use sqlx::PgConnection;

use super::{Field, Shape, Value, Wrong};
pub use crate::store::service_resources::Link;
use crate::{
    booking::{
        desk::{BookError, Bookings},
        model::{Business, Price, Question, Resource, ResourceId, Service, ServiceId, UserId},
        roles::Right,
    },
    store::{self, columns::Table, preset},
};

/// More services than this no customer reads through.
const MOST: usize = 200;
/// So many questions a customer answers.
const MOST_QUESTIONS: usize = 5;

/// What a service is made of, each to be changed by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceField {
    /// See [`Service::name`]; so are all others.
    Name,
    /// As above.
    Price,
    /// As above.
    Duration,
    /// As above.
    Description,
    /// As above.
    Photo,
    /// As above.
    Category,
    /// As above.
    BufferBefore,
    /// As above.
    BufferAfter,
    /// As above.
    Step,
    /// As above.
    Offset,
    /// As above.
    Notice,
    /// As above.
    Horizon,
    /// As above.
    Capacity,
}

impl ServiceField {
    /// All of them, in the order of their buttons; the first six are what most services need.
    pub const ALL: [Self; 13] = [
        Self::Name,
        Self::Price,
        Self::Duration,
        Self::Description,
        Self::Category,
        Self::Photo,
        Self::BufferBefore,
        Self::BufferAfter,
        Self::Step,
        Self::Offset,
        Self::Notice,
        Self::Horizon,
        Self::Capacity,
    ];

    /// What fits into it.
    pub fn field(self) -> Field {
        let (word, shape, optional) = match self {
            Self::Name => ("name", Shape::Text(100), false),
            Self::Price => ("price", Shape::Price, false),
            Self::Duration => ("duration", Shape::Length(5, 1440), false),
            Self::Description => ("description", Shape::Text(500), true),
            Self::Photo => ("photo", Shape::Photo, true),
            Self::Category => ("category", Shape::Text(60), true),
            Self::BufferBefore => ("buffer_before", Shape::Length(0, 720), false),
            Self::BufferAfter => ("buffer_after", Shape::Length(0, 720), false),
            Self::Step => ("step", Shape::Length(5, 1440), true),
            Self::Offset => ("offset", Shape::Length(0, 1435), false),
            Self::Notice => ("notice", Shape::Length(0, 525_600), true),
            Self::Horizon => ("horizon", Shape::Number(0, 365), true),
            Self::Capacity => ("capacity", Shape::Number(1, 500), false),
        };
        Field { word, shape, optional }
    }

    /// Reads the word of its field.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.field().word == word)
    }

    /// What a service has there.
    pub fn of(self, service: &Service) -> Value {
        match self {
            Self::Name => Value::Text(service.name.clone()),
            Self::Price => Value::Price(service.price),
            Self::Duration => Value::Length(service.duration),
            Self::Description => Value::text(service.description.as_deref()),
            Self::Photo => Value::text(service.photo.as_deref()),
            Self::Category => Value::text(service.category.as_deref()),
            Self::BufferBefore => Value::Length(service.buffer_before),
            Self::BufferAfter => Value::Length(service.buffer_after),
            Self::Step => Value::length(service.step),
            Self::Offset => Value::Length(service.offset),
            Self::Notice => Value::length(service.notice),
            Self::Horizon => Value::number(service.horizon_days),
            Self::Capacity => Value::Number(service.capacity.into()),
        }
    }

    fn columns(self, value: &Value) -> Vec<(&'static str, Json)> {
        let column = match self {
            Self::Name => "name",
            Self::Price => {
                let to = if let Value::Price(price) = value { price.to.map(|to| to.0) } else { None };
                return vec![("price_kopecks", value.json()), ("price_to_kopecks", json!(to))];
            }
            Self::Duration => "duration_minutes",
            Self::Description => "description",
            Self::Photo => "photo",
            Self::Category => "category",
            Self::BufferBefore => "buffer_before_minutes",
            Self::BufferAfter => "buffer_after_minutes",
            Self::Step => "step_minutes",
            Self::Offset => "step_offset_minutes",
            Self::Notice => "notice_minutes",
            Self::Horizon => "horizon_days",
            Self::Capacity => "capacity",
        };
        vec![(column, value.json())]
    }
}

/// A service to be added; everybody who is there for bookings does it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewService {
    /// Its name.
    pub name: String,
    /// Length of the visit.
    pub duration: chrono::TimeDelta,
    /// Price of the visit.
    pub price: Price,
}

/// A service as its owner sees it.
#[derive(Clone, Debug)]
pub struct ServiceCard {
    /// The service.
    pub service: Service,
    /// Whether it is offered.
    pub active: bool,
    /// Who does it, and at what length and price of their own.
    pub links: Vec<Link>,
    /// Everybody, and whether they are there for bookings.
    pub resources: Vec<(Resource, bool)>,
    /// Bookings of it that are ahead.
    pub ahead: i64,
    /// For its policy.
    pub business: Business,
}

/// A change of what is asked of whoever books a service.
#[derive(Clone, Debug)]
pub enum QuestionEdit {
    /// One more, not required.
    Add(String),
    /// The one at this place must (or need not) be answered.
    Require(usize, bool),
    /// The one at this place goes, if there are so many.
    Remove(usize, usize),
}

impl Bookings {
    /// All services that were not removed, offered or not.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), or Postgres.
    pub async fn services_kept(&self, user: UserId) -> Result<Vec<(Service, bool)>, BookError> {
        let mut conn = self.pool.acquire().await?;
        self.staffed(&mut conn, user, Right::EditOffer).await?;
        Ok(store::services::list_kept(&mut *conn).await?)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), [`Wrong::Gone`], or Postgres.
    pub async fn service_card(&self, user: UserId, id: ServiceId) -> Result<ServiceCard, BookError> {
        let mut conn = self.pool.acquire().await?;
        let (business, _) = self.staffed(&mut conn, user, Right::EditOffer).await?;
        let all = store::services::list_kept(&mut *conn).await?;
        let (service, active) = all.into_iter().find(|(service, _)| service.id == id).ok_or(Wrong::Gone)?;
        let mut links = store::service_resources::list(&mut *conn).await?;
        links.retain(|link| link.service == id);
        let resources = store::resources::list_kept(&mut *conn).await?;
        let ahead = store::columns::bookings_ahead(&mut *conn, Table::Services, id.0, self.clock.now()).await?;
        Ok(ServiceCard { service, active, links, resources, ahead, business })
    }

    /// Changes one thing of a service; bookings that were made stay as they are.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), what is wrong, or Postgres.
    pub async fn change_service(
        &self,
        user: UserId,
        id: ServiceId,
        field: ServiceField,
        value: &Value,
    ) -> Result<(), BookError> {
        field.field().check(value)?;
        let mut act = self.offer_act(user, Right::EditOffer).await?;
        let before = kept(&mut act.tx, id).await?;
        let from = field.of(&before);
        if from == *value {
            return Ok(());
        }
        store::columns::set(&mut act.tx, Table::Services, id.0, &field.columns(value)).await?;
        let detail = json!({ "field": field.field().word, "from": from.told(), "to": value.told() });
        act.note("service.changed", &before.name, detail).await?;
        self.opened(act).await
    }

    /// Offers a service again, or no more. Whoever is just booking it is told so.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), [`Wrong::Gone`], or Postgres.
    pub async fn offer_service(&self, user: UserId, id: ServiceId, active: bool) -> Result<(), BookError> {
        self.switch(user, Table::Services, id.0, active, if active { "service.offered" } else { "service.withdrawn" })
            .await
    }

    /// Takes a service away for good; bookings of it stand.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), [`Wrong::Gone`], or Postgres.
    pub async fn remove_service(&self, user: UserId, id: ServiceId) -> Result<(), BookError> {
        self.remove_row(user, Table::Services, id.0, "service.removed").await
    }

    /// One place up or down.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), [`Wrong::Gone`], or Postgres.
    pub async fn shift_service(&self, user: UserId, id: ServiceId, down: bool) -> Result<(), BookError> {
        self.shift_row(user, Table::Services, id.0, down, "service.ordered").await
    }

    /// The same service once more, under a name with a number.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), [`Wrong::Gone`], [`Wrong::TooMany`], or Postgres.
    pub async fn copy_service(&self, user: UserId, id: ServiceId) -> Result<ServiceId, BookError> {
        let mut act = self.offer_act(user, Right::EditOffer).await?;
        let all = store::services::list_kept(&mut *act.tx).await?;
        if all.len() >= MOST {
            return Err(Wrong::TooMany(200).into());
        }
        let (of, _) = all.iter().find(|(service, _)| service.id == id).ok_or(Wrong::Gone)?;
        let stem: String = of.name.chars().take(94).collect();
        let name = (2..)
            .map(|n| format!("{stem} {n}"))
            .find(|name| all.iter().all(|(other, _)| other.name != *name))
            .unwrap_or(stem);
        let copy = store::services::copy(&mut act.tx, id, &name).await?.ok_or(Wrong::Gone)?;
        act.note("service.copied", &of.name, json!({ "to": name })).await?;
        self.opened(act).await?;
        Ok(copy)
    }

    /// New services at the end of the list. Everybody does them.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), what is wrong, or Postgres.
    pub async fn add_services(&self, user: UserId, new: &[NewService]) -> Result<Vec<ServiceId>, BookError> {
        for one in new {
            ServiceField::Name.field().check(&Value::Text(one.name.clone()))?;
            ServiceField::Duration.field().check(&Value::Length(one.duration))?;
            ServiceField::Price.field().check(&Value::Price(one.price))?;
        }
        let mut act = self.offer_act(user, Right::EditOffer).await?;
        let there = store::services::list_kept(&mut *act.tx).await?.len();
        if there + new.len() > MOST {
            return Err(Wrong::TooMany(200).into());
        }
        let resources = store::resources::all_active(&mut *act.tx).await?;
        let mut ids = Vec::new();
        for (n, one) in new.iter().enumerate() {
            let row = preset::NewService {
                name: &one.name,
                duration_minutes: i32::try_from(one.duration.num_minutes()).unwrap_or(i32::MAX),
                buffer_before_minutes: 0,
                buffer_after_minutes: 0,
                price_kopecks: one.price.from.0,
                price_to_kopecks: one.price.to.map(|to| to.0),
                category: None,
                description: None,
                capacity: 1,
                position: i32::try_from(there + n).unwrap_or(i32::MAX).saturating_add(1),
            };
            let id = preset::insert_service(&mut act.tx, &row).await?;
            for resource in &resources {
                store::service_resources::add(&mut act.tx, id, *resource).await?;
            }
            let (length, price) = (Value::Length(one.duration).told(), Value::Price(one.price).told());
            act.note("service.added", &one.name, json!({ "duration": length, "price": price })).await?;
            ids.push(id);
        }
        let mut order = store::columns::order(&mut *act.tx, Table::Services).await?;
        order.retain(|id| !ids.contains(&ServiceId(*id)));
        order.extend(ids.iter().map(|id| id.0));
        store::columns::reorder(&mut act.tx, Table::Services, &order).await?;
        self.opened(act).await?;
        Ok(ids)
    }

    /// Says that somebody does a service, or does it no more.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), [`Wrong::Gone`], or Postgres.
    pub async fn link_service(
        &self,
        user: UserId,
        (id, resource): (ServiceId, ResourceId),
        does: bool,
    ) -> Result<(), BookError> {
        let mut act = self.offer_act(user, Right::EditOffer).await?;
        let service = kept(&mut act.tx, id).await?;
        let row = store::columns::lock(&mut act.tx, Table::Resources, resource.0).await?.ok_or(Wrong::Gone)?;
        let changed = if does {
            store::service_resources::add(&mut act.tx, id, resource).await?
        } else {
            store::service_resources::remove(&mut act.tx, id, resource).await?
        };
        if !changed {
            return Ok(());
        }
        let action = if does { "service.linked" } else { "service.unlinked" };
        act.note(action, &service.name, json!({ "resource": row["name"] })).await?;
        self.opened(act).await
    }

    /// A length ([`ServiceField::Duration`]) or a price ([`ServiceField::Price`]) of somebody's own for a service; nothing:
    /// as the service says.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), what is wrong, or Postgres.
    pub async fn change_link(
        &self,
        user: UserId,
        link: (ServiceId, ResourceId),
        field: ServiceField,
        value: &Value,
    ) -> Result<(), BookError> {
        Field { optional: true, ..field.field() }.check(value)?;
        let mut act = self.offer_act(user, Right::EditOffer).await?;
        let service = kept(&mut act.tx, link.0).await?;
        let row = store::columns::lock(&mut act.tx, Table::Resources, link.1.0).await?.ok_or(Wrong::Gone)?;
        let done = match (field, value) {
            (ServiceField::Duration, Value::Length(length)) => {
                store::service_resources::set_duration(&mut act.tx, link, Some(*length)).await?
            }
            (ServiceField::Duration, _) => store::service_resources::set_duration(&mut act.tx, link, None).await?,
            (ServiceField::Price, Value::Price(price)) => {
                store::service_resources::set_price(&mut act.tx, link, Some(*price)).await?
            }
            (ServiceField::Price, _) => store::service_resources::set_price(&mut act.tx, link, None).await?,
            _ => return Err(Wrong::OutOfRange.into()),
        };
        if !done {
            return Err(Wrong::Gone.into());
        }
        let detail = json!({ "resource": row["name"], field.field().word: value.told() });
        act.note("service.own", &service.name, detail).await?;
        self.opened(act).await
    }

    /// Changes what is asked of whoever books a service.
    ///
    /// # Errors
    /// [`NotAdmin`](crate::booking::Refusal::NotAdmin), what is wrong, or Postgres.
    pub async fn edit_questions(&self, user: UserId, id: ServiceId, edit: &QuestionEdit) -> Result<(), BookError> {
        let mut act = self.offer_act(user, Right::EditOffer).await?;
        let service = kept(&mut act.tx, id).await?;
        let mut questions = service.questions.clone();
        match edit {
            QuestionEdit::Add(text) => {
                let field = Field { word: "question", shape: Shape::Text(200), optional: false };
                field.check(&Value::Text(text.clone()))?;
                if questions.len() >= MOST_QUESTIONS {
                    return Err(Wrong::TooMany(5).into());
                }
                questions.push(Question { text: text.clone(), required: false });
            }
            QuestionEdit::Require(place, required) => {
                questions.get_mut(*place).ok_or(Wrong::Changed)?.required = *required;
            }
            QuestionEdit::Remove(place, of) => {
                if questions.len() != *of || place >= of {
                    return Err(Wrong::Changed.into());
                }
                questions.remove(*place);
            }
        }
        let all = json!(questions);
        store::columns::set(&mut act.tx, Table::Services, id.0, &[("questions", all)]).await?;
        let asked = |all: &[Question]| json!(all.iter().map(|q| q.text.as_str()).collect::<Vec<_>>().join(" / "));
        let detail = json!({ "field": "questions", "from": asked(&service.questions), "to": asked(&questions) });
        act.note("service.changed", &service.name, detail).await?;
        Ok(act.tx.commit().await?)
    }
}

/// A service that was not removed, locked.
async fn kept(conn: &mut PgConnection, id: ServiceId) -> Result<Service, BookError> {
    store::columns::lock(&mut *conn, Table::Services, id.0).await?.ok_or(Wrong::Gone)?;
    let found = store::services::find(&mut *conn, &[id]).await?;
    Ok(found.into_iter().next().ok_or(Wrong::Gone)?)
}
