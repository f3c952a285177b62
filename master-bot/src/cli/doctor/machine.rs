//! The machine: room on the disks and in memory.

use std::path::Path;

use super::{Check, settings::Given};
use crate::watchtower::machine::{disk_free, memory_free};

const DISK: &str = "disk.here";
const MEMORY: &str = "memory";
/// Per cent that should be, and must be, free.
const WARN: u8 = 10;
const FAIL: u8 = 2;

pub(super) async fn look(_: &Given) -> Vec<Check> {
    let remedy = "stop what else runs here, or give the machine more: a tenant takes some 8 MB";
    let memory = memory_free().map(|free| room(MEMORY, "memory", free, remedy));
    disk(DISK, "the disk where we stand", Path::new(".")).into_iter().chain(memory).collect()
}

/// Room on the disk that holds `path`. None where that cannot be looked at.
pub(super) fn disk(name: &'static str, what: &str, path: &Path) -> Option<Check> {
    let remedy = "make room (`docker system df`, `journalctl --vacuum-size`), or give it a larger disk: Postgres stops \
                  when its own is full";
    disk_free(path).map(|free| room(name, what, free, remedy))
}

fn room(name: &'static str, what: &str, free: u8, remedy: &str) -> Check {
    let found = format!("{what}: {free} % free");
    match free {
        0..FAIL => Check::fail(name, found, remedy),
        FAIL..WARN => Check::warn(name, found, remedy),
        _ => Check::ok(name, found),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::State, *};

    #[test]
    fn a_tenth_should_be_free_and_a_fiftieth_must_be() {
        for (free, state) in
            [(100, State::Ok), (10, State::Ok), (9, State::Warn), (2, State::Warn), (1, State::Fail), (0, State::Fail)]
        {
            assert_eq!(room(MEMORY, "memory", free, "").state, state, "{free} %");
        }
        assert!(disk(DISK, "nowhere", Path::new("/no/such/folder")).is_none());
    }
}
