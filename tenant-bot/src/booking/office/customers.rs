//! Customers: looked for, looked at, written about.

use serde_json::json;
use sqlx::PgConnection;

use crate::{
    booking::{
        contact::Contact,
        desk::{BookError, Bookings},
        model::{Booking, Business, ResourceId, UserId},
        policy::Refusal,
        roles::{Member, Right},
    },
    store::{self, audit::Deed},
};

/// A customer in a list; what is known of one.
pub use crate::store::customers::{Customer, Figures, Found};

/// Tags of one customer.
const MOST_TAGS: u16 = 20;

/// What is written of a customer. What is empty is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written<'a> {
    /// A note, at most 1000 characters.
    Note(&'a str),
    /// A tag that they have not yet.
    Tag(&'a str),
    /// A tag that they have.
    NoTag(&'a str),
    /// A discount, 0–100 percent.
    Discount(u8),
    /// Whether they may not book. Their bookings stand.
    Blocked(bool),
}

/// A customer's card, and what may be done with it.
#[derive(Clone, Debug)]
pub struct CustomerCard {
    /// The business, for its zone.
    pub business: Business,
    /// The customer.
    pub customer: Customer,
    /// Whether anything may be written of them.
    pub may_edit: bool,
    /// Whether they may be booked for.
    pub may_book: bool,
}

/// A page of customers.
#[derive(Clone, Debug)]
pub struct Customers {
    /// Those on the page.
    pub list: Vec<Found>,
    /// Whether more follow.
    pub more: bool,
    /// How many there are in all, if nothing was looked for.
    pub all: Option<i64>,
}

/// The rows of digits by which a number may be found that was typed like this: with the country's 8 it begins with 7.
fn digits(typed: &str) -> Vec<String> {
    let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
    let mut all = Vec::new();
    if let Some(rest) = digits.strip_prefix('8') {
        all.push(format!("7{rest}"));
    }
    all.push(digits);
    all
}

/// A tag as it is kept: one line, small letters, 1–30 characters.
pub fn tag(typed: &str) -> Option<String> {
    let tidy = typed.trim().trim_start_matches('#').split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let fits = (1..=30).contains(&tidy.chars().count()) && !tidy.chars().any(char::is_control) && !tidy.contains(',');
    fits.then_some(tidy)
}

impl Bookings {
    /// Customers: with `typed` those whose name it is part of, whatever its case, or whose number it is part of, however it
    /// is written; without, who booked last first.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], or Postgres.
    pub async fn customers(
        &self,
        by: UserId,
        typed: Option<&str>,
        (page, per_page): (usize, usize),
    ) -> Result<Customers, BookError> {
        let mut conn = self.pool.acquire().await?;
        let (_, member) = self.staffed(&mut conn, by, Right::SeeCustomers).await?;
        let of = member.sees(Right::SeeCustomers);
        let window = (page.saturating_mul(per_page), per_page.saturating_add(1));
        let typed = typed.map(|typed| typed.trim().trim_start_matches('@')).filter(|typed| !typed.is_empty());
        let (mut list, all) = match typed {
            None => {
                let list = store::customers::list_last(&mut *conn, None, of, window).await?;
                (list, Some(store::customers::count(&mut *conn, of).await?))
            }
            Some(typed) if !typed.chars().any(char::is_alphabetic) && typed.chars().any(|c| c.is_ascii_digit()) => {
                (store::customers::search_phone(&mut *conn, &digits(typed), of, window).await?, None)
            }
            Some(typed) => {
                let words: Vec<&str> = typed.split_whitespace().collect();
                let part = words.join(" ").to_lowercase().replace('ё', "е");
                (store::customers::search_name(&mut *conn, &part, of, window).await?, None)
            }
        };
        let more = list.len() > per_page;
        list.truncate(per_page);
        Ok(Customers { list, more, all })
    }

    /// Customers who have a tag, who booked last first.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], or Postgres.
    pub async fn customers_with(
        &self,
        by: UserId,
        tag: &str,
        (page, per_page): (usize, usize),
    ) -> Result<Customers, BookError> {
        let mut conn = self.pool.acquire().await?;
        let (_, member) = self.staffed(&mut conn, by, Right::SeeCustomers).await?;
        let window = (page.saturating_mul(per_page), per_page.saturating_add(1));
        let of = member.sees(Right::SeeCustomers);
        let mut list = store::customers::list_last(&mut *conn, Some(tag), of, window).await?;
        let more = list.len() > per_page;
        list.truncate(per_page);
        Ok(Customers { list, more, all: None })
    }

    /// Every tag in use, with how many customers have it; the most used first.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], or Postgres.
    pub async fn tags(&self, by: UserId) -> Result<Vec<(String, i64)>, BookError> {
        self.admit(by, Right::SeeCustomers).await?;
        Ok(store::customers::tags(&self.pool).await?)
    }

    /// What is known of a customer. Who has only a schedule of their own sees what came to it.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], [`Refusal::NoSuchCustomer`], or Postgres.
    pub async fn customer(&self, by: UserId, user: UserId) -> Result<CustomerCard, BookError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let (business, member) = self.staffed(&mut conn, by, Right::SeeCustomers).await?;
        let found = store::customers::find(&mut *conn, user, member.sees(Right::SeeCustomers), now).await?;
        Ok(CustomerCard {
            business,
            customer: found.ok_or(Refusal::NoSuchCustomer)?,
            may_edit: member.may(Right::EditCustomers),
            may_book: member.may(Right::BookFor),
        })
    }

    /// A page of a customer's bookings, the latest first, and whether more follow.
    ///
    /// # Errors
    /// As [`customer`](Self::customer).
    pub async fn bookings_of(
        &self,
        by: UserId,
        user: UserId,
        (page, per_page): (usize, usize),
    ) -> Result<(Business, Vec<Booking>, bool), BookError> {
        let mut conn = self.pool.acquire().await?;
        let (business, member) = self.staffed(&mut conn, by, Right::SeeCustomers).await?;
        let of = member.sees(Right::SeeCustomers);
        if !store::customers::has_to_do_with(&mut *conn, user, of).await? {
            return Err(Refusal::NoSuchCustomer.into());
        }
        let window = (page.saturating_mul(per_page), per_page.saturating_add(1));
        let mut list = store::bookings::list_of(&mut *conn, user, of, window).await?;
        let more = list.len() > per_page;
        list.truncate(per_page);
        Ok((business, list, more))
    }

    /// Writes down somebody who called or walked in; with the very name and number of one who was, it is them.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], or Postgres.
    pub async fn write_down(&self, by: UserId, contact: &Contact) -> Result<UserId, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let (business, _) = self.staffed(&mut tx, by, Right::BookFor).await?;
        let Contact { name, phone } = contact;
        let phone = Some(phone.as_str()).filter(|phone| !phone.is_empty());
        if let Some(phone) = phone
            && let Some(user) = store::customers::find_written_down(&mut *tx, name, phone).await?
        {
            return Ok(user);
        }
        let user = store::customers::write_down(&mut *tx, (name, phone), business.language, now).await?;
        note(&mut tx, (by, user), "customer.added", json!({}), now).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Writes something of a customer. The audit log keeps that it was done, and not the words: those are the customer's.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], [`Refusal::NoSuchCustomer`], [`Refusal::NotUnderstood`] of what cannot be written, or Postgres.
    pub async fn write_of(&self, by: UserId, user: UserId, what: Written<'_>) -> Result<(), BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let (_, member) = self.staffed(&mut tx, by, Right::EditCustomers).await?;
        store::users::lock(&mut *tx, user, now).await?.ok_or(Refusal::NoSuchCustomer)?;
        let known = store::customers::find(&mut *tx, user, of_whom(member), now).await?;
        let known = known.ok_or(Refusal::NoSuchCustomer)?;
        let (action, detail) = match what {
            Written::Note(typed) => {
                let typed = typed.trim();
                if typed.chars().count() > 1000 {
                    return Err(Refusal::NotUnderstood.into());
                }
                let new = Some(typed).filter(|typed| !typed.is_empty());
                if new == known.note.as_deref() {
                    return Ok(());
                }
                store::customers::set_note(&mut *tx, user, new).await?;
                ("customer.noted", json!({}))
            }
            Written::Tag(typed) => {
                let new = tag(typed).ok_or(Refusal::NotUnderstood)?;
                if known.tags.contains(&new) {
                    return Ok(());
                }
                let mut tags = known.tags;
                if tags.len() >= usize::from(MOST_TAGS) {
                    return Err(super::Wrong::TooMany(MOST_TAGS).into());
                }
                tags.push(new.clone());
                store::customers::set_tags(&mut *tx, user, &tags).await?;
                ("customer.tagged", json!({ "tag": new }))
            }
            Written::NoTag(old) => {
                let tags: Vec<String> = known.tags.iter().filter(|tag| *tag != old).cloned().collect();
                if tags.len() == known.tags.len() {
                    return Ok(());
                }
                store::customers::set_tags(&mut *tx, user, &tags).await?;
                ("customer.untagged", json!({ "tag": old }))
            }
            Written::Discount(percent) => {
                if percent > 100 {
                    return Err(Refusal::NotUnderstood.into());
                }
                if percent == known.discount_percent {
                    return Ok(());
                }
                store::customers::set_discount(&mut *tx, user, percent).await?;
                ("customer.discounted", json!({ "field": "discount", "from": known.discount_percent, "to": percent }))
            }
            Written::Blocked(blocked) => {
                if blocked == known.blocked_at.is_some() {
                    return Ok(());
                }
                store::customers::set_blocked(&mut *tx, user, blocked.then_some(now)).await?;
                (if blocked { "customer.blocked" } else { "customer.unblocked" }, json!({}))
            }
        };
        note(&mut tx, (by, user), action, detail, now).await?;
        Ok(tx.commit().await?)
    }

    /// Forgets somebody who called or walked in, and asks for it: they cannot do it themselves. As
    /// [`forget`](Self::forget).
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], [`Refusal::NoSuchCustomer`] (also for somebody with a chat: that is theirs), or Postgres.
    pub async fn forget_caller(&self, by: UserId, user: UserId) -> Result<crate::booking::Forgotten, BookError> {
        let card = self.customer(by, user).await?;
        if !card.may_edit {
            return Err(Refusal::NotAdmin.into());
        }
        if !card.customer.caller {
            return Err(Refusal::NoSuchCustomer.into());
        }
        let forgotten = self.forget(user).await?;
        let deed = Deed { by, action: "customer.forgotten", subject: None, detail: json!({}) };
        store::audit::append(&self.pool, &deed, self.clock.now()).await?;
        Ok(forgotten)
    }
}

fn of_whom(member: Member) -> Option<ResourceId> {
    member.sees(Right::EditCustomers)
}

/// Notes an act. The customer's number is how it is found when they ask to be forgotten.
async fn note(
    conn: &mut PgConnection,
    (by, user): (UserId, UserId),
    action: &str,
    mut detail: serde_json::Value,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), sqlx::Error> {
    let name = store::customers::name(&mut *conn, user).await?;
    detail["customer"] = user.0.into();
    store::audit::append(conn, &Deed { by, action, subject: name.as_deref(), detail }, now).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_looked_for_however_it_is_written() {
        assert_eq!(digits("8 (916) 123"), ["7916123", "8916123"]);
        assert_eq!(digits("+7 916"), ["7916"]);
        assert_eq!(digits("123-45"), ["12345"]);
    }

    #[test]
    fn a_tag_is_one_tidy_word_or_few() {
        assert_eq!(tag(" #VIP  гость ").as_deref(), Some("vip гость"));
        for typed in ["", "#", "а,б", &"я".repeat(31)] {
            assert_eq!(tag(typed), None, "{typed}");
        }
    }
}
