//! A line to a server on this machine that can be cut: nobody listens at its end any more, as when a provider is down.

use std::{net::SocketAddr, sync::Mutex};

use anyhow::{Context, Result};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};

/// See the module.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    to: SocketAddr,
    carrying: Mutex<Option<AbortHandle>>,
}

impl Relay {
    /// A line to `to`, `http://127.0.0.1:port` with or without a path.
    ///
    /// # Errors
    /// When the address is none or there is no listening.
    pub async fn to(to: &str) -> Result<Self> {
        let url = url::Url::parse(to)?;
        let port = url.port().context("the address has no port")?;
        let to = SocketAddr::new(url.host_str().context("the address has no host")?.parse()?, port);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let relay = Self { address, to, carrying: Mutex::default() };
        relay.carry(listener);
        Ok(relay)
    }

    /// The same address by way of the line.
    ///
    /// # Errors
    /// When it is none.
    pub fn by_way(&self, of: &str) -> Result<String> {
        let mut url = url::Url::parse(of)?;
        url.set_port(Some(self.address.port())).ok().context("the address takes no port")?;
        Ok(url.to_string())
    }

    /// Every connection breaks, and new ones are refused.
    pub fn cut(&self) {
        if let Some(carrying) = self.carrying.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take() {
            carrying.abort();
        }
    }

    /// The line is there again.
    ///
    /// # Errors
    /// When somebody else listens there by now.
    pub async fn mend(&self) -> Result<()> {
        let address = self.address;
        let listener = crate::until(std::time::Duration::from_secs(5), "the port is free", async || {
            Ok(TcpListener::bind(address).await.ok())
        });
        self.carry(listener.await?);
        Ok(())
    }

    fn carry(&self, listener: TcpListener) {
        let to = self.to;
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                connections.spawn(async move {
                    if let Ok(mut server) = TcpStream::connect(to).await {
                        let _ = copy_bidirectional(&mut client, &mut server).await;
                    }
                });
                while connections.try_join_next().is_some() {}
            }
        });
        *self.carrying.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(task.abort_handle());
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.cut();
    }
}
