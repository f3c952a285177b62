//! The fiscal receipt of a payment (54-FZ), where the shop is set up for one.

use crate::{
    payments::{Customer, Receipt},
    registry::orders::Order,
};

/// How the shop's receipts are made out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Receipts {
    pub(crate) vat_code: u8,
    pub(crate) tax_system: Option<u8>,
}

impl Receipts {
    /// The receipt for this order.
    pub(crate) fn of(&self, order: &Order) -> Receipt {
        let contact = order.contact.as_deref().unwrap_or_default();
        let to = match contact.strip_prefix('+') {
            Some(digits) => Customer::Phone(digits.to_owned()),
            None => Customer::Email(contact.to_owned()),
        };
        Receipt {
            to,
            // For a Russian tax office and a Russian buyer.
            description: format!("Доступ к боту записи Slotyard, {} дн.", order.days),
            vat_code: self.vat_code,
            tax_system: self.tax_system,
        }
    }
}
