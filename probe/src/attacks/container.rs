//! Out of the container, or at least up to root in it; and the machine's memory, processes and disk.

use std::{
    fs,
    io::{self, Write},
    os::unix::net::UnixListener,
    path::Path,
    process::Child,
    thread,
    time::{Duration, Instant},
};

use nix::{
    mount::{MsFlags, mount},
    sys::{
        ptrace,
        socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket},
        stat::{Mode, SFlag, makedev, mknod},
    },
    unistd::Pid,
};

use super::attack;
use crate::{Orders, children, report::Outcome};

/// Files that open the machine to whoever can open them.
const READ: &[(&str, &str)] = &[("dev-kmsg", "/dev/kmsg")];
const WRITE: &[(&str, &str)] = &[("proc-sys", "/proc/sys/kernel/core_pattern")];

const ACTS: &[(&str, &str)] = &[
    ("root-setuid", "setuid"),
    ("root-setgid", "setgid"),
    ("root-user-namespace", "unshare-user"),
    ("root-net-namespace", "unshare-net"),
    ("root-chroot", "chroot"),
    ("root-hostname", "hostname"),
];

pub(super) fn all(orders: &Orders) {
    for (name, act) in ACTS {
        attack(orders, name, || children::attempt(act));
    }
    attack(orders, "root-capabilities", capabilities);
    attack(orders, "root-new-privileges", || status_is("NoNewPrivs", "1"));
    attack(orders, "root-seccomp", || status_is("Seccomp", "2"));
    attack(orders, "root-mount", || {
        Outcome::of(mount(None::<&str>, "/sys", Some("tmpfs"), MsFlags::empty(), None::<&str>))
    });
    attack(orders, "root-mknod", || {
        let (kind, mode) = (SFlag::S_IFBLK, Mode::from_bits_truncate(0o600));
        let made = ["/probe-disk", "/dev/probe-disk", "/dev/shm/probe-disk"]
            .into_iter()
            .find(|path| mknod(*path, kind, mode, makedev(8, 0)).is_ok());
        made.map_or_else(|| Outcome::Refused("nowhere".into()), |path| Outcome::Succeeded(path.into()))
    });
    attack(orders, "root-raw-socket", || raw(AddressFamily::Inet, SockProtocol::Icmp));
    attack(orders, "root-packet-socket", || raw(AddressFamily::Packet, SockProtocol::EthAll));
    attack(orders, "proc-ptrace", || {
        let victim = Pid::from_raw(orders.victim);
        Outcome::of(ptrace::attach(victim).and_then(|()| {
            nix::sys::wait::waitpid(victim, None)?;
            ptrace::detach(victim, None)
        }))
    });
    attack(orders, "proc-others", others);
    for (name, path) in READ {
        attack(orders, name, || Outcome::of(fs::File::open(path)));
    }
    for (name, path) in WRITE {
        attack(orders, name, || Outcome::of(fs::File::options().write(true).open(path)));
    }
    attack(orders, "fs-cgroup", || {
        let roots = ["/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids"];
        let made = roots.into_iter().find(|root| {
            let folder = format!("{root}/probe");
            fs::create_dir(&folder).and_then(|()| fs::remove_dir(&folder)).is_ok()
        });
        made.map_or_else(|| Outcome::Refused("nowhere".into()), |root| Outcome::Succeeded(root.into()))
    });
    attack(orders, "fs-write", writable);
    attack(orders, "fs-replace-program", || {
        Outcome::of(fs::rename("/app", "/app.probe").and_then(|()| fs::rename("/app.probe", "/app")))
    });
    attack(orders, "fs-socket-replace", || each_socket(|path| fs::rename(path, path.with_extension("probe"))));
    attack(orders, "fs-socket-impostor", || {
        each_socket(|path| UnixListener::bind(path.with_extension("impostor")).map(drop))
    });
    attack(orders, "fs-socket-remove", || each_socket(|path| fs::remove_file(path)));
}

fn status_is(field: &str, wanted: &str) -> Outcome {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':')).map(str::trim);
    if value == Some(wanted) {
        Outcome::Refused(format!("{field} {wanted}"))
    } else {
        Outcome::Succeeded(format!("{value:?}"))
    }
}

fn capabilities() -> Outcome {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let sets: Vec<&str> = status.lines().filter(|line| line.starts_with("Cap")).collect();
    let empty = |line: &&str| line.ends_with("\t0000000000000000");
    if sets.len() == 5 && sets.iter().all(empty) {
        Outcome::Refused("all five sets are empty".into())
    } else {
        Outcome::Succeeded(sets.join(" "))
    }
}

fn raw(family: AddressFamily, protocol: SockProtocol) -> Outcome {
    Outcome::of(socket(family, SockType::Raw, SockFlag::empty(), protocol))
}

/// Processes that are neither we nor ours.
fn others() -> Outcome {
    let own = fs::read_link("/proc/self/exe").ok();
    let pids =
        fs::read_dir("/proc").into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let foreign = pids.filter(|pid| pid.bytes().all(|b| b.is_ascii_digit())).find(|pid| {
        let exe = fs::read_link(format!("/proc/{pid}/exe"));
        // A child of ours that has just ended has no program any more.
        exe.as_ref()
            .map_or_else(|error| error.kind() == io::ErrorKind::PermissionDenied, |exe| Some(exe) != own.as_ref())
    });
    foreign.map_or_else(|| Outcome::Refused("there is nobody else".into()), Outcome::Succeeded)
}

/// Every folder that a file system of ours begins at, and a few more.
fn writable() -> Outcome {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let begins = mounts.lines().filter_map(|line| line.split(' ').nth(1));
    let more = ["/", "/tmp", "/etc", "/run", "/var/tmp", "/dev/shm", "/dev/mqueue"];
    let mut found: Vec<&str> =
        begins.chain(more).filter(|folder| fs::write(Path::new(folder).join("probe-was-here"), "x").is_ok()).collect();
    found.sort_unstable();
    found.dedup();
    if found.is_empty() { Outcome::Refused("nowhere".into()) } else { Outcome::Succeeded(found.join(" ")) }
}

/// Tries it on every socket that is mounted.
fn each_socket(mut act: impl FnMut(&Path) -> io::Result<()>) -> Outcome {
    let mut refused = Vec::new();
    for folder in fs::read_dir("/run/slotyard").into_iter().flatten().flatten() {
        for entry in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            match act(&entry.path()) {
                Ok(()) => return Outcome::Succeeded(entry.path().display().to_string()),
                Err(error) => refused.push(error.to_string()),
            }
        }
    }
    if refused.is_empty() {
        Outcome::Succeeded("there are no sockets to try it on".into())
    } else {
        Outcome::Refused(refused.join(", "))
    }
}

/// 32 MB of lines.
pub(super) fn fill_the_log(orders: &Orders) {
    if orders.wants("eat-log") {
        let line = "x".repeat(1023);
        let mut out = io::stdout().lock();
        let filled = (0..32 << 10).try_for_each(|_| writeln!(out, "{line}")).and_then(|()| out.flush());
        drop(out);
        attack(orders, "eat-log", || match filled {
            Ok(()) => Outcome::Noise("32 MB written".into()),
            Err(error) => Outcome::Refused(error.to_string()),
        });
    }
}

/// Processes, memory and processor time, as much as there is.
pub(super) fn hungry(orders: &Orders) {
    attack(orders, "eat-processes", || {
        let mut born: Vec<Child> = Vec::new();
        let stopped = loop {
            match children::spawn("sleep") {
                Ok(child) => born.push(child),
                Err(error) => break Some(error),
            }
            if born.len() > 150 {
                break None;
            }
        };
        let many = born.len();
        for mut child in born {
            let _ = child.kill();
            let _ = child.wait();
        }
        stopped.map_or_else(
            || Outcome::Succeeded(format!("{many} processes")),
            |error| Outcome::Refused(format!("{error} after {many}")),
        )
    });
    attack(orders, "eat-memory", || children::attempt("eat"));
    attack(orders, "eat-processor", || {
        let until = Instant::now() + Duration::from_secs(10);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| while Instant::now() < until {});
            }
        });
        Outcome::Noise("four threads for 10 s".into())
    });
}
