//! One line of JSON per attack, which the test reads in the container's log.

use std::io::Write;

use serde_json::json;

/// What came of an attack.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// It did nothing; by what it was stopped.
    Refused(String),
    /// It did what it must not.
    Succeeded(String),
    /// Nothing refuses it, and whether it harms anybody is for the others to tell.
    Noise(String),
}

impl Outcome {
    /// Whatever went through is a success, whatever did not was refused.
    pub(crate) fn of<T: std::fmt::Debug, E: std::fmt::Display>(result: Result<T, E>) -> Self {
        match result {
            Ok(got) => Self::Succeeded(format!("{got:?}")),
            Err(error) => Self::Refused(error.to_string()),
        }
    }
}

/// Prints the line.
pub(crate) fn tell(name: &str, outcome: &Outcome) {
    let (word, how) = match outcome {
        Outcome::Refused(how) => ("refused", how),
        Outcome::Succeeded(how) => ("SUCCEEDED", how),
        Outcome::Noise(how) => ("noise", how),
    };
    let how: String = how.chars().take(200).collect();
    // A log that is gone cannot be told of.
    let _ = writeln!(std::io::stdout(), "{}", json!({ "attack": name, "outcome": word, "how": how }));
}
