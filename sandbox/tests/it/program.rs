use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

#[test]
fn the_program_says_where_it_listens_and_stops_on_sigterm() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .args(["--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let said: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(said["addresses"].as_array().unwrap().len(), 2);
    assert!(said["yookassa_url"].as_str().unwrap().ends_with("/yookassa/v3"));
    let told = Command::new("kill").args(["-TERM", &program.id().to_string()]).status().unwrap();
    assert!(told.success());
    assert!(program.wait().unwrap().success());
}

#[test]
fn who_is_in_the_settings_is_there_after_every_start() {
    let token = format!("1000000001:{}", "A".repeat(35));
    for _ in 0..2 {
        let mut program = Command::new(env!("CARGO_BIN_EXE_sandbox"))
            .args(["--listen", "127.0.0.1:0", "--page-url", "http://10.0.0.1:8081/"])
            .envs([("SANDBOX_MASTER_TOKEN", token.as_str()), ("SANDBOX_OWNERS", "101, 102")])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        let sim = sandbox::client::Sim::new(&format!("http://{}", said["addresses"][0].as_str().unwrap()));
        let (bot, owner) = tokio::runtime::Runtime::new().unwrap().block_on(async {
            (sim.bot("slotyard_bot").await.unwrap(), sim.start(102, "slotyard_bot", None).await.unwrap().person)
        });
        assert_eq!((bot.bot.id, bot.token, bot.can_manage_bots, owner), (1_000_000_001, token.clone(), true, 102));
        program.kill().unwrap();
        program.wait().unwrap();
    }
}

#[test]
fn a_cast_that_cannot_be_is_refused_by_its_setting() {
    let told = Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .args(["--listen", "127.0.0.1:0"])
        .env("SANDBOX_MASTER_TOKEN", "short:token")
        .output()
        .unwrap();
    assert!(!told.status.success());
    assert!(String::from_utf8_lossy(&told.stderr).contains("the master bot's token must look like"), "{told:?}");
}
