//! Who may what: one table. Every act of those who run the business asks it, whatever was shown.

use super::model::{Booking, ResourceId, UserId};

/// What a person is to the business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Anybody.
    Customer,
    /// Looks, and touches nothing.
    Viewer,
    /// Works here: their own schedule and nobody else's.
    Staff,
    /// Runs the business from day to day.
    Manager,
    /// The business's own.
    Owner,
}

/// Something that those who run the business do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Right {
    /// To look at days, and at the bookings in them.
    SeeDay,
    /// To answer requests, say who came, change, move and cancel bookings, write notes.
    RunDay,
    /// To book for a caller or a walk-in.
    BookFor,
    /// To block time of a schedule, and to free it.
    Block,
    /// To look for customers and at what is known of them.
    SeeCustomers,
    /// To change that: notes, tags, discounts, who may not book.
    EditCustomers,
    /// To change services, resources and who does what.
    EditOffer,
    /// To change hours, holidays and vacations.
    EditHours,
    /// To change the rules of booking, address, phone, zone.
    EditPolicy,
    /// To change many bookings at once.
    MassChange,
    /// To change what the bot says.
    EditTexts,
    /// To write to customers.
    Broadcast,
    /// To look at the figures.
    SeeFigures,
    /// To take the business's data away.
    Export,
    /// To look at who did what.
    SeeAudit,
    /// To connect a work chat.
    ConnectChat,
    /// To invite, change and remove those who run the business, and to hand it over.
    EditTeam,
}

/// How far a right goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Not at all.
    None,
    /// One's own schedule.
    Own,
    /// Everything.
    All,
}

use Reach::{All, None as No, Own};

/// The table. What is not here nobody may.
#[rustfmt::skip]
const TABLE: [(Right, [Reach; 4]); 17] = [
    //                       owner manager staff viewer
    (Right::SeeDay,         [All,  All,    Own,  All]),
    (Right::RunDay,         [All,  All,    Own,  No]),
    (Right::BookFor,        [All,  All,    Own,  No]),
    (Right::Block,          [All,  All,    Own,  No]),
    (Right::SeeCustomers,   [All,  All,    Own,  No]),
    (Right::EditCustomers,  [All,  All,    No,   No]),
    (Right::EditOffer,      [All,  All,    No,   No]),
    (Right::EditHours,      [All,  All,    No,   No]),
    (Right::EditPolicy,     [All,  All,    No,   No]),
    (Right::MassChange,     [All,  All,    No,   No]),
    (Right::EditTexts,      [All,  All,    No,   No]),
    (Right::Broadcast,      [All,  All,    No,   No]),
    (Right::SeeFigures,     [All,  All,    No,   All]),
    (Right::ConnectChat,    [All,  All,    No,   No]),
    (Right::Export,         [All,  No,     No,   No]),
    (Right::SeeAudit,       [All,  No,     No,   No]),
    (Right::EditTeam,       [All,  No,     No,   No]),
];

impl Role {
    /// Every role of those who run the business, the highest first.
    pub const TEAM: [Self; 4] = [Self::Owner, Self::Manager, Self::Staff, Self::Viewer];

    /// How far a right of this role goes.
    pub fn reach(self, right: Right) -> Reach {
        let row = TABLE.iter().find(|(of, _)| *of == right).map(|(_, row)| row);
        let column = Self::TEAM.iter().position(|role| *role == self);
        row.zip(column).map_or(Reach::None, |(row, column)| row[column])
    }

    /// The word that is stored, and that ends the keys of texts.
    pub fn word(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Viewer => "viewer",
            Self::Staff => "staff",
            Self::Manager => "manager",
            Self::Owner => "owner",
        }
    }

    /// Reads [`word`](Self::word) of a role of the team.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::TEAM.into_iter().find(|role| role.word() == word)
    }
}

impl Right {
    /// Every right.
    pub const ALL: [Self; 17] = {
        let mut all = [Self::SeeDay; 17];
        let mut n = 0;
        while n < 17 {
            all[n] = TABLE[n].0;
            n += 1;
        }
        all
    };
}

/// One of those who run the business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Telegram's id.
    pub id: UserId,
    /// What they are.
    pub role: Role,
    /// Whose schedule is theirs.
    pub resource: Option<ResourceId>,
}

impl Member {
    /// How far a right of theirs goes; one that goes as far as their own schedule goes nowhere without one.
    pub fn reach(self, right: Right) -> Reach {
        match self.role.reach(right) {
            Reach::Own if self.resource.is_none() => Reach::None,
            reach => reach,
        }
    }

    /// Whether they may do this at all, to whatever it is.
    pub fn may(self, right: Right) -> bool {
        self.reach(right) > Reach::None
    }

    /// Whether they may do this to what is this resource's (none: the whole business's).
    pub fn may_to(self, right: Right, resource: Option<ResourceId>) -> bool {
        match self.reach(right) {
            Reach::All => true,
            Reach::Own => resource.is_some() && resource == self.resource,
            Reach::None => false,
        }
    }

    /// Whether they may do this to a booking: with one's own reach, to one in which one has a part.
    pub fn may_with(self, right: Right, booking: &Booking) -> bool {
        match self.reach(right) {
            Reach::All => true,
            Reach::Own => booking.lines.iter().flat_map(|line| &line.resources).any(|one| Some(*one) == self.resource),
            Reach::None => false,
        }
    }

    /// The schedule that they see: none is everybody's.
    pub fn sees(self, right: Right) -> Option<ResourceId> {
        self.resource.filter(|_| self.reach(right) == Reach::Own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_every_right_once_and_a_customer_has_none() {
        for right in Right::ALL {
            assert_eq!(TABLE.iter().filter(|(of, _)| *of == right).count(), 1, "{right:?}");
            assert_eq!(Role::Customer.reach(right), Reach::None);
            assert_eq!(Role::Owner.reach(right), Reach::All);
        }
    }

    #[test]
    fn a_higher_role_may_no_less() {
        for right in Right::ALL {
            assert!(Role::Manager.reach(right) >= Role::Staff.reach(right), "{right:?}");
            assert!(Role::Owner.reach(right) >= Role::Manager.reach(right), "{right:?}");
        }
    }

    #[test]
    fn staff_without_a_schedule_may_nothing_and_with_one_only_that() {
        let (own, other) = (Some(ResourceId(1)), Some(ResourceId(2)));
        let member = |resource| Member { id: UserId(1), role: Role::Staff, resource };
        for right in Right::ALL {
            assert!(!member(None).may(right), "{right:?}");
            assert!(!member(own).may_to(right, None) && !member(own).may_to(right, other), "{right:?}");
        }
        assert!(member(own).may_to(Right::Block, own));
        assert_eq!(member(own).sees(Right::SeeDay), own);
        assert_eq!(Member { role: Role::Owner, ..member(own) }.sees(Right::SeeDay), None);
    }

    #[test]
    fn words_come_back() {
        assert!(Role::TEAM.into_iter().all(|role| Role::from_word(role.word()) == Some(role)));
        assert_eq!(Role::from_word("customer"), None);
    }
}
