//! Stand-ins for Telegram's Bot API and for YooKassa in one process, strict where the real ones are strict, with a
//! control interface under `/sim/` by which people, buyers and faults are played. `docs/SANDBOX.md` says it all.
//!
//! ```no_run
//! # async fn f() -> anyhow::Result<()> {
//! let sandbox = sandbox::Sandbox::start(sandbox::SandboxOptions::default()).await?;
//! let sim = sandbox.sim();
//! let bot = sim.create_bot("Салон", "salon_bot", false).await?;
//! let anna = sim.person("Анна").await?;
//! let asked = sim.start(anna.id, &bot, None).await?;
//! let greeting = sim.wait_reply(&asked, "Здравствуйте").await?;
//! # Ok(()) }
//! ```

mod cast;
pub mod client;
mod faultline;
mod server;
mod sim;
mod state;
mod telegram;
pub mod wire;
mod yookassa;

pub use cast::Cast;
use state::{World, payments};
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How a sandbox is to be.
#[derive(Clone, Debug)]
pub struct SandboxOptions {
    /// Where to listen; port 0 takes a free one. Loopback when nothing is said.
    pub listen: Vec<SocketAddr>,
    /// The shop's id at YooKassa.
    pub shop_id: String,
    /// The shop's secret key.
    pub secret_key: String,
    /// Where YooKassa's notifications go; none are sent without.
    pub notification_url: Option<String>,
    /// Pause before a notification's second attempt; it doubles.
    pub first_retry: Duration,
    /// What that pause never goes beyond.
    pub max_retry: Duration,
    /// Whether Telegram's flood limits hold.
    pub flood: bool,
    /// Whether webhooks may be plain HTTP and on any port.
    pub webhooks_anywhere: bool,
    /// Seed of all made-up ids and tokens; by chance when absent.
    pub seed: Option<u64>,
    /// Who is there from the beginning.
    pub cast: Cast,
    /// Where people's browsers find the page on which they pay, `http://host:port`; the first address when absent.
    pub page_url: Option<String>,
    /// Certificate authorities (PEM) that notifications trust besides the usual ones.
    pub trusted: Vec<u8>,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))],
            shop_id: "100500".into(),
            secret_key: "test_sandbox".into(),
            notification_url: None,
            first_retry: Duration::from_millis(200),
            max_retry: Duration::from_secs(10),
            flood: false,
            webhooks_anywhere: false,
            seed: None,
            cast: Cast::default(),
            page_url: None,
            trusted: Vec::new(),
        }
    }
}

/// The way in: [`Sandbox::start`].
pub struct Sandbox;

impl Sandbox {
    /// Binds every address and serves the same world on all of them.
    ///
    /// # Errors
    /// If an address cannot be bound.
    pub async fn start(options: SandboxOptions) -> std::io::Result<Running> {
        let mut listeners = Vec::new();
        for address in &options.listen {
            let bound = tokio::net::TcpListener::bind(address).await;
            listeners
                .push(bound.map_err(|e| std::io::Error::new(e.kind(), format!("cannot listen on {address}: {e}")))?);
        }
        let addresses = listeners.iter().map(tokio::net::TcpListener::local_addr).collect::<Result<Vec<_>, _>>()?;
        let mut http = reqwest::Client::builder().timeout(Duration::from_secs(30)).no_proxy();
        for authority in reqwest::Certificate::from_pem_bundle(&options.trusted).map_err(std::io::Error::other)? {
            http = http.add_root_certificate(authority);
        }
        let http = http.build().map_err(std::io::Error::other)?;
        let notify = payments::Notify {
            url: options.notification_url,
            automatic: true,
            first_retry: options.first_retry,
            max_retry: options.max_retry,
            copies: 1,
            hold: false,
            held: Vec::new(),
        };
        let page = match options.page_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => addresses.first().map(|address| format!("http://{address}")).unwrap_or_default(),
        };
        let shop = payments::Shop::new(options.shop_id, options.secret_key, page, notify);
        let stop = CancellationToken::new();
        let world = World::new(shop, options.seed, stop.clone(), http);
        {
            let mut state = world.lock();
            state.flood.settings.on = options.flood;
            state.webhooks_anywhere = options.webhooks_anywhere;
        }
        options.cast.enter(&mut world.lock()).map_err(std::io::Error::other)?;
        let mut tasks: Vec<_> = listeners.into_iter().map(|listener| server::serve(listener, &world)).collect();
        tasks.push(tokio::spawn(yookassa::end_what_is_over(world)));
        Ok(Running { addresses, stop, tasks })
    }
}

/// A sandbox that serves; stops when dropped.
#[derive(Debug)]
pub struct Running {
    addresses: Vec<SocketAddr>,
    stop: CancellationToken,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Running {
    /// The addresses really bound, in the order asked for.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// `http://host:port` of the first address: what `TELEGRAM_API_URL` is to be.
    #[must_use]
    pub fn url(&self) -> String {
        self.addresses.first().map(|address| format!("http://{address}")).unwrap_or_default()
    }

    /// What `YOOKASSA_API_URL` is to be.
    #[must_use]
    pub fn yookassa_url(&self) -> String {
        format!("{}/yookassa/v3", self.url())
    }

    /// A client of the control interface.
    #[must_use]
    pub fn sim(&self) -> client::Sim {
        client::Sim::new(&self.url())
    }

    /// Stops listening, ends every wait and closes the connections; whoever still sends after two seconds is cut off.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let all = futures::future::join_all(self.tasks.drain(..));
        let _ = tokio::time::timeout(Duration::from_secs(2), all).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
