//! `--keep`: everything stays, and a person is told how to go on.

use std::{fmt::Write, fs, os::unix::fs::OpenOptionsExt};

use anyhow::{Context, Result};
use play::{env, world::World};

use crate::summary::Summary;

/// Lets go of the processes and writes the master's settings to a file that a shell can read.
pub(crate) fn keep(world: World, summary: &Summary) -> Result<()> {
    let run = env::run_dir().context("--keep needs scripts/demo, which knows how to stop it again")?;
    let file = run.join("master.env");
    let mut lines = String::new();
    for (name, value) in world.master.settings() {
        writeln!(lines, "export {name}='{}'", value.replace('\'', r"'\''"))?;
    }
    // The settings hold every secret there is.
    let mut options = fs::File::options();
    let opened = options.create(true).truncate(true).write(true).mode(0o600).open(&file)?;
    std::io::Write::write_all(&mut &opened, lines.as_bytes())?;

    let (sim, http, bot) = (world.stage.telegram_url(), world.master.http()?, world.bot.bot.username.clone());
    let (owner, slug, log) = (world.owner.id, &summary.slug, world.master.output_file());
    let bin = env::bin_dir()?.join("master-bot");
    println!(
        "━━ It stays up ━━
   Talk to the bots (the sandbox plays Telegram and YooKassa; docs/SANDBOX.md):
     curl -s {sim}/sim/users
     curl -s {sim}/sim/bots
     curl -s {sim}/sim/chats/{owner}/{bot}
     curl -s -X POST -H 'content-type: application/json' -d '{{\"text\":\"/tenants\"}}' {sim}/sim/chats/{owner}/{bot}/say
     curl -s -X POST -H 'content-type: application/json' -d '{{\"text\":\"{slug}\"}}' {sim}/sim/chats/{owner}/{bot}/press
   Operate the fleet:
     (. {env}; {bin} tenants list)
     (. {env}; {bin} tenants show {slug})
   Look:
     curl -s {http}/metrics
     tail -f {log}
     docker --host {docker} ps
     psql '{database}'
   Stop it:
     scripts/demo --stop",
        env = file.display(),
        bin = bin.display(),
        log = log.display(),
        docker = env::docker_host()?,
        database = world.database.admin_url(),
    );
    world.keep()?;
    Ok(())
}
