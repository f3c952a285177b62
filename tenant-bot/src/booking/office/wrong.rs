//! Why something cannot be set up so.

/// Why something cannot be set up so. A person is told each of these under `wrong.<word>`, with `{n}` where a number belongs
/// to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// What it is about is no longer there.
    #[error("it is gone")]
    Gone,
    /// Somebody has changed it meanwhile.
    #[error("it was changed meanwhile")]
    Changed,
    /// The business would be left without an owner.
    #[error("the last owner stays")]
    LastOwner,
    /// Such a link leads nowhere: it is used, too old, or was taken back.
    #[error("the link is over")]
    LinkOver,
    /// There are so many of them already: at most this many.
    #[error("at most {0}")]
    TooMany(u16),
    /// It is longer than this many characters.
    #[error("longer than {0}")]
    TooLong(u16),
    /// It would be moved too far, or not at all.
    #[error("too far")]
    TooFar,
    /// Nobody would get it.
    #[error("nobody to write to")]
    NoReaders,
    /// That moment has passed.
    #[error("it is past")]
    InPast,
    /// Somebody of the staff needs a schedule.
    #[error("no schedule")]
    NoSchedule,
    /// It is less or more than can be.
    #[error("out of range")]
    OutOfRange,
    /// There are bookings already.
    #[error("there are bookings")]
    HasBookings,
    /// Somebody who is there for bookings works at some time.
    #[error("a week without a day of work")]
    NoDays,
    /// One alone cannot be put together.
    #[error("two at least")]
    TooFew,
}

impl Wrong {
    /// The end of its text's key.
    pub fn word(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Changed => "changed",
            Self::LastOwner => "last_owner",
            Self::LinkOver => "link_over",
            Self::TooMany(_) => "too_many",
            Self::TooLong(_) => "too_long",
            Self::TooFar => "too_far",
            Self::NoReaders => "no_readers",
            Self::InPast => "in_past",
            Self::NoSchedule => "no_schedule",
            Self::OutOfRange => "out_of_range",
            Self::HasBookings => "has_bookings",
            Self::NoDays => "no_days",
            Self::TooFew => "too_few",
        }
    }

    /// The number that belongs to it; 0: none does.
    pub fn number(self) -> u16 {
        match self {
            Self::TooMany(most) | Self::TooLong(most) => most,
            _ => 0,
        }
    }
}
