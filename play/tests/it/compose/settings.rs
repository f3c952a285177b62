//! Every variable that a program reads has its line in `.env.example`, its row in docs/ENVIRONMENT.md, and its way through
//! `docker-compose.yml`. What is missing is told with what to add where.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context, Result};
use serde_yaml::Value;

use super::yard::root;

/// What stands in `.env.example` before the variables that Compose sets by itself.
const BY_HAND: &str = "── Without Compose";

/// What reads a variable whose name follows as a text. A helper of ours takes the environment first.
const READERS: [&str; 12] = [
    "secret(",
    "required(",
    "optional(",
    "or(",
    "list(",
    "env,",
    "env::var(",
    "env::var_os(",
    "required::<String>(",
    "required::<u16>(",
    "required::<i64>(",
    "env = ",
];

fn read(path: &str) -> Result<String> {
    fs::read_to_string(root().join(path)).with_context(|| path.to_owned())
}

fn sources(folder: &Path, all: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, all)?;
        } else if path.extension().is_some_and(|e| e == "rs") && path.file_name().is_some_and(|n| n != "tests.rs") {
            let text = fs::read_to_string(&path)?;
            // Tests come last in a file of ours, and make up variables.
            all.push(text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned());
        }
    }
    Ok(())
}

/// Names that the code of these crates reads, with whether each is a secret.
fn read_by(crates: &[&str]) -> Result<BTreeMap<String, bool>> {
    let mut texts = Vec::new();
    for name in crates {
        sources(&root().join(name).join("src"), &mut texts)?;
    }
    let mut found = BTreeMap::new();
    for text in &texts {
        for (at, _) in text.match_indices('"') {
            let rest = &text[at + 1..];
            let Some(end) = rest.find('"') else { continue };
            let name = &rest[..end];
            let shaped = name.contains('_')
                && name.starts_with(|c: char| c.is_ascii_uppercase())
                && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
            // rustfmt may have put the name on the next line.
            let before = text[..at].trim_end();
            if shaped && READERS.iter().any(|reader| before.ends_with(reader.trim_end())) {
                *found.entry(name.to_owned()).or_default() |= before.ends_with("secret(");
            }
        }
    }
    Ok(found)
}

fn master() -> Result<BTreeMap<String, bool>> {
    let mut names = read_by(&["master-bot", "shared"])?;
    // tracing-subscriber's own.
    names.insert("RUST_LOG".into(), false);
    Ok(names)
}

/// A line of `.env.example`.
struct Line {
    value: String,
    /// It stands among those that Compose sets by itself.
    by_hand: bool,
    commented: bool,
}

fn example() -> Result<BTreeMap<String, Line>> {
    let text = read(".env.example")?;
    let (mut lines, mut by_hand, mut before) = (BTreeMap::new(), false, "");
    for line in text.lines() {
        by_hand |= line.contains(BY_HAND);
        let shown = line.trim_start_matches('#');
        if let Some((name, value)) = shown.split_once('=')
            && !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        {
            assert!(before.starts_with("# "), ".env.example: {name} has no comment on the line above it");
            let line = Line { value: value.to_owned(), by_hand, commented: line.starts_with('#') };
            assert!(lines.insert(name.to_owned(), line).is_none(), ".env.example has {name} twice");
        }
        before = line;
    }
    Ok(lines)
}

/// `${NAME…}` of a text, with what stands behind `:-`.
fn taken_by(text: &str) -> BTreeMap<String, Option<String>> {
    let mut names = BTreeMap::new();
    for part in text.split("${").skip(1) {
        let Some(inside) = part.split('}').next() else { continue };
        let end =
            inside.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')).unwrap_or(inside.len());
        let default = inside[end..].strip_prefix(":-").map(str::to_owned);
        names.insert(inside[..end].to_owned(), default);
    }
    names
}

/// What a service's environment has, with what is merged into it.
fn environment(compose: &Value, service: &str) -> BTreeMap<String, String> {
    let mapping = compose["services"][service]["environment"].as_mapping().cloned().unwrap_or_default();
    mapping.iter().filter_map(|(name, value)| Some((name.as_str()?.to_owned(), value.as_str()?.to_owned()))).collect()
}

fn compose() -> Result<(String, Value)> {
    let text = read("docker-compose.yml")?;
    let mut parsed: Value = serde_yaml::from_str(&text)?;
    parsed.apply_merge()?;
    Ok((text, parsed))
}

/// Whether the page has a row for this name below one of these headings.
fn in_the_table(page: &str, headings: &[&str], name: &str) -> bool {
    let sections = page.split("\n## ").filter(|section| headings.iter().any(|h| section.lines().next() == Some(*h)));
    sections.flat_map(str::lines).any(|line| {
        let first = line.strip_prefix("| ").and_then(|l| l.split(" | ").next()).unwrap_or_default();
        first.contains(&format!("`{name}`"))
    })
}

#[test]
fn every_setting_of_the_master_is_documented_has_its_line_and_goes_through_compose() -> Result<()> {
    let (example, page) = (example()?, read("docs/ENVIRONMENT.md")?);
    let (_, compose) = compose()?;
    let mut given = BTreeMap::new();
    for service in ["migrate", "fleet", "front"] {
        given.extend(environment(&compose, service));
    }
    let mut missing = Vec::new();
    let names = master()?;
    assert!(
        names.contains_key("PUBLIC_URL") && names["MASTER_KEY"] && names.len() > 20,
        "too little is found: {names:?}"
    );
    for (name, secret) in &names {
        if !in_the_table(&page, &["master-bot"], name) {
            missing
                .push(format!("docs/ENVIRONMENT.md: add a row that begins with | `{name}` to the table of master-bot"));
        }
        let line = example.get(name);
        if line.is_none() {
            missing.push(format!(".env.example: add a comment and the line #{name}=default"));
        }
        match given.get(name) {
            None => missing.push(format!(
                "docker-compose.yml: add {name}: ${{{name}:-}} to x-settings (both halves) or to the environment of front or fleet"
            )),
            Some(value)
                if line.is_some_and(|line| !line.by_hand) && !value.contains(&format!("${{{name}")) =>
            {
                missing.push(format!(
                    "docker-compose.yml sets {name} to {value}: let it take ${{{name}}}, or move the line of .env.example below «{BY_HAND}»"
                ));
            }
            Some(_) => {}
        }
        if *secret && name != "ADMIN_DATABASE_URL" && !given.contains_key(&format!("{name}_FILE")) {
            missing.push(format!(
                "docker-compose.yml: add {name}_FILE: \"\" beside {name}, so that docker-compose.secrets.yml can fill it"
            ));
        }
    }
    assert!(missing.is_empty(), "{} things to add:\n  {}", missing.len(), missing.join("\n  "));
    Ok(())
}

#[test]
fn every_line_of_the_example_is_read_by_somebody_and_shows_the_true_default() -> Result<()> {
    let (text, _) = compose()?;
    let (example, page, taken) = (example()?, read("docs/ENVIRONMENT.md")?, taken_by(&text));
    // Compose's own.
    let own = BTreeSet::from(["COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME"]);
    let names = master()?;
    let mut wrong = Vec::new();
    for (name, line) in &example {
        let is_read =
            taken.contains_key(name) || own.contains(name.as_str()) || (line.by_hand && names.contains_key(name));
        if !is_read {
            wrong.push(format!(".env.example: nobody reads {name}; let docker-compose.yml pass it on as ${{{name}:-}}, or remove the line"));
        }
        if !in_the_table(&page, &["master-bot", "Compose"], name) {
            wrong.push(format!("docs/ENVIRONMENT.md: no table has a row that begins with | `{name}`"));
        }
        let default = taken.get(name).cloned().flatten().unwrap_or_default();
        if line.commented && !default.is_empty() && line.value != default {
            wrong.push(format!(".env.example: {name} shows {}, docker-compose.yml has {default}", line.value));
        }
    }
    for name in taken.keys().filter(|name| !example.contains_key(*name)) {
        wrong.push(format!(".env.example: add a comment and a line for {name}, which docker-compose.yml takes"));
    }
    assert!(wrong.is_empty(), "{} things to mend:\n  {}", wrong.len(), wrong.join("\n  "));
    Ok(())
}

#[test]
fn what_the_tenants_and_the_sandbox_read_is_documented_and_given() -> Result<()> {
    let page = read("docs/ENVIRONMENT.md")?;
    let spec = read("master-bot/src/fleet/steps/container.rs")?;
    let tenant = read_by(&["tenant-bot"])?;
    assert!(tenant.contains_key("BOT_TOKEN"), "too little is found: {tenant:?}");
    let mut missing = Vec::new();
    for name in tenant.keys() {
        if !in_the_table(&page, &["tenant-bot"], name) {
            missing
                .push(format!("docs/ENVIRONMENT.md: add a row that begins with | `{name}` to the table of tenant-bot"));
        }
        if !spec.contains(&format!("\"{name}\"")) {
            missing.push(format!("master-bot/src/fleet/steps/container.rs: give {name} to the container"));
        }
    }
    let (_, compose) = compose()?;
    let sandbox = environment(&compose, "sandbox");
    let read_by_sandbox = read_by(&["sandbox"])?;
    assert!(read_by_sandbox.contains_key("SANDBOX_OWNERS"), "too little is found: {read_by_sandbox:?}");
    for name in read_by_sandbox.keys() {
        if !in_the_table(&page, &["sandbox"], name) {
            missing.push(format!(
                "docs/ENVIRONMENT.md: add a row that begins with | `{name}` to the table of the sandbox"
            ));
        }
    }
    for name in ["SANDBOX_MASTER_TOKEN", "SANDBOX_OWNERS", "YOOKASSA_SHOP_ID", "YOOKASSA_SECRET_KEY"] {
        if !sandbox.contains_key(name) {
            missing.push(format!("docker-compose.yml: give {name} to the sandbox"));
        }
    }
    assert!(missing.is_empty(), "{} things to add:\n  {}", missing.len(), missing.join("\n  "));
    Ok(())
}
