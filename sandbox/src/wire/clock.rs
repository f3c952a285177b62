//! The sandbox's clock, as it is shown and played with.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The clock.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClockView {
    /// Raised whenever it is touched.
    pub version: u64,
    /// What it shows.
    pub at: DateTime<Utc>,
    /// Seconds of the clock in a second of the machine; 0 stands still.
    pub rate: f64,
    /// How many programs follow it.
    pub followers: usize,
}

/// What the clock is to do. What is absent stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClockOrder {
    /// Show this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    /// Be put forward by so many seconds (back, when negative).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward_s: Option<f64>,
    /// Run so many seconds in a second; 0 stands still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Be as the machine's again.
    #[serde(default)]
    pub real: bool,
}
