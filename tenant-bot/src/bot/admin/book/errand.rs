//! What is being put together for somebody else.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    booking::{
        BookError, Booking, BookingId, ForWhom, Offer, Openings, Pick, Refusal, ServiceId, UserId, Want, Wanted,
        contact::Contact, hours::local_date,
    },
    bot::{chat::Chat, choice::DraftId, words::Words},
};

/// Services of one visit.
const MOST: usize = 8;

/// Whom or what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::bot) enum Subject {
    /// Somebody who has a card.
    Customer(UserId),
    /// Somebody who walked in.
    Guest,
    /// A booking that is to become another visit.
    Booking(BookingId),
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Errand {
    /// Its number, which its buttons carry.
    pub(super) number: DraftId,
    pub(super) subject: Option<Subject>,
    /// The services; of a booking none are its own.
    pub(super) services: Vec<ServiceId>,
    /// Of a booking: its service is to be another one, which was not chosen yet.
    pub(super) asks_what: bool,
    /// With whom; of a booking none is with whom it was.
    pub(super) pick: Option<Pick>,
    pub(super) who_settled: bool,
    pub(super) party: Option<u16>,
    /// The day that is looked at.
    pub(super) date: Option<NaiveDate>,
    pub(super) starts_at: Option<DateTime<Utc>>,
}

impl Errand {
    pub(super) fn new(number: DraftId, subject: Option<Subject>) -> Self {
        Self {
            number,
            subject,
            services: Vec::new(),
            asks_what: false,
            pick: None,
            who_settled: false,
            party: None,
            date: None,
            starts_at: None,
        }
    }

    /// Another visit of a booking; with whom it was, or that is asked.
    pub(super) fn of_booking(number: DraftId, id: BookingId, who_settled: bool) -> Self {
        Self { who_settled, ..Self::new(number, Some(Subject::Booking(id))) }
    }

    pub(super) fn is_of_booking(&self) -> bool {
        matches!(self.subject, Some(Subject::Booking(_)))
    }

    /// One more service, as the n-th: a second tap adds no second one. Of a booking it takes the place of what was.
    pub(super) fn add(&mut self, n: usize, service: ServiceId) {
        self.asks_what = false;
        if self.is_of_booking() {
            self.services = vec![service];
        } else if self.services.len() == n && n < MOST {
            self.services.push(service);
        } else {
            return;
        }
        // Who did what was chosen before may not do this one.
        (self.pick, self.who_settled) = (None, false);
    }

    /// Whether it is still to be asked how many come.
    pub(super) fn asks_party(&self, offer: &Offer) -> bool {
        !self.is_of_booking() && self.party.is_none() && offer.largest_party.is_some_and(|most| most > 1)
    }

    /// The visit, once there are services.
    fn wanted(&self) -> Wanted {
        let pick = self.pick.unwrap_or(Pick::Any);
        let wants = self.services.iter().map(|service| Want { service: *service, pick }).collect();
        Wanted { wants, party: self.party.unwrap_or(1) }
    }

    /// The same of a booking as it is.
    pub(super) fn wanted_of(&self, old: &Booking) -> Wanted {
        let mut wanted = old.wanted();
        if !self.services.is_empty() {
            wanted.wants = self.wanted().wants;
        } else if !self.who_settled {
            wanted.wants.iter_mut().for_each(|want| want.pick = Pick::Any);
        } else if let Some(pick) = self.pick {
            wanted.wants.iter_mut().for_each(|want| want.pick = pick);
        }
        wanted
    }
}

/// The same visit once more, for the same customer.
pub(super) async fn again(chat: &mut Chat<'_>, number: DraftId, id: BookingId) -> Result<Errand, BookError> {
    let card = chat.bookings.staff_card(chat.user(), id).await?;
    if !card.may_book {
        return Err(Refusal::NotAdmin.into());
    }
    let wanted = card.booking.wanted();
    let pick = wanted.wants.first().map(|want| want.pick).filter(|pick| wanted.wants.iter().all(|w| w.pick == *pick));
    Ok(Errand {
        services: wanted.wants.iter().map(|want| want.service).collect(),
        who_settled: pick.is_some(),
        pick,
        party: Some(wanted.party),
        ..Errand::new(number, Some(Subject::Customer(card.booking.user)))
    })
}

/// Something else of a booking, at the time that it has.
pub(super) async fn at_its_time(chat: &mut Chat<'_>, number: DraftId, id: BookingId) -> Result<Errand, BookError> {
    let card = chat.bookings.staff_card(chat.user(), id).await?;
    if !card.may_move {
        return Err(Refusal::NoLonger.into());
    }
    let starts_at = Some(card.booking.starts_at).filter(|at| *at > chat.now);
    Ok(Errand { starts_at, ..Errand::of_booking(number, id, false) })
}

/// Today, as both ends of a stretch of dates.
pub(super) async fn today(chat: &mut Chat<'_>) -> Result<(NaiveDate, NaiveDate), BookError> {
    let today = local_date(chat.bookings.business().await?.zone, chat.now);
    Ok((today, today))
}

/// What can be had, and of a booking as it is.
pub(super) async fn look(
    chat: &mut Chat<'_>,
    errand: &Errand,
    dates: Option<(NaiveDate, NaiveDate)>,
) -> Result<(Openings, Option<Booking>), BookError> {
    let by = chat.user();
    match errand.subject {
        Some(Subject::Booking(id)) => {
            let old = chat.bookings.staff_card(by, id).await?.booking;
            let wanted = errand.wanted_of(&old);
            let (openings, old) = chat.bookings.openings_to_rebook(by, id, Some(&wanted), dates).await?;
            Ok((openings, Some(old)))
        }
        subject => {
            let openings = chat.bookings.openings_for(by, whom(subject, ""), &errand.wanted(), dates).await?;
            Ok((openings, None))
        }
    }
}

/// For whom, as the desk is asked.
pub(super) fn whom(subject: Option<Subject>, guest: &str) -> ForWhom<'_> {
    match subject {
        Some(Subject::Customer(user)) => ForWhom::Known(user),
        _ => ForWhom::Guest(guest),
    }
}

/// What a guest is called, in the language of the business.
pub(super) async fn guest(chat: &mut Chat<'_>) -> Result<String, BookError> {
    let lang = chat.bookings.business().await?.language;
    Ok(Words { lang, ..chat.words() }.plain("book.guest_name", &[]))
}

/// What is quoted and done of it.
pub(super) fn wanted(errand: &Errand) -> Wanted {
    errand.wanted()
}

/// Name and number of whom it is about, for screens.
pub(super) async fn contact(chat: &mut Chat<'_>, errand: &Errand) -> Result<Contact, BookError> {
    match errand.subject {
        Some(Subject::Customer(user)) => {
            let customer = chat.bookings.customer(chat.user(), user).await?.customer;
            Ok(Contact { name: customer.name, phone: customer.phone.unwrap_or_default() })
        }
        Some(Subject::Booking(id)) => {
            let booking = chat.bookings.staff_card(chat.user(), id).await?.booking;
            Ok(Contact { name: booking.customer_name, phone: booking.phone })
        }
        Some(Subject::Guest) | None => Ok(Contact { name: guest(chat).await?, phone: String::new() }),
    }
}
