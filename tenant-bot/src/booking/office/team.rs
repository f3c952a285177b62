//! Those who run the business: invited by one-time links, changed, removed; and ownership, handed over with consent.

use std::iter;

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use serde_json::json;
use shared::outbox::Outbox;
use sqlx::PgConnection;

use super::Wrong;
pub use crate::store::{admins::Listed as TeamMember, invites::Invite};
use crate::{
    booking::{
        desk::{BookError, Bookings},
        model::{Business, Profile, ResourceId, UserId},
        policy::Refusal,
        roles::{Member, Right, Role},
    },
    store::{self, audit::Deed, invites::Into},
};

/// A link into the team can be used for so long.
pub const LINK_LASTS: TimeDelta = TimeDelta::hours(48);
/// More people than this run no small business.
const MOST_MEMBERS: usize = 50;
/// So many links may be open at once.
const MOST_LINKS: usize = 20;
/// 62 to the power of 22 is more than 2 to the power of 130: nobody guesses one.
const CODE_LENGTH: usize = 22;

/// What one of the team is told.
#[derive(Clone, Copy, Debug)]
pub enum TeamNews<'a> {
    /// Somebody has come by a link of theirs, as this.
    Joined(&'a str, Role),
    /// They are something else now.
    Changed(Role),
    /// They are no longer of the team.
    Removed,
    /// Ownership is offered to them, by this person, as the offer of this number.
    Offered(&'a str, i64),
    /// Their offer was taken; they are a manager now.
    Taken(&'a str),
    /// Their offer was turned down.
    TurnedDown(&'a str),
    /// The bot is no longer in the group of this name, which they had connected.
    ChatLost(&'a str),
}

/// The team, for those who may change it.
#[derive(Clone, Debug)]
pub struct Team {
    /// For its zone and name.
    pub business: Business,
    /// Who asks.
    pub me: Member,
    /// Everybody, the highest roles first.
    pub members: Vec<TeamMember>,
    /// Links that can still be used.
    pub links: Vec<Invite>,
    /// Resources that can be somebody's schedule: number and name.
    pub resources: Vec<(ResourceId, String)>,
}

/// What a link into the team says before it is used.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Into which business.
    pub business: Business,
    /// As what.
    pub role: Role,
    /// With whose schedule.
    pub resource: Option<String>,
}

pub(super) fn code() -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut random = rand::rng();
    iter::repeat_with(|| char::from(LETTERS[random.random_range(0..LETTERS.len())])).take(CODE_LENGTH).collect()
}

impl Bookings {
    /// The team.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], or Postgres.
    pub async fn team(&self, user: UserId) -> Result<Team, BookError> {
        let mut conn = self.pool.acquire().await?;
        let (business, me) = self.staffed(&mut conn, user, Right::EditTeam).await?;
        let members = store::admins::list(&mut *conn).await?;
        let links = store::invites::open(&mut *conn, self.clock.now()).await?;
        let ids = store::resources::all_active(&mut *conn).await?;
        let resources = store::resources::list(&mut *conn, &ids).await?.into_iter().map(|r| (r.id, r.name)).collect();
        Ok(Team { business, me, members, links, resources })
    }

    /// A new one-time link into the team: its code.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], [`Wrong::NoSchedule`], [`Wrong::TooMany`], or Postgres.
    pub async fn invite(&self, user: UserId, role: Role, resource: Option<ResourceId>) -> Result<String, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        self.staffed(&mut tx, user, Right::EditTeam).await?;
        if role == Role::Staff && resource.is_none() {
            return Err(Wrong::NoSchedule.into());
        }
        if store::invites::open(&mut *tx, now).await?.len() >= MOST_LINKS {
            return Err(Wrong::TooMany(20).into());
        }
        let code = code();
        store::invites::insert(&mut *tx, user, Into::Team(&code, role, resource), (now, now + LINK_LASTS)).await?;
        let detail = json!({ "role": role.word(), "resource": resource.map(|r| r.0) });
        note(&mut tx, user, "team.invited", None, detail, now).await?;
        tx.commit().await?;
        Ok(code)
    }

    /// Takes a link back.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], [`Wrong::LinkOver`] if it was used or taken back already, or Postgres.
    pub async fn revoke_invite(&self, user: UserId, id: i64) -> Result<(), BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        self.staffed(&mut tx, user, Right::EditTeam).await?;
        if !store::invites::revoke(&mut *tx, id, now).await? {
            return Err(Wrong::LinkOver.into());
        }
        note(&mut tx, user, "team.link_revoked", None, json!({}), now).await?;
        Ok(tx.commit().await?)
    }

    /// What a link leads to, for whoever has it; it is not used by looking.
    ///
    /// # Errors
    /// [`Wrong::LinkOver`], or Postgres.
    pub async fn invitation(&self, code: &str) -> Result<Invitation, BookError> {
        let mut tx = self.pool.begin().await?;
        let business = store::settings::business(&mut *tx).await?;
        let invite = self.good(&mut tx, code, self.clock.now()).await?;
        let role = invite.role.ok_or(Wrong::LinkOver)?;
        let ids: Vec<ResourceId> = invite.resource.into_iter().collect();
        let resource = store::resources::list(&mut *tx, &ids).await?.into_iter().next().map(|r| r.name);
        Ok(Invitation { business, role, resource })
    }

    /// Uses a link: the person is of the team from now on. Whoever made it is told. One who is of the team already becomes
    /// what the link says, save an owner, who stays one.
    ///
    /// # Errors
    /// [`Wrong::LinkOver`], [`Wrong::TooMany`], or Postgres.
    pub async fn join_team(&self, who: &Profile<'_>, code: &str) -> Result<Member, BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        store::users::save(&mut *tx, who, None, now).await?;
        let owners = store::admins::lock_owners(&mut *tx).await?;
        let invite = self.good(&mut tx, code, now).await?;
        let member = invite.makes(who.id).ok_or(Wrong::LinkOver)?;
        if owners.contains(&who.id) {
            return Ok(store::admins::find(&mut *tx, who.id).await?);
        }
        if store::admins::list(&mut *tx).await?.len() >= MOST_MEMBERS {
            return Err(Wrong::TooMany(50).into());
        }
        let name = full_name(who);
        store::admins::upsert(&mut *tx, member, (&name, invite.made_by), now).await?;
        store::invites::mark_used(&mut *tx, invite.id, who.id, now).await?;
        note(&mut tx, who.id, "team.joined", None, json!({ "role": member.role.word() }), now).await?;
        let key = format!("team_joined:{}:{}", invite.id, invite.made_by.0);
        self.tell_member(&mut tx, invite.made_by, &key, TeamNews::Joined(&name, member.role), now).await?;
        tx.commit().await?;
        self.committed();
        Ok(member)
    }

    /// A link is only as good as whoever made it still is.
    async fn good(&self, conn: &mut PgConnection, code: &str, now: DateTime<Utc>) -> Result<Invite, BookError> {
        let invite = store::invites::lock_by_code(&mut *conn, "join", code, now).await?.ok_or(Wrong::LinkOver)?;
        if !store::admins::find(&mut *conn, invite.made_by).await?.may(Right::EditTeam) {
            return Err(Wrong::LinkOver.into());
        }
        Ok(invite)
    }

    /// Makes one of the team something else. They are told.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], [`Wrong::Gone`], [`Wrong::LastOwner`], [`Wrong::NoSchedule`], or Postgres.
    pub async fn change_member(&self, user: UserId, to: Member) -> Result<(), BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let (old, name) = self.of_the_team(&mut tx, user, to.id).await?;
        if to.role == Role::Customer {
            return Err(Wrong::Gone.into());
        }
        if to.role == Role::Staff && to.resource.is_none() {
            return Err(Wrong::NoSchedule.into());
        }
        if old == to {
            return Ok(());
        }
        if old.role == Role::Owner && to.role != Role::Owner {
            only_if_another(&mut tx, to.id).await?;
        }
        store::admins::upsert(&mut *tx, to, (&name, user), now).await?;
        if !to.may(Right::EditTeam) {
            store::invites::revoke_all_of(&mut *tx, to.id, now).await?;
        }
        let detail = if old.role == to.role {
            json!({ "resource": to.resource.map(|r| r.0) })
        } else {
            json!({ "field": "role", "from": old.role.word(), "to": to.role.word() })
        };
        note(&mut tx, user, "team.changed", Some(&name), detail, now).await?;
        if to.id != user && old.role != to.role {
            let key = format!("team_changed:{}:{}", to.id.0, now.timestamp_micros());
            self.tell_member(&mut tx, to.id, &key, TeamNews::Changed(to.role), now).await?;
        }
        tx.commit().await?;
        self.committed();
        Ok(())
    }

    /// Takes somebody from the team, or oneself. They are told, and whatever they had invited to is taken back.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], [`Wrong::Gone`], [`Wrong::LastOwner`], or Postgres.
    pub async fn remove_member(&self, user: UserId, whom: UserId) -> Result<(), BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let (old, name) = if user == whom {
            let me = store::admins::find(&mut *tx, user).await?;
            if me.role == Role::Customer {
                return Err(Refusal::NotAdmin.into());
            }
            let listed = store::admins::list(&mut *tx).await?;
            let name = listed.into_iter().find(|l| l.member.id == user).map(|l| l.name).unwrap_or_default();
            (me, name)
        } else {
            self.of_the_team(&mut tx, user, whom).await?
        };
        if old.role == Role::Owner {
            only_if_another(&mut tx, whom).await?;
        }
        // Before the row goes: the log asks for the name by it.
        let deed = if user == whom { "team.left" } else { "team.removed" };
        let subject = Some(name.as_str()).filter(|_| user != whom);
        note(&mut tx, user, deed, subject, json!({ "role": old.role.word() }), now).await?;
        store::admins::remove(&mut *tx, whom).await?;
        store::invites::revoke_all_of(&mut *tx, whom, now).await?;
        if user != whom {
            let key = format!("team_removed:{}:{}", whom.0, now.timestamp_micros());
            self.tell_member(&mut tx, whom, &key, TeamNews::Removed, now).await?;
        }
        tx.commit().await?;
        self.committed();
        Ok(())
    }

    /// Offers ownership to one of the team. Nothing changes before they agree; an offer that stood is taken back.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], [`Wrong::Gone`], or Postgres.
    pub async fn offer_ownership(&self, user: UserId, whom: UserId) -> Result<(), BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let (old, name) = self.of_the_team(&mut tx, user, whom).await?;
        if old.role == Role::Owner || whom == user {
            return Err(Wrong::Gone.into());
        }
        store::invites::revoke_all_of(&mut *tx, whom, now).await?;
        let offer = store::invites::insert(&mut *tx, user, Into::Ownership(whom), (now, now + LINK_LASTS)).await?;
        note(&mut tx, user, "team.ownership_offered", Some(&name), json!({}), now).await?;
        let from = self.name_of(&mut tx, user).await?;
        let key = format!("team_offered:{offer}:{}", whom.0);
        self.tell_member(&mut tx, whom, &key, TeamNews::Offered(&from, offer), now).await?;
        tx.commit().await?;
        self.committed();
        Ok(())
    }

    /// Takes ownership that was offered: who takes it is an owner, and who gave it a manager. Both are told.
    ///
    /// # Errors
    /// [`Wrong::LinkOver`] if the offer no longer stands or its maker is no owner any more, or Postgres.
    pub async fn take_ownership(&self, user: UserId, offer: i64) -> Result<(), BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let owners = store::admins::lock_owners(&mut *tx).await?;
        let invite = store::invites::lock_offer(&mut *tx, offer, user, now).await?.ok_or(Wrong::LinkOver)?;
        let me = store::admins::find(&mut *tx, user).await?;
        if !owners.contains(&invite.made_by) || me.role == Role::Customer {
            return Err(Wrong::LinkOver.into());
        }
        let name = self.name_of(&mut tx, user).await?;
        let giver = store::admins::find(&mut *tx, invite.made_by).await?;
        store::admins::upsert(&mut *tx, Member { role: Role::Owner, ..me }, (&name, invite.made_by), now).await?;
        store::admins::upsert(&mut *tx, Member { role: Role::Manager, ..giver }, ("", user), now).await?;
        store::invites::mark_used(&mut *tx, offer, user, now).await?;
        store::invites::revoke_all_of(&mut *tx, invite.made_by, now).await?;
        let from = self.name_of(&mut tx, invite.made_by).await?;
        note(&mut tx, user, "team.ownership_taken", Some(&from), json!({}), now).await?;
        let key = format!("team_taken:{offer}:{}", invite.made_by.0);
        self.tell_member(&mut tx, invite.made_by, &key, TeamNews::Taken(&name), now).await?;
        tx.commit().await?;
        self.committed();
        Ok(())
    }

    /// Turns an offer of ownership down. Who made it is told.
    ///
    /// # Errors
    /// [`Wrong::LinkOver`], or Postgres.
    pub async fn turn_down_ownership(&self, user: UserId, offer: i64) -> Result<(), BookError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let invite = store::invites::lock_offer(&mut *tx, offer, user, now).await?.ok_or(Wrong::LinkOver)?;
        store::invites::revoke(&mut *tx, offer, now).await?;
        let name = self.name_of(&mut tx, user).await?;
        let key = format!("team_turned_down:{offer}:{}", invite.made_by.0);
        self.tell_member(&mut tx, invite.made_by, &key, TeamNews::TurnedDown(&name), now).await?;
        tx.commit().await?;
        self.committed();
        Ok(())
    }

    /// What one of the team is, and whether they are written to about bookings.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], or Postgres.
    pub async fn myself(&self, user: UserId) -> Result<(Member, bool), BookError> {
        let listed = store::admins::list(&self.pool).await?;
        let me = listed.into_iter().find(|listed| listed.member.id == user).ok_or(Refusal::NotAdmin)?;
        Ok((me.member, me.told))
    }

    /// Whether one is written to about bookings; everybody of the team decides that for themselves.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`], or Postgres.
    pub async fn be_told(&self, user: UserId, told: bool) -> Result<(), BookError> {
        if store::admins::set_told(&self.pool, user, told).await? { Ok(()) } else { Err(Refusal::NotAdmin.into()) }
    }

    /// Somebody of the team and their name, if `user` may change the team. Owners are locked, so that of two who take each
    /// other's ownership one waits.
    async fn of_the_team(
        &self,
        conn: &mut PgConnection,
        user: UserId,
        whom: UserId,
    ) -> Result<(Member, String), BookError> {
        store::admins::lock_owners(&mut *conn).await?;
        self.staffed(&mut *conn, user, Right::EditTeam).await?;
        let listed = store::admins::list(&mut *conn).await?;
        let found = listed.into_iter().find(|listed| listed.member.id == whom).ok_or(Wrong::Gone)?;
        Ok((found.member, found.name))
    }

    async fn name_of(&self, conn: &mut PgConnection, user: UserId) -> Result<String, BookError> {
        let listed = store::admins::list(&mut *conn).await?;
        Ok(listed.into_iter().find(|listed| listed.member.id == user).map(|listed| listed.name).unwrap_or_default())
    }

    pub(super) async fn tell_member(
        &self,
        conn: &mut PgConnection,
        whom: UserId,
        key: &str,
        news: TeamNews<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), BookError> {
        let business = store::settings::business(&mut *conn).await?;
        let lang = store::users::find(&mut *conn, whom, now).await?.lang.unwrap_or(business.language);
        let letter = self.herald.team_letter(&business, news, (whom, lang), key, now);
        Outbox::enqueue(&mut *conn, now, &letter).await?;
        Ok(())
    }
}

fn full_name(who: &Profile<'_>) -> String {
    [Some(who.first_name), who.last_name].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// An owner may go only if another one stays. The owners are locked already.
async fn only_if_another(conn: &mut PgConnection, whom: UserId) -> Result<(), BookError> {
    let owners = store::admins::lock_owners(&mut *conn).await?;
    if owners.iter().any(|owner| *owner != whom) { Ok(()) } else { Err(Wrong::LastOwner.into()) }
}

pub(super) async fn note(
    conn: &mut PgConnection,
    by: UserId,
    action: &str,
    subject: Option<&str>,
    detail: serde_json::Value,
    now: DateTime<Utc>,
) -> Result<(), BookError> {
    Ok(store::audit::append(&mut *conn, &Deed { by, action, subject, detail }, now).await?)
}
