//! Something between the master and a server that it talks to over a unix socket: Docker, Postgres or Redis.
//!
//! Everything passes through until a [`Trap`] is set. The first request that a trap waits for is let through to the
//! server (or is not), its answer is read and never handed on, and whoever set the trap is told. That is the moment
//! between an effect and its record, in which a test kills the program.

mod speech;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, anyhow};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    sync::oneshot,
    task::{AbortHandle, JoinSet},
    time::timeout,
};
use url::Url;

use self::speech::Speech;
use crate::world::Master;

/// Whose language is spoken on the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// The engine: HTTP. A request is its first line: `POST /v1.41/containers/create?name=…`.
    Docker,
    /// A request is one run of a statement: its text, with the bytes of its parameters.
    Postgres,
    /// A request is what the client writes at once.
    Redis,
}

/// What becomes of the request that springs a trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The server does it, and its answer is withheld.
    Done,
    /// The server never hears of it.
    NotDone,
}

/// Requests that must come one after the other on one connection; each must contain all its words.
pub type Steps = Vec<Vec<String>>;

/// A sprung trap's word for it, once.
#[derive(Debug)]
pub struct Trap {
    steps: Steps,
    sprung: oneshot::Receiver<()>,
}

impl Trap {
    /// Waits until somebody is caught: the effect is there (or will never be), and the answer is not.
    ///
    /// # Errors
    /// When nobody is within half a minute.
    pub async fn sprung(self) -> Result<()> {
        let sprung = timeout(Duration::from_secs(30), self.sprung).await;
        sprung.map_err(|_| anyhow!("nobody has said {:?}", self.steps))?.context("the proxy is gone")
    }
}

#[derive(Debug)]
struct Armed {
    id: u64,
    steps: Steps,
    effect: Effect,
    tell: oneshot::Sender<()>,
}

#[derive(Debug, Default)]
struct Traps {
    armed: Vec<Armed>,
    last: u64,
}

/// One socket, and all that goes through it.
#[derive(Debug)]
pub struct Proxy {
    traps: Arc<Mutex<Traps>>,
    carrying: AbortHandle,
}

impl Proxy {
    /// Listens at `socket` for what is meant for the server at `server`.
    ///
    /// # Errors
    /// When there is no listening there.
    pub fn start(speaks: Server, socket: &Path, server: &Path) -> Result<Self> {
        let listener = UnixListener::bind(socket).with_context(|| format!("listening at {}", socket.display()))?;
        let traps = Arc::<Mutex<Traps>>::default();
        let (server, shared) = (server.to_owned(), traps.clone());
        let carrying = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (server, traps) = (server.clone(), shared.clone());
                connections.spawn(async move {
                    // A server that is away: the client finds its connection closed.
                    if let Ok(server) = UnixStream::connect(&server).await {
                        let _ = carry(speaks, client, server, &traps).await;
                    }
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { traps, carrying: carrying.abort_handle() })
    }

    /// The next to say this is caught.
    #[must_use]
    pub fn trap(&self, steps: &[&[&str]], effect: Effect) -> Trap {
        let steps: Steps = steps.iter().map(|words| words.iter().map(|word| (*word).to_owned()).collect()).collect();
        let (tell, sprung) = oneshot::channel();
        let mut traps = self.traps.lock().unwrap_or_else(PoisonError::into_inner);
        traps.last += 1;
        let id = traps.last;
        traps.armed.push(Armed { id, steps: steps.clone(), effect, tell });
        Trap { steps, sprung }
    }

    /// Takes back every trap that nobody has fallen into.
    pub fn disarm(&self) {
        self.traps.lock().unwrap_or_else(PoisonError::into_inner).armed.clear();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}

/// Carries bytes both ways until one side is gone or a trap springs.
async fn carry(
    speaks: Server,
    mut client: UnixStream,
    mut server: UnixStream,
    traps: &Mutex<Traps>,
) -> std::io::Result<()> {
    let mut speech = Speech::new(speaks);
    let mut reached = Vec::new();
    let (mut up, mut down) = (Vec::with_capacity(1 << 16), Vec::with_capacity(1 << 16));
    loop {
        tokio::select! {
            read = client.read_buf(&mut up) => {
                if read? == 0 {
                    return Ok(());
                }
                if let Some(armed) = struck(&mut speech, &up, &mut reached, traps) {
                    return hold(&speech, armed, &up, client, server).await;
                }
                server.write_all(&up).await?;
                up.clear();
            }
            read = server.read_buf(&mut down) => {
                if read? == 0 {
                    return Ok(());
                }
                client.write_all(&down).await?;
                down.clear();
            }
        }
    }
}

/// The trap that these bytes spring. `reached` remembers how far this connection has come in each.
fn struck(speech: &mut Speech, bytes: &[u8], reached: &mut Vec<(u64, usize)>, traps: &Mutex<Traps>) -> Option<Armed> {
    let requests = speech.hear(bytes);
    let mut traps = traps.lock().unwrap_or_else(PoisonError::into_inner);
    for request in requests {
        for place in 0..traps.armed.len() {
            let armed = traps.armed.get(place)?;
            let step = reached.iter().find(|(id, _)| *id == armed.id).map_or(0, |(_, step)| *step);
            let says = |word: &String| request.windows(word.len()).any(|part| part == word.as_bytes());
            if !armed.steps.get(step).is_some_and(|words| words.iter().all(says)) {
                continue;
            }
            if step + 1 == armed.steps.len() {
                return Some(traps.armed.remove(place));
            }
            reached.retain(|(id, _)| *id != armed.id);
            reached.push((armed.id, step + 1));
        }
    }
    None
}

/// The request has its effect or not; either way the client hears nothing any more, for as long as it lives.
async fn hold(
    speech: &Speech,
    trap: Armed,
    request: &[u8],
    mut client: UnixStream,
    mut server: UnixStream,
) -> std::io::Result<()> {
    if trap.effect == Effect::Done {
        server.write_all(request).await?;
        server.write_all(speech.postscript()).await?;
        let (mut rest, mut answer) = (Vec::new(), Vec::new());
        while !speech.is_answer(&answer) {
            tokio::select! {
                // The body of a request may come after its head.
                read = client.read_buf(&mut rest) => {
                    if read? == 0 {
                        return Ok(());
                    }
                    server.write_all(&rest).await?;
                    rest.clear();
                }
                read = server.read_buf(&mut answer) => {
                    if read? == 0 {
                        break;
                    }
                }
            }
        }
    }
    // A test that does not wait any more is no reason to let the client go.
    let _ = trap.tell.send(());
    let mut unheard = [0; 4096];
    while client.read(&mut unheard).await? > 0 {}
    Ok(())
}

/// Proxies on all three of the master's sockets.
#[derive(Debug)]
pub struct Proxies {
    /// Before the engine.
    pub docker: Proxy,
    /// Before Postgres.
    pub postgres: Proxy,
    /// Before Redis.
    pub redis: Proxy,
}

impl Proxies {
    /// Stands between the master, at its next start, and what its settings name now. Tenants are not touched.
    ///
    /// # Errors
    /// When a setting names no unix socket or there is no listening.
    pub fn before(master: &mut Master) -> Result<Self> {
        let folder = master.output_file().with_file_name("px");
        std::fs::create_dir_all(&folder)?;
        let setting = |name: &str| master.settings().get(name).cloned().with_context(|| format!("{name} is not set"));
        let mut database = Url::parse(&setting("DATABASE_URL")?)?;
        let host = database.query_pairs().find(|(key, _)| key == "host").context("DATABASE_URL has no socket")?;
        let host = PathBuf::from(host.1.into_owned());
        let mut redis = Url::parse(&setting("REDIS_URL")?)?;
        let docker = setting("DOCKER_HOST")?;
        let docker = docker.strip_prefix("unix://").context("DOCKER_HOST is no socket")?;

        let at = |name: &str| folder.join(name);
        let proxies = Self {
            docker: Proxy::start(Server::Docker, &at("docker.sock"), Path::new(docker))?,
            postgres: Proxy::start(Server::Postgres, &at(".s.PGSQL.5432"), &host.join(".s.PGSQL.5432"))?,
            redis: Proxy::start(Server::Redis, &at("redis.sock"), Path::new(redis.path()))?,
        };
        database.query_pairs_mut().clear().append_pair("host", &folder.to_string_lossy());
        redis.set_path(&at("redis.sock").to_string_lossy());
        master.set("DATABASE_URL", database.as_str());
        master.set("REDIS_URL", redis.as_str());
        master.set("DOCKER_HOST", &format!("unix://{}", at("docker.sock").display()));
        Ok(proxies)
    }

    /// Takes back every trap that nobody has fallen into.
    pub fn disarm(&self) {
        self.docker.disarm();
        self.postgres.disarm();
        self.redis.disarm();
    }
}
