//! `MASTER_KEY`: does it open what is sealed? A key that is new is not registered by this look.

use super::{Check, postgres, settings::Given, within};
use crate::keys::{self, Standing};

const NAME: &str = "master_key";

pub(super) async fn look(given: &Given) -> Vec<Check> {
    let (Some(keys), Some(base)) = (&given.keys, &given.base) else { return Vec::new() };
    // A registry that does not answer or has no tables is told by its own area.
    let Ok(pool) = postgres::pool(base) else { return Vec::new() };
    let Ok(found) = within(keys::recognise(&pool, keys)).await else { return Vec::new() };
    let (told, remedy) = match &found.standing {
        Standing::Unknown => {
            let words = keys::unknown(keys, &found.shut);
            let (told, remedy) = words.split_once('\n').unwrap_or((&words, ""));
            (told.to_owned(), remedy.replace('\n', " "))
        }
        _ if !found.shut.is_empty() => {
            let words = keys::under_other_keys(&found.shut);
            let (told, remedy) = words.split_once(": set ").unwrap_or((&words, ""));
            (told.to_owned(), format!("set {}", remedy.replace('\n', " ")))
        }
        Standing::Fresh => return vec![Check::ok(NAME, "nothing is sealed yet; the first start registers it")],
        Standing::Known(_) if found.rows.len() > 1 => {
            let remedy = "run `master-bot keys rotate` once every master runs with both keys";
            return vec![Check::warn(NAME, "it opens everything; a former key is still in use", remedy)];
        }
        Standing::Known(_) => return vec![Check::ok(NAME, "it opens everything")],
        Standing::New(_) => {
            let remedy = "start every master with both keys, then run `master-bot keys rotate`";
            return vec![Check::warn(NAME, "it is new; MASTER_KEY_OLD opens everything", remedy)];
        }
    };
    vec![Check::fail(NAME, told, remedy)]
}
