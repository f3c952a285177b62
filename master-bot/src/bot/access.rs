//! Who may do what. Asked where the act is done, whatever button, command or link led there.

/// What a person is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Anybody.
    Buyer,
    /// One of `OWNER_IDS`; everything an operator may do.
    Owner,
}

/// What not everybody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    /// See the fleet, stop, start, restart.
    Operate,
    /// Sell by hand.
    Sell,
}

impl Role {
    /// The table of rights.
    pub(crate) fn may(self, right: Right) -> bool {
        match right {
            Right::Operate | Right::Sell => self == Self::Owner,
        }
    }
}

/// Who has which role.
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
}
