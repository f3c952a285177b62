//! Prints what the sandbox records, while it happens.

use std::time::Duration;

use anyhow::Result;
use play::transcript::Teller;
use sandbox::client::Sim;
use tokio::sync::Mutex;

/// Tells events as they come, and headings between them.
pub(crate) struct Narrator {
    sim: Sim,
    teller: Teller,
    /// Number of the last event that was told.
    told: Mutex<u64>,
}

impl Narrator {
    pub(crate) fn new(sim: Sim, colours: bool) -> Self {
        Self { sim, teller: Teller { colours }, told: Mutex::new(0) }
    }

    /// A heading, below everything that has happened before it.
    pub(crate) async fn scene(&self, title: &str, explained: &[&str]) -> Result<()> {
        let mut told = self.told.lock().await;
        self.tell(&mut told, Duration::ZERO).await?;
        let (bold, plain) = if self.teller.colours { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        println!("\n{bold}━━ {title} ━━{plain}");
        explained.iter().for_each(|line| println!("   {line}"));
        println!();
        Ok(())
    }

    /// Tells everything that happens until `play` ends, and what it left untold.
    pub(crate) async fn during<T>(&self, play: impl Future<Output = Result<T>>) -> Result<T> {
        let telling = async {
            loop {
                let mut told = self.told.lock().await;
                if self.tell(&mut told, Duration::from_millis(200)).await.is_err() {
                    // A sandbox that is gone is the play's to complain of.
                    std::future::pending::<()>().await;
                }
            }
        };
        let played = tokio::select! {
            played = play => played,
            () = telling => anyhow::bail!("the telling has ended before the play"),
        };
        self.tell(&mut *self.told.lock().await, Duration::ZERO).await?;
        played
    }

    async fn tell(&self, told: &mut u64, wait: Duration) -> Result<()> {
        for event in self.sim.events(*told, wait).await?.events {
            *told = event.seq;
            if let Some(text) = self.teller.tell(&event) {
                println!("{text}");
            }
        }
        Ok(())
    }
}
