//! How long to wait before the next try.

use std::time::Duration;

/// Doubling pause: `first` after the first failure, never above `most`.
///
/// `attempts` counts the failures so far, from 1; 0 gives no pause at all.
pub fn doubling(attempts: u32, first: Duration, most: Duration) -> Duration {
    match attempts {
        0 => Duration::ZERO,
        n => first.saturating_mul(2_u32.saturating_pow((n - 1).min(31))).min(most),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_cap() {
        let pause = |n| doubling(n, Duration::from_secs(1), Duration::from_secs(60)).as_secs();
        assert_eq!([0, 1, 2, 3, 7, 40, u32::MAX].map(pause), [0, 1, 2, 4, 60, 60, 60]);
    }
}
