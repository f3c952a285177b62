//! A tenant that went bad. It is put into a container in the place of the tenant bot, made by the master in just the
//! way in which the bot's would be, and tries with what it finds there everything that a tenant must not be able to do.
//!
//! It behaves until it is told whom to attack: its heartbeat says that it polls, so the master is content with it. The
//! orders come through the one thing that reaches it from outside, a key of its own in Redis. What came of each attack
//! is a line in its log; a key says that it has done.

mod attacks;
mod children;
mod postgres;
mod redis;
mod report;

use std::{
    collections::BTreeMap,
    env, io,
    net::TcpListener,
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use serde::Deserialize;
use serde_json::json;

/// The heart beats no more: the key holds something else.
static SILENT: AtomicBool = AtomicBool::new(false);

/// Whom to attack.
#[derive(Clone, Debug, Deserialize)]
struct Orders {
    /// The slug of a tenant whose things are not ours.
    #[serde(default)]
    neighbour: String,
    /// Another process of this machine, by its number outside.
    #[serde(default)]
    victim: i32,
    /// TCP addresses that must not answer, by the attack's name.
    #[serde(default)]
    addresses: BTreeMap<String, String>,
    /// Only wait at this port for others to try to connect.
    listen: Option<u16>,
    /// Only these attacks; all when absent.
    only: Option<Vec<String>>,
}

impl Orders {
    fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|wanted| wanted == name))
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [act] = &arguments[..] {
        return children::act(act);
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::tell("probe", &report::Outcome::Succeeded(format!("the probe itself failed: {error}")));
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    let prefix = env::var("REDIS_KEY_PREFIX").map_err(io::Error::other)?;
    let beating = prefix.clone();
    thread::spawn(move || {
        while !SILENT.load(Ordering::Relaxed) {
            // Attacks may cut any connection; the next beat makes a new one.
            let _ = beat(&beating);
            thread::sleep(Duration::from_secs(20));
        }
    });
    let orders = orders(&prefix)?;
    if let Some(port) = orders.listen {
        let listener = TcpListener::bind(("0.0.0.0", port))?;
        done(&prefix)?;
        for guest in listener.incoming() {
            drop(guest);
        }
        return Ok(());
    }
    attacks::all(&orders);
    done(&prefix)?;
    loop {
        thread::park();
    }
}

/// The heartbeat that a bot writes when Telegram has answered it.
fn beat(prefix: &str) -> io::Result<()> {
    let host = nix::unistd::gethostname()?.to_string_lossy().into_owned();
    let at = chrono::Utc::now();
    let beat = json!({ "state": "polling", "container": host, "version": "probe", "at": at }).to_string();
    let key = format!("{prefix}heartbeat");
    let mut redis = redis::Session::open()?;
    redis.run(&["SET", &key, &beat, "EX", "150"])?.map_err(io::Error::other)?;
    redis.run(&["PUBLISH", &key, "polling"])?.map_err(io::Error::other)?;
    Ok(())
}

/// Waits for the orders.
fn orders(prefix: &str) -> io::Result<Orders> {
    let key = format!("{prefix}orders");
    loop {
        let told = redis::Session::open()?.run(&["GET", &key])?.map_err(io::Error::other)?;
        if told != "(nil)" {
            return serde_json::from_str(&told).map_err(io::Error::other);
        }
        thread::sleep(Duration::from_millis(100));
    }
}

fn done(prefix: &str) -> io::Result<()> {
    redis::Session::open()?.run(&["SET", &format!("{prefix}done"), "1"])?.map_err(io::Error::other)?;
    Ok(())
}
