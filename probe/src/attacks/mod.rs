//! Every attack by its name. `docs/SECURITY.md` says of each what stops it.

mod container;
mod network;
mod postgres;
mod redis;

use std::thread;

use crate::{
    Orders,
    report::{Outcome, tell},
};

/// Tries an attack unless the orders leave it out, and tells what came of it.
fn attack(orders: &Orders, name: &str, run: impl FnOnce() -> Outcome) {
    if orders.wants(name) {
        tell(name, &run());
    }
}

/// Everything. What takes minutes goes on beside the rest; what fills the log comes first, for it pushes out the lines
/// before it; what eats comes late.
pub(crate) fn all(orders: &Orders) {
    container::fill_the_log(orders);
    thread::scope(|scope| {
        scope.spawn(|| postgres::endless_statement(orders));
        scope.spawn(|| postgres::idle_in_transaction(orders));
        network::all(orders);
        redis::all(orders);
        postgres::all(orders);
        container::all(orders);
    });
    postgres::connections(orders);
    container::hungry(orders);
    redis::last(orders);
}
