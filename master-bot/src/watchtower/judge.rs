//! From what was seen to what is wrong: a pure function.
//!
//! What is *firm* opens an incident. What is not yet (or no longer) firm opens none but keeps one open, so that a
//! thing that trembles on the edge is one incident and not ten.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    peers::{Peer, PeerSeen},
    registry::{Kopecks, tenants::DeadToken},
};

/// So many failures in a row are no hiccup…
const ATTEMPTS: i32 = 3;
/// …nor is being away from where it should be for so long.
const FAILING_FOR: TimeDelta = TimeDelta::minutes(3);
/// A refusal may be a server that is just coming back: it is asked twice.
const REFUSALS: i32 = 2;
/// A bot that has ended by itself so often within [`CRASHES_WITHIN`] will do so again.
const CRASHES: i64 = 3;
/// How far back ends are counted.
pub(crate) const CRASHES_WITHIN: TimeDelta = TimeDelta::minutes(10);
/// So many tenants failing alike have one cause.
const ALIKE: usize = 3;
/// A peer may be away for so long without anybody being woken.
const AWAY_FOR: TimeDelta = TimeDelta::minutes(1);
/// So many letters that did not arrive are a pile.
const PILE: i64 = 5;
/// Money owed back is told when it begins; who still owes it then is reminded.
const OWED_FOR: TimeDelta = TimeDelta::hours(24);

/// What is wrong, with all that its message needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum Trouble {
    /// A tenant does not get where it should be.
    Failing { name: String, bot: String, part: Option<String>, error: String },
    /// A tenant's bot ends by itself again and again.
    Crashing { name: String, bot: String, times: i64, error: String },
    /// Telegram does not take a tenant's token.
    TokenDead { name: String, bot: String, why: DeadToken },
    /// One step fails for many.
    Step { part: String, tenants: Vec<String>, error: String },
    /// Something that everything needs does not answer.
    Away { peer: Peer, error: String },
    /// Little room is left where this folder is.
    Disk { folder: String, free_percent: u8 },
    /// Little memory is left.
    Memory { free_percent: u8 },
    /// Letters did not arrive, or nobody knows.
    Letters { unknown: i64, failed: i64 },
    /// Money is owed back.
    Refunds { count: i64, sum: Kopecks },
}

/// One tenant, as far as it matters here.
#[derive(Clone, Debug)]
pub(crate) struct TenantSeen {
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) bot: String,
    pub(crate) wanted_running: bool,
    pub(crate) attempts: i32,
    pub(crate) last_error: Option<String>,
    pub(crate) failed_part: Option<String>,
    pub(crate) failing_since: Option<DateTime<Utc>>,
    /// Since when it is wanted running and was not seen to be, as far as this process knows.
    pub(crate) not_ready_since: Option<DateTime<Utc>>,
    pub(crate) dead_token: Option<DeadToken>,
    /// How often its bot has ended by itself within [`CRASHES_WITHIN`].
    pub(crate) crashes: i64,
}

/// Everything that was seen at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) at: DateTime<Utc>,
    pub(crate) tenants: Vec<TenantSeen>,
    /// Kind and subject of the incidents that are open.
    pub(crate) open: HashSet<(String, String)>,
    pub(crate) peers: Vec<PeerSeen>,
    /// Folders with the percentage that is free, and the name of this machine where there may be others.
    pub(crate) disks: Vec<(String, u8)>,
    pub(crate) memory: Option<u8>,
    pub(crate) machine: String,
    pub(crate) least_disk: u8,
    pub(crate) least_memory: u8,
    pub(crate) letters: (i64, i64),
    pub(crate) refunds: (i64, Option<Kopecks>),
    pub(crate) oldest_refund: Option<DateTime<Utc>>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    pub(crate) kind: &'static str,
    pub(crate) subject: String,
    pub(crate) trouble: Trouble,
    /// Whether it is worth an incident of its own; if not, it only keeps one open.
    pub(crate) firm: bool,
}

/// What follows from the facts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) findings: Vec<Finding>,
    /// What only some processes can see, and this one has seen to be good.
    pub(crate) good: Vec<(&'static str, String)>,
}

/// Kinds that every process judges from the registry: what is not found is good.
pub(crate) const OF_REGISTRY: [&str; 4] = ["tenant", "step", "letters", "refunds"];

/// What is wrong.
pub(crate) fn judge(facts: &Facts) -> Verdict {
    let mut verdict = Verdict::default();
    tenants(facts, &mut verdict.findings);
    peers(facts, &mut verdict);
    machine(facts, &mut verdict);
    let (unknown, failed) = facts.letters;
    if unknown + failed > 0 {
        let firm = unknown + failed >= PILE;
        verdict.findings.push(finding("letters", "", Trouble::Letters { unknown, failed }, firm));
    }
    if let (count @ 1.., Some(sum)) = facts.refunds {
        let firm = facts.oldest_refund.is_some_and(|at| facts.at - at >= OWED_FOR);
        verdict.findings.push(finding("refunds", "", Trouble::Refunds { count, sum }, firm));
    }
    verdict
}

fn finding(kind: &'static str, subject: impl Into<String>, trouble: Trouble, firm: bool) -> Finding {
    Finding { kind, subject: subject.into(), trouble, firm }
}

fn tenants(facts: &Facts, findings: &mut Vec<Finding>) {
    let is_open = |kind: &str, subject: &str| facts.open.contains(&(kind.to_owned(), subject.to_owned()));
    let mut alike: BTreeMap<&str, Vec<(&TenantSeen, Finding)>> = BTreeMap::new();
    for tenant in facts.tenants.iter().filter(|t| t.wanted_running) {
        let Some(found) = tenant_alone(facts.at, tenant) else { continue };
        match (&found.trouble, &tenant.failed_part) {
            // A dead token is everyone's own; so is a bot that falls but comes up again.
            (Trouble::TokenDead { .. }, _) | (_, None) => findings.push(found),
            (_, Some(_)) if tenant.last_error.is_none() => findings.push(found),
            (_, Some(part)) => alike.entry(part).or_default().push((tenant, found)),
        }
    }
    for (part, group) in alike {
        let firm = group.len() >= ALIKE && group.iter().any(|(_, found)| found.firm);
        let shared = firm || is_open("step", part);
        if shared {
            let error = group.first().and_then(|(t, _)| t.last_error.clone()).unwrap_or_default();
            let tenants = group.iter().map(|(t, _)| t.slug.clone()).collect();
            findings.push(finding("step", part, Trouble::Step { part: part.to_owned(), tenants, error }, firm));
        }
        // Told as one already; an incident of its own that was open before goes on.
        findings.extend(group.into_iter().map(|(_, found)| Finding { firm: found.firm && !shared, ..found }));
    }
}

fn tenant_alone(at: DateTime<Utc>, tenant: &TenantSeen) -> Option<Finding> {
    let (name, bot) = (tenant.name.clone(), tenant.bot.clone());
    let error = tenant.last_error.clone().unwrap_or_default();
    let failing = tenant.last_error.is_some();
    let (trouble, firm) = if let Some(why) = tenant.dead_token.filter(|_| failing) {
        (Trouble::TokenDead { name, bot, why }, tenant.attempts >= REFUSALS)
    } else if tenant.crashes >= CRASHES {
        (Trouble::Crashing { name, bot, times: tenant.crashes, error }, true)
    } else {
        let long = |since: Option<DateTime<Utc>>| since.is_some_and(|since| at - since > FAILING_FOR);
        if !failing && tenant.not_ready_since.is_none() {
            return None;
        }
        let firm =
            failing && (tenant.attempts >= ATTEMPTS || long(tenant.failing_since)) || long(tenant.not_ready_since);
        let part = tenant.failed_part.clone().filter(|_| failing);
        (Trouble::Failing { name, bot, part, error }, firm)
    };
    Some(finding("tenant", tenant.slug.clone(), trouble, firm))
}

fn peers(facts: &Facts, verdict: &mut Verdict) {
    for seen in &facts.peers {
        let subject = seen.peer.name();
        match seen.away_since {
            None => verdict.good.push(("peer", subject.to_owned())),
            Some(since) => {
                let trouble = Trouble::Away { peer: seen.peer, error: seen.error.clone() };
                verdict.findings.push(finding("peer", subject, trouble, facts.at - since >= AWAY_FOR));
            }
        }
    }
}

fn machine(facts: &Facts, verdict: &mut Verdict) {
    let on = |what: &str| [facts.machine.as_str(), what].join(":");
    for (folder, free_percent) in &facts.disks {
        let trouble = Trouble::Disk { folder: on(folder), free_percent: *free_percent };
        weigh(verdict, "disk", on(folder), *free_percent, facts.least_disk, trouble);
    }
    if let Some(free_percent) = facts.memory {
        weigh(verdict, "memory", on(""), free_percent, facts.least_memory, Trouble::Memory { free_percent });
    }
}

/// Short below the least; not short again two percent above it.
fn weigh(verdict: &mut Verdict, kind: &'static str, subject: String, free: u8, least: u8, trouble: Trouble) {
    if least > 0 && free < least.saturating_add(2) {
        verdict.findings.push(finding(kind, subject, trouble, free < least));
    } else {
        verdict.good.push((kind, subject));
    }
}
