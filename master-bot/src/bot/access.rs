//! Who may do what. Asked where the act is done, whatever button or link led there.

/// What a person is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Anybody.
    Buyer,
    /// One of `OWNER_IDS`; everything an operator may do.
    Owner,
}

/// The table of roles.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    owners: Vec<i64>,
}

impl Access {
    pub(crate) fn new(owners: Vec<i64>) -> Self {
        Self { owners }
    }

    /// Telegram ids of the owners.
    pub(crate) fn owners(&self) -> &[i64] {
        &self.owners
    }

    pub(crate) fn role(&self, telegram_id: i64) -> Role {
        if self.owners.contains(&telegram_id) { Role::Owner } else { Role::Buyer }
    }

    /// Whether the fleet is this person's business.
    pub(crate) fn may_operate(&self, telegram_id: i64) -> bool {
        self.role(telegram_id) == Role::Owner
    }
}
