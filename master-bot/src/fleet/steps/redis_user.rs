//! The tenant's Redis user: from nothing upwards, its own keys and channels and the commands that its bot uses.

use std::collections::HashMap;

use anyhow::{Context, Result};
use redis::AsyncCommands;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Yard;
use crate::registry::tenants::Tenant;

/// A key pattern alone would still let SCAN, KEYS, RANDOMKEY and DBSIZE tell of others' keys.
const COMMANDS: [&str; 18] = [
    "get",
    "set",
    "setex",
    "del",
    "exists",
    "expire",
    "ttl",
    "pttl",
    "incr",
    "mget",
    "publish",
    "subscribe",
    "unsubscribe",
    "ping",
    "hello",
    "auth",
    "client|setname",
    "client|id",
];

pub(super) async fn ensure(yard: &Yard, tenant: &Tenant) -> Result<Value> {
    let slug = tenant.slug.as_str();
    let password = yard.password(tenant, "redis")?;
    let hash = hex::encode(Sha256::digest(password.expose_secret().as_bytes()));
    let mut setuser = redis::cmd("ACL");
    setuser.arg("SETUSER").arg(slug).arg("reset").arg("on").arg(format!("#{hash}"));
    setuser.arg(format!("~{slug}:*")).arg("resetchannels").arg(format!("&{slug}:*")).arg("-@all");
    for command in COMMANDS {
        setuser.arg(format!("+{command}"));
    }
    let () = setuser.query_async(&mut yard.redis.clone()).await.context("ACL SETUSER")?;
    let rules = look(yard).await?.remove(slug).context("Redis has forgotten the user again")?;
    Ok(json!({ "user": slug, "rules": rules, "commands": COMMANDS }))
}

/// Whether the user is as we made it, and we would make it so today: a bot of this version may use a command that a
/// user of the version before was not given.
pub(crate) fn is_as_wanted(seen: Option<&String>, fact: &Value) -> bool {
    seen.is_some() && fact["rules"].as_str() == seen.map(String::as_str) && fact["commands"] == json!(COMMANDS)
}

/// A digest of each user's rules as Redis tells them: its own words are compared with its own words, so that how it
/// writes rules down may change with its version. The rules hold the password's hash, which nobody needs to keep.
pub(crate) async fn look(yard: &Yard) -> Result<HashMap<String, String>> {
    let lines: Vec<String> =
        redis::cmd("ACL").arg("LIST").query_async(&mut yard.redis.clone()).await.context("ACL LIST")?;
    let digest = |line: &str| {
        let name = line.strip_prefix("user ")?.split(' ').next()?;
        Some((name.to_owned(), hex::encode(Sha256::digest(line.as_bytes()))))
    };
    Ok(lines.iter().filter_map(|line| digest(line)).collect())
}

pub(super) async fn undo(yard: &Yard, tenant: &Tenant) -> Result<()> {
    let slug = tenant.slug.as_str();
    let mut redis = yard.redis.clone();
    // The user first, so that nothing new appears while its keys are swept up.
    let _: i64 = redis::cmd("ACL").arg("DELUSER").arg(slug).query_async(&mut redis).await.context("ACL DELUSER")?;
    let mut cursor = 0_u64;
    loop {
        let (next, keys): (u64, Vec<String>) = redis::cmd("SCAN")
            .arg(cursor)
            .arg("MATCH")
            .arg(format!("{slug}:*"))
            .arg("COUNT")
            .arg(1000)
            .query_async(&mut redis)
            .await
            .context("SCAN")?;
        if !keys.is_empty() {
            let _: i64 = redis.unlink(keys).await.context("UNLINK")?;
        }
        if next == 0 {
            return Ok(());
        }
        cursor = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_that_was_given_other_commands_or_changed_by_hand_is_made_anew() {
        let seen = "digest".to_owned();
        let fact = json!({ "user": "client_001", "rules": "digest", "commands": COMMANDS });
        assert!(is_as_wanted(Some(&seen), &fact));
        assert!(!is_as_wanted(None, &fact), "Redis has forgotten it");
        assert!(!is_as_wanted(Some(&"another".to_owned()), &fact));
        // The master of the version before kept no list, or a shorter one.
        assert!(!is_as_wanted(Some(&seen), &json!({ "user": "client_001", "rules": "digest" })));
        let shorter = json!({ "user": "client_001", "rules": "digest", "commands": COMMANDS[1..] });
        assert!(!is_as_wanted(Some(&seen), &shorter));
    }
}
