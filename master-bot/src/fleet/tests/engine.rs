//! An engine that is watched: how often it is looked at, how many starts it has in hand, and a gate before each.

use async_trait::async_trait;
use futures::stream::BoxStream;
use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Instant,
};
use tokio::sync::Semaphore;

use super::*;
use crate::runtime::{Hint, Runtime, RuntimeError, Seen, SeenNetwork, Spec, Usage};

/// See the module.
pub(super) struct Watched {
    inner: Arc<dyn Runtime>,
    gate: Option<Semaphore>,
    looks: AtomicUsize,
    starting: AtomicUsize,
    most: Mutex<usize>,
    pauses: Mutex<Pauses>,
}

/// Between the end of one list and the beginning of the next.
#[derive(Default)]
struct Pauses {
    ended: Option<Instant>,
    shortest: Option<Duration>,
}

impl Watched {
    pub(super) fn new(inner: Arc<dyn Runtime>) -> Self {
        let (looks, starting) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { inner, gate: None, looks, starting, most: Mutex::default(), pauses: Mutex::default() }
    }

    /// No start goes on before [`let_through`](Self::let_through) says so.
    pub(super) fn gated(self) -> Self {
        Self { gate: Some(Semaphore::new(0)), ..self }
    }

    /// So many starts more may go on.
    pub(super) fn let_through(&self, starts: usize) {
        self.gate.as_ref().unwrap().add_permits(starts);
    }

    /// How often all containers were listed.
    pub(super) fn looks(&self) -> usize {
        self.looks.load(SeqCst)
    }

    /// The shortest pause there ever was between two lists.
    pub(super) fn shortest_pause(&self) -> Option<Duration> {
        self.pauses.lock().unwrap().shortest
    }

    /// Starts in hand now, and the most that ever were.
    pub(super) fn starting(&self) -> (usize, usize) {
        (self.starting.load(SeqCst), *self.most.lock().unwrap())
    }
}

#[async_trait]
impl Runtime for Watched {
    async fn list(&self) -> Result<Vec<Seen>, RuntimeError> {
        self.looks.fetch_add(1, SeqCst);
        {
            let mut pauses = self.pauses.lock().unwrap();
            let pause = pauses.ended.take().map(|ended| ended.elapsed());
            pauses.shortest = pauses.shortest.into_iter().chain(pause).min();
        }
        let list = self.inner.list().await;
        self.pauses.lock().unwrap().ended = Some(Instant::now());
        list
    }

    async fn start(&self, name: &str) -> Result<(), RuntimeError> {
        {
            let now = self.starting.fetch_add(1, SeqCst) + 1;
            let mut most = self.most.lock().unwrap();
            *most = now.max(*most);
        }
        if let Some(gate) = &self.gate {
            gate.acquire().await.unwrap().forget();
        }
        let started = self.inner.start(name).await;
        self.starting.fetch_sub(1, SeqCst);
        started
    }

    async fn inspect(&self, name: &str) -> Result<Option<Seen>, RuntimeError> {
        self.inner.inspect(name).await
    }

    async fn differences(&self, spec: &Spec) -> Result<Option<Vec<String>>, RuntimeError> {
        self.inner.differences(spec).await
    }

    async fn of_tenant(&self, slug: &Slug) -> Result<Vec<Seen>, RuntimeError> {
        self.inner.of_tenant(slug).await
    }

    async fn create(&self, spec: &Spec) -> Result<(), RuntimeError> {
        self.inner.create(spec).await
    }

    async fn stop(&self, name: &str) -> Result<(), RuntimeError> {
        self.inner.stop(name).await
    }

    async fn restart(&self, name: &str) -> Result<(), RuntimeError> {
        self.inner.restart(name).await
    }

    async fn remove(&self, name: &str) -> Result<(), RuntimeError> {
        self.inner.remove(name).await
    }

    async fn networks(&self) -> Result<Vec<SeenNetwork>, RuntimeError> {
        self.inner.networks().await
    }

    async fn create_network(&self, name: &str) -> Result<(), RuntimeError> {
        self.inner.create_network(name).await
    }

    async fn logs(&self, name: &str, lines: u32) -> Result<String, RuntimeError> {
        self.inner.logs(name, lines).await
    }

    async fn folder(&self) -> Result<Option<std::path::PathBuf>, RuntimeError> {
        self.inner.folder().await
    }

    async fn usage(&self, name: &str) -> Result<Usage, RuntimeError> {
        self.inner.usage(name).await
    }

    fn hints(&self) -> BoxStream<'static, Hint> {
        self.inner.hints()
    }
}
