//! The machine: room on the disks and in memory.

use std::{fs, path::Path};

use super::{Check, settings::Given};

const DISK: &str = "disk.here";
const MEMORY: &str = "memory";
/// Per cent that should be, and must be, free.
const WARN: u64 = 10;
const FAIL: u64 = 3;

pub(super) async fn look(_: &Given) -> Vec<Check> {
    let memory = fs::read_to_string("/proc/meminfo").ok().and_then(|text| memory(&text));
    disk(DISK, "where the master stands", Path::new(".")).into_iter().chain(memory).collect()
}

/// Room on the disk that holds `path`. None where that cannot be looked at.
pub(super) fn disk(name: &'static str, what: &str, path: &Path) -> Option<Check> {
    let disk = rustix::fs::statvfs(path).ok()?;
    let remedy = "make room (`docker system df`, `journalctl --vacuum-size`), or give it a larger disk: Postgres stops when it is full";
    room(name, what, (disk.f_bavail.saturating_mul(disk.f_frsize), disk.f_blocks.saturating_mul(disk.f_frsize)), remedy)
}

fn memory(meminfo: &str) -> Option<Check> {
    let bytes = |name: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
    };
    let remedy = "stop what else runs here, or give the machine more: a tenant takes some 8 MB";
    room(MEMORY, "memory", (bytes("MemAvailable")?, bytes("MemTotal")?), remedy)
}

fn room(name: &'static str, what: &str, (free, all): (u64, u64), remedy: &str) -> Option<Check> {
    const MB: u64 = 1 << 20;
    let percent = free.saturating_mul(100).checked_div(all)?;
    let found = format!("{what}: {} of {} MB free ({percent} %)", free / MB, all / MB);
    Some(match percent {
        0..FAIL => Check::fail(name, found, remedy),
        FAIL..WARN => Check::warn(name, found, remedy),
        _ => Check::ok(name, found),
    })
}

#[cfg(test)]
mod tests {
    use super::{super::State, *};

    #[test]
    fn a_tenth_should_be_free_and_a_thirtieth_must_be() {
        for (free, state) in [
            (500, State::Ok),
            (100, State::Ok),
            (99, State::Warn),
            (30, State::Warn),
            (29, State::Fail),
            (0, State::Fail),
        ] {
            assert_eq!(room(MEMORY, "memory", (free, 1000), "").unwrap().state, state, "{free} of 1000");
        }
        assert!(room(MEMORY, "memory", (0, 0), "").is_none(), "nothing can be said of a disk without blocks");
    }

    #[test]
    fn meminfo_is_read_in_kilobytes() {
        let text = "MemTotal:       24000000 kB\nMemFree:          100 kB\nMemAvailable:    1200000 kB\n";
        let check = memory(text).unwrap();
        assert_eq!((check.state, check.found.as_str()), (State::Warn, "memory: 1171 of 23437 MB free (5 %)"));
        assert!(memory("MemTotal: many kB").is_none());
    }
}
