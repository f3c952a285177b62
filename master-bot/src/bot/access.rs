//! Who may do what. Asked where the act is done, whatever button, command or link led there.

use anyhow::Result;

use crate::{registry::operators::Post, team::Team};

/// What a person is to us; each may do all that the one before may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Anybody.
    Buyer,
    /// Looks, and helps with a restart.
    Support,
    /// Steers the fleet.
    Operator,
    /// One of `OWNER_IDS`, or whom an owner has made one.
    Owner,
}

/// What not everybody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    /// See the fleet: list, search, cards, events.
    See,
    /// Start a bot anew.
    Restart,
    /// Stop and start bots.
    Steer,
    /// Read what a bot has printed.
    Logs,
    /// Take a bot away for good.
    Remove,
    /// Decide about letters that did not arrive.
    Letters,
    /// Say that money was returned.
    Refund,
    /// Let people in and out.
    Team,
    /// Sell by hand, and see what was sold.
    Sell,
}

impl Role {
    /// The table of rights: the least role that has each.
    pub(crate) fn may(self, right: Right) -> bool {
        self >= match right {
            Right::See | Right::Restart => Self::Support,
            Right::Steer | Right::Logs | Right::Remove | Right::Letters | Right::Refund => Self::Operator,
            Right::Team | Right::Sell => Self::Owner,
        }
    }
}

impl From<Post> for Role {
    fn from(post: Post) -> Self {
        match post {
            Post::Support => Self::Support,
            Post::Operator => Self::Operator,
            Post::Owner => Self::Owner,
        }
    }
}

/// Who has which role.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    team: Team,
}

impl Access {
    pub(crate) fn new(team: Team) -> Self {
        Self { team }
    }

    /// The people that have a role.
    pub(crate) fn team(&self) -> &Team {
        &self.team
    }

    /// # Errors
    /// When the registry does not answer: then nobody is anything.
    pub(crate) async fn role(&self, telegram_id: i64) -> Result<Role> {
        Ok(self.team.post(telegram_id).await?.map_or(Role::Buyer, Role::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_may_do_what_the_table_says_and_nothing_else() {
        use Right::{Letters, Logs, Refund, Remove, Restart, See, Sell, Steer, Team};
        let all = [See, Restart, Steer, Logs, Remove, Letters, Refund, Team, Sell];
        let table: [(Role, &[Right]); 4] = [
            (Role::Buyer, &[]),
            (Role::Support, &[See, Restart]),
            (Role::Operator, &[See, Restart, Steer, Logs, Remove, Letters, Refund]),
            (Role::Owner, &all),
        ];
        for (role, rights) in table {
            for right in all {
                assert_eq!(role.may(right), rights.contains(&right), "{role:?} {right:?}");
            }
        }
    }

    #[test]
    fn a_post_is_the_role_of_its_name() {
        for (post, role) in
            [(Post::Support, Role::Support), (Post::Operator, Role::Operator), (Post::Owner, Role::Owner)]
        {
            assert_eq!(Role::from(post), role);
        }
    }
}
