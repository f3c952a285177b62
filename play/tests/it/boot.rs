//! After a reboot everything comes up at once, and in any order.

use std::{fs, os::unix::fs::symlink, time::Duration};

use anyhow::Result;
use play::{
    env, scenes, until,
    world::{Shape, World},
};
use sandbox::wire::{Fault, FaultKind};

#[tokio::test(flavor = "multi_thread")]
async fn a_master_that_is_up_before_postgres_redis_and_telegram_waits_for_them() -> Result<()> {
    let mut world = World::shaped(Shape { without_master: true, ..Shape::default() }).await?;
    let folder = world.master.output_file().with_file_name("late");
    fs::create_dir_all(&folder)?;
    // The servers' sockets are where the master looks for them only later.
    let (postgres, redis) = (folder.join("pg"), folder.join("redis"));
    let settings = world.master.settings().clone();
    for (name, socket, late) in
        [("DATABASE_URL", env::pg_socket_dir()?, &postgres), ("REDIS_URL", env::redis_socket_dir()?, &redis)]
    {
        let there = socket.display().to_string();
        assert!(settings[name].contains(&there), "{name} names the socket's folder");
        world.master.set(name, &settings[name].replace(&there, &late.display().to_string()));
    }
    let sim = world.stage.sim.clone();
    sim.fault(&Fault::telegram("getMe", FaultKind::Down)).await?;
    let log = world.master.output_file();
    let waits = async |word: &str| {
        until(Duration::from_secs(60), word, async || {
            Ok(fs::read_to_string(&log).unwrap_or_default().contains(word).then_some(()))
        })
        .await
    };
    let servers = async {
        waits("the registry (DATABASE_URL) does not answer yet").await?;
        symlink(env::pg_socket_dir()?, &postgres)?;
        waits("Redis (REDIS_URL) does not answer yet").await?;
        symlink(env::redis_socket_dir()?, &redis)?;
        waits("Telegram (TELEGRAM_API_URL) does not answer yet").await
    };
    let (started, came) = tokio::join!(world.start_master(), servers);
    came?;
    started?;
    scenes::sell(&world.someone("Анна").await?, "Барбершоп").await?;
    world.close().await
}
