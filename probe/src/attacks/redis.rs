//! Redis, with the tenant's own user.

use super::attack;
use crate::{Orders, redis::Session, report::Outcome};

/// What a tenant may not send; `{n}` is the neighbour. Each has a connection of its own, for some change it.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("redis-get", &["GET", "{n}:heartbeat"]),
    ("redis-mget", &["MGET", "{n}:heartbeat", "{n}:token"]),
    ("redis-exists", &["EXISTS", "{n}:heartbeat"]),
    ("redis-set", &["SET", "{n}:heartbeat", "forged"]),
    ("redis-set-no-prefix", &["SET", "probe", "1"]),
    ("redis-set-neighbours-name-as-own", &["SET", "{n}", "1"]),
    ("redis-incr", &["INCR", "{n}:count"]),
    ("redis-expire", &["EXPIRE", "{n}:heartbeat", "1"]),
    ("redis-publish", &["PUBLISH", "{n}:heartbeat", "forged"]),
    ("redis-subscribe", &["SUBSCRIBE", "{n}:heartbeat"]),
    ("redis-psubscribe", &["PSUBSCRIBE", "*"]),
    ("redis-pubsub-channels", &["PUBSUB", "CHANNELS"]),
    ("redis-scan", &["SCAN", "0"]),
    ("redis-keys", &["KEYS", "*"]),
    ("redis-randomkey", &["RANDOMKEY"]),
    ("redis-dbsize", &["DBSIZE"]),
    ("redis-info", &["INFO"]),
    ("redis-config-get", &["CONFIG", "GET", "*"]),
    ("redis-config-set", &["CONFIG", "SET", "timeout", "0"]),
    ("redis-eval", &["EVAL", "return 1", "0"]),
    ("redis-script-load", &["SCRIPT", "LOAD", "return 1"]),
    ("redis-function-list", &["FUNCTION", "LIST"]),
    (
        "redis-function-load",
        &["FUNCTION", "LOAD", "REPLACE", "#!lua name=probe\nredis.register_function('f', function() end)"],
    ),
    ("redis-acl-list", &["ACL", "LIST"]),
    ("redis-acl-users", &["ACL", "USERS"]),
    ("redis-acl-getuser", &["ACL", "GETUSER", "default"]),
    ("redis-acl-setuser", &["ACL", "SETUSER", "probe", "on", "nopass", "+@all", "~*"]),
    ("redis-acl-whoami", &["ACL", "WHOAMI"]),
    ("redis-acl-log", &["ACL", "LOG"]),
    ("redis-monitor", &["MONITOR"]),
    ("redis-client-list", &["CLIENT", "LIST"]),
    ("redis-client-kill", &["CLIENT", "KILL", "TYPE", "pubsub"]),
    ("redis-client-pause", &["CLIENT", "PAUSE", "1"]),
    ("redis-client-no-evict", &["CLIENT", "NO-EVICT", "on"]),
    ("redis-select", &["SELECT", "1"]),
    ("redis-swapdb", &["SWAPDB", "1", "2"]),
    ("redis-replicaof", &["REPLICAOF", "NO", "ONE"]),
    ("redis-role", &["ROLE"]),
    ("redis-debug", &["DEBUG", "SLEEP", "0"]),
    ("redis-slowlog", &["SLOWLOG", "GET"]),
    ("redis-latency", &["LATENCY", "RESET"]),
    ("redis-memory", &["MEMORY", "STATS"]),
    ("redis-module", &["MODULE", "LIST"]),
    ("redis-command", &["COMMAND", "COUNT"]),
    ("redis-save", &["SAVE"]),
    ("redis-bgsave", &["BGSAVE"]),
    ("redis-rename", &["RENAME", "{s}:orders", "{n}:orders"]),
    ("redis-copy", &["COPY", "{s}:done", "{n}:x"]),
    ("redis-lpush", &["LPUSH", "{s}:list", "x"]),
    ("redis-migrate", &["MIGRATE", "127.0.0.1", "1", "probe:none", "0", "1"]),
    ("redis-del", &["DEL", "{n}:heartbeat"]),
    ("redis-flushdb", &["FLUSHDB"]),
    ("redis-flushall", &["FLUSHALL"]),
];

fn filled(words: &[&str], orders: &Orders) -> Vec<String> {
    let own = std::env::var("CLIENT_ID").unwrap_or_default();
    words.iter().map(|word| word.replace("{n}", &orders.neighbour).replace("{s}", &own)).collect()
}

fn send(words: &[String]) -> Outcome {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match Session::open().and_then(|mut session| session.run(&words)) {
        Ok(answer) => Outcome::of(answer),
        Err(error) => Outcome::Refused(error.to_string()),
    }
}

pub(super) fn all(orders: &Orders) {
    for (name, words) in FORBIDDEN {
        attack(orders, name, || send(&filled(words, orders)));
    }
    // Passwords that people leave in place.
    attack(orders, "redis-guess-default", || {
        let guesses = ["", "redis", "password", "default", "slotyard"];
        let right = Session::open().ok().and_then(|mut session| {
            guesses.into_iter().find(|guess| matches!(session.run(&["AUTH", "default", guess]), Ok(Ok(_))))
        });
        right.map_or_else(|| Outcome::Refused("none of them".into()), |guess| Outcome::Succeeded(guess.into()))
    });
}

/// What the master reads of every tenant, as long as it can be made.
pub(super) fn last(orders: &Orders) {
    attack(orders, "redis-huge-heartbeat", || {
        crate::SILENT.store(true, std::sync::atomic::Ordering::Relaxed);
        let key = filled(&["{s}:heartbeat"], orders).remove(0);
        let junk = "9".repeat(24 << 20);
        match Session::open().and_then(|mut session| session.run(&["SET", &key, &junk])) {
            Ok(Ok(_)) => Outcome::Noise(format!("{} MB", junk.len() >> 20)),
            Ok(Err(refused)) => Outcome::Refused(refused),
            Err(error) => Outcome::Refused(error.to_string()),
        }
    });
}
