//! TCP to whoever must not answer. Which addresses those are, the test says: it listens at them.

use std::{
    net::{SocketAddr, TcpStream},
    os::unix::net::UnixStream,
    time::Duration,
};

use super::attack;
use crate::{Orders, report::Outcome};

const PATIENCE: Duration = Duration::from_secs(3);

pub(super) fn all(orders: &Orders) {
    for (name, address) in &orders.addresses {
        attack(orders, name, || match address.parse::<SocketAddr>() {
            Ok(address) => Outcome::of(TcpStream::connect_timeout(&address, PATIENCE)),
            Err(error) => Outcome::Succeeded(format!("{address} is no address: {error}")),
        });
    }
    attack(orders, "net-engine-socket", || {
        let known = ["/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock"];
        let reached = known.iter().find(|path| UnixStream::connect(path).is_ok());
        reached.map_or_else(|| Outcome::Refused("none is here".into()), |path| Outcome::Succeeded((*path).into()))
    });
}
