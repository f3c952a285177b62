//! The menu of commands: what everybody can do, and what only some can.

use shared::texts::Lang;

use super::{Front, access::Right, visitor::Visitor};

/// What anybody can do, with the key of its words.
const EVERYBODY: [(&str, &str); 7] = [
    ("start", "buyer.command"),
    ("mybots", "client.command"),
    ("language", "buyer.command_language"),
    ("cancel", "buyer.command_cancel"),
    ("terms", "buyer.command_terms"),
    ("support", "buyer.command_support"),
    ("help", "buyer.command_help"),
];
/// What needs a right.
const STAFF: [(&str, &str); 3] =
    [("tenants", "operator.command"), ("sell", "sale.command"), ("stats", "sale.stats_command")];

/// The menu of everybody, or of staff, in this language.
pub(crate) fn commands(front: &Front, lang: Lang, staff: bool) -> Vec<(&'static str, String)> {
    let staff = STAFF.iter().filter(|_| staff);
    EVERYBODY.iter().chain(staff).map(|(command, key)| (*command, front.texts.plain(lang, key, &[]))).collect()
}

/// Gives one chat a menu of its own. It is a convenience: without it every command works all the same.
pub(crate) async fn set_for(front: &Front, chat_id: i64, visitor: &Visitor) {
    let commands = commands(front, visitor.lang(), visitor.role.may(Right::Operate));
    let list: Vec<(&str, &str)> = commands.iter().map(|(command, words)| (*command, words.as_str())).collect();
    if let Err(error) = front.telegram.set_chat_commands(chat_id, &list).await {
        tracing::warn!(%error, "a chat keeps its old menu of commands");
    }
}
