//! Settings from the environment. Every fault is collected, so that a person mends all of them at once.

use std::{collections::HashMap, fmt::Display, fs, str::FromStr};

use secrecy::SecretString;
use url::Url;

use crate::clock;

/// The environment of a program, read variable by variable; faults pile up until [`check`](Env::check).
///
/// An empty value counts as missing.
#[derive(Debug)]
pub struct Env {
    values: HashMap<String, String>,
    faults: Vec<String>,
}

/// All that is wrong with the settings, a line each.
#[derive(Debug, thiserror::Error)]
#[error("the settings need mending:\n{}", .0.iter().map(|f| format!("  - {f}")).collect::<Vec<_>>().join("\n"))]
pub struct SettingsError(pub Vec<String>);

impl Env {
    /// The variables of this process.
    pub fn from_process() -> Self {
        // A variable that is not UTF-8 cannot be one of ours.
        Self::from_pairs(std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))))
    }

    /// Variables given one by one.
    pub fn from_pairs<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let values = pairs
            .into_iter()
            .map(|(k, v)| (k.into(), v.into()))
            .filter(|(_, v): &(String, String)| !v.trim().is_empty())
            .collect();
        Self { values, faults: Vec::new() }
    }

    /// A secret from `NAME`, or from the file that `NAME_FILE` names (its trailing newline is dropped).
    /// `hint` says to a person what belongs there.
    pub fn secret(&mut self, name: &str, hint: &str) -> Option<SecretString> {
        let found = self.optional_secret(name);
        if found.is_none() && !self.faults.iter().any(|f| f.starts_with(&format!("{name}_FILE"))) {
            self.faults.push(format!("{name} (or {name}_FILE) is missing: {hint}"));
        }
        found
    }

    /// As [`secret`](Self::secret), but it may be absent.
    pub fn optional_secret(&mut self, name: &str) -> Option<SecretString> {
        if let Some(value) = self.values.get(name) {
            return Some(SecretString::from(value.clone()));
        }
        let path = self.values.get(&format!("{name}_FILE"))?;
        match fs::read_to_string(path) {
            Ok(text) => Some(SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned())),
            Err(e) => {
                self.faults.push(format!("{name}_FILE names {path}, which cannot be read: {e}"));
                None
            }
        }
    }

    /// A value that must be there and be well-formed.
    pub fn required<T: FromStr<Err: Display>>(&mut self, name: &str, hint: &str) -> Option<T> {
        if !self.values.contains_key(name) {
            self.faults.push(format!("{name} is missing: {hint}"));
            return None;
        }
        self.optional(name, hint)
    }

    /// A value that may be absent but must be well-formed.
    pub fn optional<T: FromStr<Err: Display>>(&mut self, name: &str, hint: &str) -> Option<T> {
        match self.values.get(name)?.trim().parse() {
            Ok(value) => Some(value),
            Err(e) => {
                self.faults.push(format!("{name} is not understood ({e}): {hint}"));
                None
            }
        }
    }

    /// A value with a default.
    pub fn or<T: FromStr<Err: Display>>(&mut self, name: &str, default: T, hint: &str) -> T {
        self.optional(name, hint).unwrap_or(default)
    }

    /// A comma-separated list; absent means empty.
    pub fn list<T: FromStr<Err: Display>>(&mut self, name: &str, hint: &str) -> Vec<T> {
        let Some(text) = self.values.get(name).cloned() else { return Vec::new() };
        let mut items = Vec::new();
        for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            match part.parse() {
                Ok(item) => items.push(item),
                Err(e) => self.faults.push(format!("{name}: «{part}» is not understood ({e}): {hint}")),
            }
        }
        items
    }

    /// Adds a fault that the caller found.
    pub fn fault(&mut self, what: impl Into<String>) {
        self.faults.push(what.into());
    }

    /// # Errors
    /// All faults so far, together.
    pub fn check(self) -> Result<(), SettingsError> {
        if self.faults.is_empty() { Ok(()) } else { Err(SettingsError(self.faults)) }
    }
}

/// Something that is `on` or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// `on`
    On,
    /// `off`
    Off,
}

/// Neither of the two words.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("neither on nor off")]
pub struct NeitherOnNorOff;

impl FromStr for Switch {
    type Err = NeitherOnNorOff;

    fn from_str(word: &str) -> Result<Self, NeitherOnNorOff> {
        match word {
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            _ => Err(NeitherOnNorOff),
        }
    }
}

impl Display for Switch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if *self == Self::On { "on" } else { "off" })
    }
}

/// The setting `name` (`USER_LIMITS`): whether it is limited how fast one person may talk to a bot. `off`, which is for
/// tests and benchmarks, is a fault beside the real Telegram, where nobody is to talk a bot to death.
pub fn user_limits<'a>(env: &mut Env, name: &str, servers: impl IntoIterator<Item = &'a Url>) -> Option<Switch> {
    let switch = env.optional(name, "on or off")?;
    if switch == Switch::Off
        && let Some(real) = servers.into_iter().find(|server| clock::is_real(server))
    {
        let host = real.host_str().unwrap_or_default();
        env.fault(format!("{name}=off is for the sandbox only: with {host} the limits stay on"));
        return None;
    }
    Some(switch)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn every_fault_is_told_at_once() {
        let mut env =
            Env::from_pairs([("PORT", "many"), ("EMPTY", " "), ("IDS", "1, x"), ("KEY_FILE", "/nowhere/key")]);
        assert_eq!(env.required::<u16>("PORT", "a port"), None);
        assert_eq!(env.required::<u16>("EMPTY", "a number"), None);
        assert_eq!(env.list::<i64>("IDS", "Telegram ids"), vec![1]);
        assert!(env.secret("KEY", "the key").is_none());
        assert!(env.secret("TOKEN", "the token").is_none());
        let told = env.check().unwrap_err().to_string();
        for part in
            ["PORT", "EMPTY is missing", "«x»", "KEY_FILE names /nowhere/key", "TOKEN (or TOKEN_FILE) is missing"]
        {
            assert!(told.contains(part), "{part} in {told}");
        }
        assert_eq!(told.lines().count(), 6, "{told}");
    }

    #[test]
    fn limits_can_be_switched_off_beside_the_sandbox_only() {
        let read = |value: &str, server: &str| {
            let mut env = Env::from_pairs([("USER_LIMITS", value)]);
            let read = user_limits(&mut env, "USER_LIMITS", [&Url::parse(server).unwrap()]);
            (read, env.check().map_err(|told| told.to_string()))
        };
        let (sandbox, real) = ("http://127.0.0.1:8081/", "https://api.telegram.org/");
        for (value, server, wanted) in [
            ("off", sandbox, Some(Switch::Off)),
            ("on", sandbox, Some(Switch::On)),
            ("on", real, Some(Switch::On)),
            ("", real, None),
        ] {
            let (read, checked) = read(value, server);
            assert_eq!(read, wanted, "{value} {server}");
            checked.unwrap();
        }
        for (value, server, named) in [("off", real, "api.telegram.org"), ("no", sandbox, "neither on nor off")] {
            let (read, checked) = read(value, server);
            assert_eq!(read, None);
            assert!(checked.unwrap_err().contains(named), "{value} {server}");
        }
    }

    #[test]
    fn a_secret_may_come_from_a_file_and_is_never_printed() {
        let path = std::env::temp_dir().join(format!("slotyard-secret-{}", std::process::id()));
        fs::write(&path, "s3cret\n").unwrap();
        let mut env = Env::from_pairs([("KEY_FILE", path.to_str().unwrap())]);
        let secret = env.secret("KEY", "the key").unwrap();
        fs::remove_file(path).unwrap();
        assert_eq!(secret.expose_secret(), "s3cret");
        assert!(!format!("{secret:?}").contains("s3cret"));
        env.check().unwrap();
    }
}
