//! Buttons of the team; area `t`.

use crate::registry::operators::Post;

/// What a button of the team does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TeamAct {
    /// The staff's first screen.
    Home,
    /// A page of the people.
    List(u32),
    /// Asks as whom somebody is to come.
    Add,
    Invite(Post),
    /// By the invite's number.
    Withdraw(i64),
    /// By the invite's code.
    Accept(String),
    Decline(String),
    /// By the number of their row: who came back is somebody else.
    Member(i64),
    SetRole(i64, Post),
    AskRemove(i64),
    Remove(i64),
    /// A page of the history.
    History(u32),
}

impl TeamAct {
    pub(super) fn parse(act: &str, args: &[&str]) -> Option<Self> {
        let code =
            |code: &str| (!code.is_empty() && code.bytes().all(|b| b.is_ascii_alphanumeric())).then(|| code.to_owned());
        Some(match (act, args) {
            ("home", []) => Self::Home,
            ("list", [page]) => Self::List(page.parse().ok()?),
            ("add", []) => Self::Add,
            ("invite", [post]) => Self::Invite(Post::parse(post)?),
            ("withdraw", [invite]) => Self::Withdraw(invite.parse().ok()?),
            ("yes", [c]) => Self::Accept(code(c)?),
            ("no", [c]) => Self::Decline(code(c)?),
            ("who", [id]) => Self::Member(id.parse().ok()?),
            ("role", [id, post]) => Self::SetRole(id.parse().ok()?, Post::parse(post)?),
            ("ask_rm", [id]) => Self::AskRemove(id.parse().ok()?),
            ("rm", [id]) => Self::Remove(id.parse().ok()?),
            ("history", [page]) => Self::History(page.parse().ok()?),
            _ => return None,
        })
    }

    pub(crate) fn data(&self) -> String {
        match self {
            Self::Home => "t:home".into(),
            Self::List(page) => format!("t:list:{page}"),
            Self::Add => "t:add".into(),
            Self::Invite(post) => format!("t:invite:{}", post.name()),
            Self::Withdraw(invite) => format!("t:withdraw:{invite}"),
            Self::Accept(code) => format!("t:yes:{code}"),
            Self::Decline(code) => format!("t:no:{code}"),
            Self::Member(id) => format!("t:who:{id}"),
            Self::SetRole(id, post) => format!("t:role:{id}:{}", post.name()),
            Self::AskRemove(id) => format!("t:ask_rm:{id}"),
            Self::Remove(id) => format!("t:rm:{id}"),
            Self::History(page) => format!("t:history:{page}"),
        }
    }
}
