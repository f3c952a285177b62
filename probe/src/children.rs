//! What is tried in a process of its own: it may be killed for it, or change for good.

use std::{
    env, io,
    os::unix::process::ExitStatusExt,
    process::{Child, Command, ExitCode, Stdio},
    thread,
    time::Duration,
};

use nix::{
    sched::{CloneFlags, unshare},
    unistd::{Gid, Uid, chroot, setgid, sethostname, setuid},
};

use crate::report::Outcome;

/// Starts this program again, to do that.
pub(crate) fn spawn(act: &str) -> io::Result<Child> {
    Command::new("/proc/self/exe").arg(act).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()
}

/// Does it in a process of its own; it has succeeded when that process says so and lives to say it.
pub(crate) fn attempt(act: &str) -> Outcome {
    let ended = match spawn(act).and_then(Child::wait_with_output) {
        Ok(ended) => ended,
        Err(error) => return Outcome::Refused(format!("no process: {error}")),
    };
    let said = String::from_utf8_lossy(&ended.stderr).trim().to_owned();
    match (ended.status.success(), ended.status.signal()) {
        (true, _) => Outcome::Succeeded(said),
        (false, Some(signal)) => Outcome::Refused(format!("killed by signal {signal}")),
        (false, None) => Outcome::Refused(said),
    }
}

/// The process of its own.
pub(crate) fn act(what: &str) -> ExitCode {
    let result: Result<(), String> = match what {
        "sleep" => {
            thread::sleep(Duration::from_secs(600));
            Ok(())
        }
        "eat" => {
            eat();
            Ok(())
        }
        "setuid" => setuid(Uid::from_raw(0)).map_err(|e| e.to_string()).and_then(|()| still_shut_in()),
        "setgid" => setgid(Gid::from_raw(0)).map_err(|e| e.to_string()),
        "unshare-user" => unshare(CloneFlags::CLONE_NEWUSER).map_err(|e| e.to_string()),
        "unshare-net" => unshare(CloneFlags::CLONE_NEWNET).map_err(|e| e.to_string()),
        "chroot" => chroot("/proc").map_err(|e| e.to_string()),
        "hostname" => sethostname("probe").map_err(|e| e.to_string()),
        other => Err(format!("what is {other}?")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Root in name only is no success.
fn still_shut_in() -> Result<(), String> {
    if Uid::effective().is_root() { Ok(()) } else { Err("still not root".into()) }
}

/// Four times what a tenant may have, every page of it written.
fn eat() {
    let mut eaten: Vec<Vec<u8>> = Vec::new();
    for n in 0..256_u32 {
        eaten.push(vec![u8::try_from(n % 251).unwrap_or(1) | 1; 1 << 20]);
    }
    eprintln!("ate {} MB, pid {}", eaten.len(), std::process::id());
    let _ = env::args();
}
