//! How much room this machine has left.

use std::path::{Path, PathBuf};

/// The percentage of the disk under `folder` that is free for us; none if it cannot be told.
pub(crate) fn disk_free(folder: &Path) -> Option<u8> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    // What only root may still fill is not ours.
    percent(disk.f_bavail, disk.f_blocks)
}

/// The percentage of memory that can be had without swapping; none if it cannot be told.
pub(crate) fn memory_free() -> Option<u8> {
    memory_in(&std::fs::read_to_string("/proc/meminfo").ok()?)
}

fn memory_in(meminfo: &str) -> Option<u8> {
    let field = |name: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':').split_whitespace().next()?.parse().ok()
    };
    percent(field("MemAvailable")?, field("MemTotal")?)
}

fn percent(part: u64, whole: u64) -> Option<u8> {
    u8::try_from(u128::from(part) * 100 / u128::from(whole).max(1)).ok().filter(|_| whole > 0)
}

/// This machine's name, to tell it from others whose masters share the registry.
pub(super) fn name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").map(|n| n.trim().to_owned()).unwrap_or_default()
}

/// Those of the folders that are on this machine, each disk once.
pub(super) fn apart(folders: impl IntoIterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut disks = Vec::new();
    let mut kept = Vec::new();
    for folder in folders {
        let Ok(disk) = rustix::fs::stat(&folder).map(|s| s.st_dev) else { continue };
        if !disks.contains(&disk) {
            disks.push(disk);
            kept.push(folder);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_told_in_percent() {
        let meminfo = "MemTotal:       24682624 kB\nMemFree:        1297788 kB\nMemAvailable:   2468262 kB\n";
        assert_eq!(memory_in(meminfo), Some(9));
        assert_eq!(memory_in("MemTotal: 0 kB\nMemAvailable: 0 kB\n"), None);
        assert_eq!(memory_in("nonsense"), None);
        assert!(memory_free().is_some_and(|free| free <= 100));
        assert!(disk_free(Path::new(".")).is_some_and(|free| free <= 100));
        assert_eq!(disk_free(Path::new("/no/such/folder")), None);
    }

    #[test]
    fn a_disk_is_looked_at_once() {
        let here = || std::env::current_dir().unwrap();
        assert_eq!(apart([here(), here(), "/no/such/folder".into()]), [here()]);
    }
}
