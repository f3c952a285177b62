//! The clock, played.

use super::{Result, Sim};
use crate::wire::{ClockOrder, ClockView};
use chrono::{DateTime, TimeDelta, Utc};

impl Sim {
    /// What the clock shows.
    ///
    /// # Errors
    /// See [`super::SimError`]; so everywhere here.
    pub async fn clock(&self) -> Result<ClockView> {
        self.get("/clock").await
    }

    /// Puts the clock forward, and waits until every program that follows it has heard.
    ///
    /// # Errors
    /// `clock` if it would leave the years that it can show.
    pub async fn forward(&self, by: TimeDelta) -> Result<ClockView> {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of centuries fit")]
        let forward_s = Some(by.num_milliseconds() as f64 / 1e3);
        self.play_clock(&ClockOrder { forward_s, ..ClockOrder::default() }).await
    }

    /// Sets the clock.
    ///
    /// # Errors
    /// As [`Sim::forward`].
    pub async fn set_clock(&self, at: DateTime<Utc>) -> Result<ClockView> {
        self.play_clock(&ClockOrder { at: Some(at), ..ClockOrder::default() }).await
    }

    /// Lets the clock run so many seconds in a second; 0 stops it.
    ///
    /// # Errors
    /// `clock` if it cannot run so fast.
    pub async fn clock_rate(&self, rate: f64) -> Result<ClockView> {
        self.play_clock(&ClockOrder { rate: Some(rate), ..ClockOrder::default() }).await
    }

    /// Does several of these at once.
    ///
    /// # Errors
    /// As above.
    pub async fn play_clock(&self, order: &ClockOrder) -> Result<ClockView> {
        self.post("/clock", order).await
    }
}
