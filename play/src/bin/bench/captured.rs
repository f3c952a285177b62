//! The statements of one transaction as Postgres logged them, made into a script for pgbench. So the comparison is with
//! the statements that our code really sends, whatever they become.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use play::{database::TenantSchema, env};

/// A statement with its parameters' values, `$1` first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    sql: String,
    values: Vec<Option<String>>,
}

/// Which values vary from booking to booking, and the pgbench variables that take their place.
#[derive(Debug)]
pub(crate) struct Parameters {
    pub(crate) numbers: Vec<(String, &'static str)>,
    /// The booking's number, which the transaction itself draws.
    pub(crate) booking: String,
    /// Moments, and the variables that count minutes from the first of them.
    pub(crate) times: Vec<(DateTime<Utc>, &'static str)>,
}

/// Everything between BEGIN and COMMIT while `work` runs.
pub(crate) async fn statements_of(
    tenant: &TenantSchema,
    work: impl AsyncFnOnce() -> Result<()>,
) -> Result<Vec<Statement>> {
    let statements = all_of(tenant, work).await?;
    let lower = |statement: &Statement| statement.sql.to_lowercase();
    let begin = statements.iter().position(|s| lower(s).starts_with("begin")).context("no BEGIN was logged")?;
    let end = statements.iter().position(|s| lower(s).starts_with("commit")).context("no COMMIT was logged")?;
    ensure!(begin + 1 < end, "nothing was logged between BEGIN and COMMIT");
    Ok(statements.get(begin + 1..end).unwrap_or_default().to_vec())
}

/// Everything that the tenant's role asks while `work` runs, on connections that it opens.
pub(crate) async fn all_of(tenant: &TenantSchema, work: impl AsyncFnOnce() -> Result<()>) -> Result<Vec<Statement>> {
    let log = env::pg_socket_dir()?.parent().context("the socket's folder has no parent")?.join("postgres.log");
    let before = std::fs::read(&log)?.len();
    let role = &tenant.slug;
    tenant.database.run(&[format!("alter role {role} set log_statement = 'all'")]).await?;
    work().await?;
    tenant.database.run(&[format!("alter role {role} reset log_statement")]).await?;
    let text = std::fs::read(&log)?.split_off(before);
    Ok(parse(&String::from_utf8_lossy(&text)))
}

impl Statement {
    /// Whether these words are in it.
    pub(crate) fn mentions(&self, words: &str) -> bool {
        self.sql.contains(words)
    }
}

/// The number that the booking got: the parameter of the history's insert.
pub(crate) fn booking_of(statements: &[Statement]) -> Result<String> {
    let history = statements.iter().find(|s| s.sql.contains("insert into booking_history"));
    history.and_then(|s| s.values.first().cloned().flatten()).context("no history was written")
}

/// Log entries begin with a date; what follows without one belongs to the entry before.
fn parse(log: &str) -> Vec<Statement> {
    let mut entries: Vec<String> = Vec::new();
    for line in log.lines() {
        match entries.last_mut() {
            Some(entry) if !line.starts_with("20") => {
                entry.push('\n');
                entry.push_str(line.trim_start_matches('\t'));
            }
            _ => entries.push(line.to_owned()),
        }
    }
    let mut statements: Vec<Statement> = Vec::new();
    for entry in entries {
        if let Some((_, details)) = entry.split_once("DETAIL:  ").and_then(|(_, rest)| rest.split_once("arameters: ")) {
            if let Some(statement) = statements.last_mut() {
                statement.values = values(details);
            }
        } else if let Some((_, rest)) = entry.split_once("LOG:  execute ") {
            let sql = rest.split_once(": ").map_or(rest, |(_, sql)| sql);
            statements.push(Statement { sql: sql.to_owned(), values: Vec::new() });
        } else if let Some((_, sql)) = entry.split_once("LOG:  statement: ") {
            statements.push(Statement { sql: sql.to_owned(), values: Vec::new() });
        }
    }
    statements
}

/// Reads `$1 = 'a', $2 = NULL`, quotes doubled within a value.
fn values(details: &str) -> Vec<Option<String>> {
    let mut found = Vec::new();
    let mut rest = details;
    while let Some((_, after)) = rest.split_once(" = ") {
        let Some(quoted) = after.strip_prefix('\'') else {
            found.push(None);
            rest = after;
            continue;
        };
        let mut value = String::new();
        let mut chars = quoted.char_indices().peekable();
        rest = "";
        while let Some((at, c)) = chars.next() {
            if c != '\'' {
                value.push(c);
            } else if chars.next_if(|(_, next)| *next == '\'').is_some() {
                value.push('\'');
            } else {
                rest = quoted.get(at + 1..).unwrap_or_default();
                break;
            }
        }
        found.push(Some(value));
    }
    found
}

impl Statement {
    /// One line of a pgbench script. What the statement returns as `id` is kept in `:id`.
    pub(crate) fn for_pgbench(&self, parameters: &Parameters) -> String {
        let mut sql = self.sql.split_whitespace().collect::<Vec<_>>().join(" ");
        // From the last one down, so that $1 does not eat the beginning of $12.
        for (index, value) in self.values.iter().enumerate().rev() {
            sql = sql.replace(&format!("${}", index + 1), &parameters.stand_in(value.as_deref()));
        }
        let ending = if sql.ends_with("returning id") && sql.contains("into bookings") { " \\gset" } else { ";" };
        sql + ending
    }
}

impl Parameters {
    fn stand_in(&self, value: Option<&str>) -> String {
        let Some(value) = value else { return "null".into() };
        if value == self.booking {
            return ":id".into();
        }
        for (number, variable) in &self.numbers {
            if value == number {
                return format!(":{variable}");
            }
            if value == format!("{{{number}}}") {
                return format!("array[:{variable}]::bigint[]");
            }
        }
        // Postgres writes 2024-10-05 00:00:00+00.
        let time = DateTime::parse_from_str(value, "%Y-%m-%d %H:%M:%S%#z").ok();
        let known = self.times.iter().find(|(known, _)| Some(known.fixed_offset()) == time);
        if let (Some((_, variable)), Some((zero, _))) = (known, self.times.first()) {
            return format!("(timestamptz '{}' + :{variable} * interval '1 minute')", zero.to_rfc3339());
        }
        let quoted = format!("'{}'", value.replace('\'', "''"));
        if !value.contains(&self.booking) {
            return quoted;
        }
        let cast = if value.starts_with('{') { "::jsonb" } else { "" };
        format!("({}){cast}", quoted.replace(&self.booking, "' || :id || '"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_back_into_statements() {
        let log = "2026-01-01 00:00:00.000 UTC [7] LOG:  statement: BEGIN\n\
                   2026-01-01 00:00:00.000 UTC [7] LOG:  execute sqlx_s_1: select a\n\t  from b where c = $1 and d = $2\n\
                   2026-01-01 00:00:00.000 UTC [7] DETAIL:  parameters: $1 = 'it''s', $2 = NULL\n";
        let read = parse(log);
        assert_eq!(read.len(), 2);
        let second = Statement {
            sql: "select a\n  from b where c = $1 and d = $2".into(),
            values: vec![Some("it's".into()), None],
        };
        assert_eq!(read.last(), Some(&second));
    }

    #[test]
    fn what_varies_becomes_a_variable() {
        let parameters = Parameters { numbers: vec![("41".into(), "user")], booking: "900".into(), times: vec![] };
        let statement = Statement {
            sql: "insert into t values ($1, $2, $3, any($4))".into(),
            values: ["41", "900", "key:900:x", "{41}"].map(|v| Some(v.to_owned())).into(),
        };
        assert_eq!(
            statement.for_pgbench(&parameters),
            "insert into t values (:user, :id, ('key:' || :id || ':x'), any(array[:user]::bigint[]));"
        );
    }
}
