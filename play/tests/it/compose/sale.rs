//! A sale on the whole installation, https included, and what nobody may do with it.

use std::time::Duration;

use anyhow::{Context, Result};
use play::{people::Someone, scenes};
use reqwest::StatusCode;
use sandbox::client::Sim;

use super::yard::{DOMAIN, Yard, said, sh};

/// Two cores may be busy with other worlds.
const PATIENCE: Duration = Duration::from_secs(120);

async fn person(sim: &Sim, name: &str) -> Result<Someone> {
    let person = sim.person(name).await?;
    Ok(Someone::new(sim.clone(), person, "slotyard_bot"))
}

/// YooKassa's notification of a payment that nobody has made.
fn forged() -> serde_json::Value {
    serde_json::json!({"type": "notification", "event": "payment.succeeded", "object": {"id": "22d6d597-000f-5000-9000-145f6df21d6f"}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_goes_through_on_compose_over_https_and_outlives_a_restart_of_everything() -> Result<()> {
    let mut yard = Yard::new()?;
    yard.compose.run(&["up", "-d", "--build"])?;
    let sim = Sim::new(&format!("http://{}.1:8081", yard.prefix)).with_patience(PATIENCE);
    sim.wait_polling("slotyard_bot", 0).await?;

    let anna = person(&sim, "Анна").await?;
    let paid = scenes::sign_up(&anna, "Салон Анны").await?.pay().await?;
    // YooKassa's word has come over https, from its own address through Caddy, and was taken.
    paid.notified_ms().await?;
    paid.ready().await?;
    let boris = person(&sim, "Борис").await?.with(&paid.bot.username);
    boris.start("Здесь можно записаться").await?;
    assert!(yard.compose.run(&["exec", "-T", "fleet", "master-bot", "tenants", "list"])?.contains(&paid.bot.username));
    for role in ["front", "fleet"] {
        yard.compose.run(&["exec", "-T", role, "master-bot", "doctor", "--role", role])?;
    }

    strangers_get_nowhere(&yard).await?;
    only_what_must_be_is_open(&yard)?;

    // Stopped as docs/OPERATIONS.md says it, and started: everything is as it was. (Telegram is not ours to stop.)
    yard.compose.run(&["stop", "caddy", "front", "fleet", "redis", "postgres"])?;
    let tenants = yard.tenants()?;
    assert_eq!(tenants.len(), 1);
    sh("docker", &["stop", &tenants[0]])?;
    yard.compose.run(&["up", "-d"])?;
    boris.start("Здесь можно записаться").await?;
    assert_eq!(yard.tenants()?, tenants, "the same container, and no second one");
    let vera = person(&sim, "Вера").await?;
    scenes::sell(&vera, "Барбершоп Веры").await?;

    sim.assert_clean().await?;
    yard.remove()?;
    assert_eq!(yard.traces()?, Vec::<String>::new());
    Ok(())
}

/// From the internet (the published ports), from this machine's loopback, and from a neighbour's container.
async fn strangers_get_nowhere(yard: &Yard) -> Result<()> {
    let https = format!("https://{DOMAIN}:{}", yard.https_port);
    let internet = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .add_root_certificate(yard.authority()?)
        .resolve(DOMAIN, ([127, 0, 0, 1], yard.https_port).into())
        .build()?;
    let yookassa = format!("{}.3", yard.prefix);
    // Forged senders: as the only hop, and before ours.
    for claim in [None, Some(yookassa.clone()), Some(format!("{yookassa}, {}.2", yard.prefix))] {
        for url in [https.clone(), format!("http://127.0.0.1:{}", yard.front_port)] {
            let mut ask = internet.post(format!("{url}/yookassa/notifications")).json(&forged());
            if let Some(claim) = &claim {
                ask = ask.header("X-Forwarded-For", claim);
            }
            let status = ask.send().await.with_context(|| url.clone())?.status();
            assert_eq!(status, StatusCode::FORBIDDEN, "{url} {claim:?}");
        }
    }
    for (path, status) in [("/healthz", 200), ("/metrics", 404), ("/readyz", 404), ("/", 404)] {
        assert_eq!(internet.get(format!("{https}{path}")).send().await?.status().as_u16(), status, "{path}");
    }
    let plain = format!("http://{DOMAIN}:{}/healthz", yard.http_port);
    let plain_client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .resolve(DOMAIN, ([127, 0, 0, 1], yard.http_port).into())
        .build()?;
    let answer = plain_client.get(&plain).send().await?;
    assert!(answer.status().is_redirection(), "{plain}: {}", answer.status());
    let metrics = internet.get(format!("http://127.0.0.1:{}/metrics", yard.front_port)).send().await?;
    assert_eq!(metrics.status(), StatusCode::OK, "this machine may look");

    // What shares the sockets, as a tenant does, is no superuser and no default user.
    let name = yard.compose.name();
    let sockets = [format!("{name}_postgres_socket:/pg:ro"), format!("{name}_redis_socket:/redis:ro")];
    for (program, answer) in [
        ("psql -h /pg -U postgres -c 'select 1'", "Peer authentication failed"),
        ("PGPASSWORD= psql -w -h /pg -U slotyard -d slotyard -c 'select 1'", "no password supplied"),
        ("redis-cli -s /redis/redis.sock acl whoami", "NOAUTH"),
    ] {
        let run = ["run", "--rm", "--network", "none", "--user", "65532:65532", "-v", &sockets[0], "-v", &sockets[1]];
        let told = std::process::Command::new("docker").args(run).args([&yard.debian, "sh", "-c", program]).output()?;
        assert!(said(&told).contains(answer), "{program}: {}", said(&told));
    }
    Ok(())
}

/// Held against what runs, not against what was written.
fn only_what_must_be_is_open(yard: &Yard) -> Result<()> {
    let inspect = |service: &str| -> Result<serde_json::Value> {
        let told: Vec<serde_json::Value> =
            serde_json::from_str(&sh("docker", &["inspect", &yard.container(service)?])?)?;
        told.into_iter().next().context("nothing")
    };
    for service in ["postgres", "redis", "front", "fleet", "caddy", "sandbox"] {
        let found = inspect(service)?;
        let host = &found["HostConfig"];
        let open: Vec<String> = host["PortBindings"]
            .as_object()
            .into_iter()
            .flatten()
            .flat_map(|(port, on)| {
                on.as_array().cloned().unwrap_or_default().into_iter().map(move |on| (port.clone(), on))
            })
            .map(|(port, on)| format!("{} {port}", on["HostIp"].as_str().unwrap_or_default()))
            .collect();
        let expected = match service {
            "front" => vec!["127.0.0.1 8080/tcp".to_owned()],
            "caddy" => vec!["127.0.0.1 443/tcp".to_owned(), "127.0.0.1 80/tcp".to_owned()],
            "sandbox" => vec![format!("{}.1 8081/tcp", yard.prefix)],
            _ => vec![],
        };
        assert_eq!(open, expected, "{service}");
        let mounts = found["Mounts"].to_string();
        assert_eq!(mounts.contains("docker.sock"), service == "fleet", "{service}: {mounts}");
        assert_eq!(host["ReadonlyRootfs"], true, "{service}");
        assert_eq!(host["CapDrop"], serde_json::json!(["ALL"]), "{service}");
        assert_eq!(host["SecurityOpt"], serde_json::json!(["no-new-privileges:true"]), "{service}");
        assert_eq!(host["LogConfig"]["Config"]["max-size"], "10m", "{service}");
        assert_eq!(host["RestartPolicy"]["Name"], "unless-stopped", "{service}");
        if ["postgres", "redis"].contains(&service) {
            assert_eq!(host["NetworkMode"], "none", "{service}");
        }
        if ["front", "fleet", "sandbox"].contains(&service) {
            assert_eq!(found["Config"]["User"], "10001:10001", "{service}");
        }
    }
    Ok(())
}
