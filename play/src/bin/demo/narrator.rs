//! Prints what the sandbox records, while it happens.

use std::time::Duration;

use anyhow::Result;
use play::transcript::Teller;
use sandbox::client::Sim;
use tokio::sync::mpsc;

/// Tells events as they come, and scenes between them.
pub(crate) struct Narrator {
    sim: Sim,
    teller: Teller,
    scenes: mpsc::UnboundedSender<String>,
    told: tokio::sync::Mutex<(mpsc::UnboundedReceiver<String>, u64)>,
}

impl Narrator {
    pub(crate) fn new(sim: Sim, colours: bool) -> Self {
        let (scenes, next) = mpsc::unbounded_channel();
        Self { sim, teller: Teller { colours }, scenes, told: tokio::sync::Mutex::new((next, 0)) }
    }

    /// A heading. What happened before is told above it: the scene before has waited for its last line.
    pub(crate) fn scene(&self, title: &str, explained: &[&str]) {
        let (bold, plain) = if self.teller.colours { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        let mut heading = format!("\n{bold}━━ {title} ━━{plain}\n");
        explained.iter().for_each(|line| heading.push_str(&format!("   {line}\n")));
        // The receiver lives as long as we do.
        let _ = self.scenes.send(heading);
    }

    /// Tells everything that happens until `play` ends, and what it left untold.
    pub(crate) async fn during<T>(&self, play: impl Future<Output = Result<T>>) -> Result<T> {
        let telling = async {
            loop {
                // A sandbox that is gone is the play's to complain of.
                if self.tell(Duration::from_millis(200)).await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        let played = tokio::select! { played = play => played, () = telling => unreachable!("it never ends") };
        self.tell(Duration::ZERO).await?;
        played
    }

    async fn tell(&self, wait: Duration) -> Result<()> {
        let mut told = self.told.lock().await;
        let (scenes, after) = &mut *told;
        let events = self.sim.events(*after, wait).await?;
        for event in &events.events {
            if let Some(text) = self.teller.tell(event) {
                println!("{text}");
            }
            *after = event.seq;
        }
        while let Ok(heading) = scenes.try_recv() {
            println!("{heading}");
        }
        Ok(())
    }
}
