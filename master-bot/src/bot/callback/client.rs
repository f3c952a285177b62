//! Buttons of «Мои боты»; area `c`.

use shared::slug::Slug;

/// What a client's button does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClientAct {
    List,
    Card(Slug),
    Restart(Slug),
    AskToken(Slug),
    NewToken(Slug),
    Help(Slug),
}

impl ClientAct {
    pub(super) fn parse(act: &str, args: &[&str]) -> Option<Self> {
        let slug = |arg: &str| arg.parse::<Slug>().ok();
        Some(match (act, args) {
            ("list", []) => Self::List,
            ("card", [s]) => Self::Card(slug(s)?),
            ("restart", [s]) => Self::Restart(slug(s)?),
            ("token", [s]) => Self::AskToken(slug(s)?),
            ("newtoken", [s]) => Self::NewToken(slug(s)?),
            ("help", [s]) => Self::Help(slug(s)?),
            _ => return None,
        })
    }

    pub(crate) fn data(&self) -> String {
        match self {
            Self::List => "c:list".into(),
            Self::Card(slug) => format!("c:card:{slug}"),
            Self::Restart(slug) => format!("c:restart:{slug}"),
            Self::AskToken(slug) => format!("c:token:{slug}"),
            Self::NewToken(slug) => format!("c:newtoken:{slug}"),
            Self::Help(slug) => format!("c:help:{slug}"),
        }
    }
}
