//! What Compose makes of the file, in every profile; nothing is started.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_yaml::Value;

use super::yard::{Compose, filled_in, root, said};

/// The services that a profile has, as Compose understands them.
fn services(profile: &str, over: Option<&str>) -> Result<BTreeMap<String, Value>> {
    let mut settings = filled_in();
    settings.insert("COMPOSE_PROFILES".into(), profile.into());
    settings.insert("PUBLIC_URL".into(), "https://slotyard.test".into());
    let mut compose = Compose::with(settings)?;
    if let Some(over) = over {
        compose.over(root().join(over));
    }
    let told: Value = serde_yaml::from_str(&compose.run(&["config"])?)?;
    std::fs::remove_dir_all(&compose.folder)?;
    let all = told["services"].as_mapping().context("no services")?;
    let services = all.iter().filter_map(|(name, service)| Some((name.as_str()?.to_owned(), service.clone())));
    // 1.29 shows those of the other profiles, too.
    let is_wanted = |service: &Value| match service["profiles"].as_sequence() {
        None => true,
        Some(profiles) => {
            profiles.iter().filter_map(Value::as_str).any(|p| profile.split(',').any(|wanted| wanted == p))
        }
    };
    Ok(services.filter(|(_, service)| is_wanted(service)).collect())
}

fn names(services: &BTreeMap<String, Value>) -> Vec<&str> {
    services.keys().map(String::as_str).collect()
}

#[test]
fn every_profile_is_understood_and_adds_only_its_own() -> Result<()> {
    let usual = ["fleet", "front", "migrate", "postgres", "redis", "tenant-image"];
    let with = |more: &[&'static str]| {
        let mut all = [&usual[..], more].concat();
        all.sort_unstable();
        all
    };
    assert_eq!(names(&services("", None)?), with(&[]));
    assert_eq!(names(&services("tls", None)?), with(&["caddy"]));
    assert_eq!(names(&services("sandbox", None)?), with(&["sandbox"]));
    assert_eq!(names(&services("tls,sandbox", None)?), with(&["caddy", "sandbox"]));
    Ok(())
}

#[test]
fn nothing_is_published_but_http_and_https_and_nobody_but_the_fleet_has_the_engine() -> Result<()> {
    for (name, service) in services("tls,sandbox", None)? {
        let ports = serde_yaml::to_string(&service["ports"])?;
        match name.as_str() {
            "caddy" => assert!(ports.contains("80") && ports.contains("443"), "{ports}"),
            "front" => assert!(ports.contains("127.0.0.1"), "{ports}"),
            "sandbox" => assert!(ports.contains("10.221.80.1"), "{ports}"),
            _ => assert!(service.get("ports").is_none(), "{name}: {ports}"),
        }
        let mounts = serde_yaml::to_string(&service["volumes"])?;
        assert_eq!(mounts.contains("docker.sock"), name == "fleet", "{name}: {mounts}");
        for (what, wanted) in
            [("read_only", "true"), ("cap_drop", "- ALL"), ("security_opt", "- no-new-privileges:true")]
        {
            let told = serde_yaml::to_string(&service[what])?;
            assert_eq!(told.trim(), wanted, "{name}: {what}");
        }
        assert!(serde_yaml::to_string(&service["logging"])?.contains("max-size"), "{name}: its log grows for ever");
        let once = ["migrate", "tenant-image"].contains(&name.as_str());
        let restarts = service["restart"].as_str().context("no restart policy")?;
        assert_eq!(restarts, if once { "no" } else { "unless-stopped" }, "{name}");
    }
    Ok(())
}

#[test]
fn what_must_be_given_has_no_default_and_a_missing_one_stops_compose_by_its_name() -> Result<()> {
    for name in [
        "POSTGRES_PASSWORD",
        "REDIS_PASSWORD",
        "MASTER_KEY",
        "MASTER_BOT_TOKEN",
        "OWNER_IDS",
        "YOOKASSA_SHOP_ID",
        "YOOKASSA_SECRET_KEY",
        "DOCKER_GID",
    ] {
        for missing in [None, Some("")] {
            let mut settings = filled_in();
            match missing {
                None => settings.remove(name),
                Some(empty) => settings.insert(name.into(), empty.into()),
            };
            let compose = Compose::with(settings)?;
            let output = compose.output(&["up", "-d"])?;
            std::fs::remove_dir_all(&compose.folder)?;
            let told = said(&output);
            assert!(!output.status.success(), "{name} may be missing: {told}");
            assert!(told.contains(name), "{name} is not told: {told}");
        }
    }
    Ok(())
}

#[test]
fn secrets_may_come_from_files_and_then_stand_in_no_environment() -> Result<()> {
    let given = filled_in();
    let services = services("", Some("docker-compose.secrets.yml"))?;
    for (service, names) in [
        ("front", &["DATABASE_URL", "REDIS_URL", "MASTER_KEY", "MASTER_BOT_TOKEN", "YOOKASSA_SECRET_KEY"][..]),
        ("fleet", &["DATABASE_URL", "REDIS_URL", "MASTER_KEY", "MASTER_BOT_TOKEN"]),
        ("migrate", &["DATABASE_URL"]),
        ("redis", &["REDIS_PASSWORD"]),
    ] {
        let environment = &services[service]["environment"];
        let text = |name: &str| environment[name].as_str().unwrap_or_default().to_owned();
        for name in names {
            assert_eq!(text(name), "", "{service}: {name}");
            let file = text(&format!("{name}_FILE"));
            let secret = file.strip_prefix("/run/secrets/").with_context(|| format!("{service}: {name}: {file}"))?;
            let handed = serde_yaml::to_string(&services[service]["secrets"])?;
            assert!(handed.contains(secret), "{service} is not handed {secret}: {handed}");
        }
        for name in ["POSTGRES_PASSWORD", "REDIS_PASSWORD", "MASTER_KEY", "MASTER_BOT_TOKEN", "YOOKASSA_SECRET_KEY"] {
            assert!(!serde_yaml::to_string(environment)?.contains(&given[name]), "{service} has {name} in the open");
        }
    }
    Ok(())
}
