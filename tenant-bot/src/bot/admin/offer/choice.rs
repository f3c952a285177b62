//! The buttons of this room.

use std::fmt;

use crate::{
    booking::{ResourceField, ResourceId, ResourceKind, ServiceField, ServiceId},
    bot::choice::read,
};

/// What is done to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServiceDeed {
    Show,
    Ask(ServiceField),
    Clear(ServiceField),
    On,
    Off,
    Up,
    Down,
    Copy,
    AskRemove,
    Remove,
    Doers,
    Questions,
    AskQuestion,
    Require(u8),
    Spare(u8),
    /// The question at this place, of so many.
    DropQuestion(u8, u8),
}

/// What is done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResourceDeed {
    Show,
    Ask(ResourceField),
    Clear(ResourceField),
    On,
    Off,
    Up,
    Down,
    AskRemove,
    Remove,
    Services,
}

/// Resources that are being put together, in the order in which they were picked; 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Picked(pub(super) [i64; 8]);

impl Picked {
    pub(super) fn ids(&self) -> Vec<ResourceId> {
        self.0.iter().filter(|id| **id > 0).map(|id| ResourceId(*id)).collect()
    }

    /// With this one, or without it if it was in; as it was if there are eight.
    pub(super) fn turned(&self, id: ResourceId) -> Self {
        let mut ids = self.ids();
        match ids.iter().position(|one| *one == id) {
            Some(at) => drop(ids.remove(at)),
            None => ids.push(id),
        }
        let mut picked = [0; 8];
        for (place, id) in picked.iter_mut().zip(ids) {
            *place = id.0;
        }
        Self(picked)
    }

    fn parse(text: &str) -> Option<Self> {
        if text == "0" {
            return Some(Self::default());
        }
        let ids: Vec<i64> = text.split('-').map(read::id).collect::<Option<_>>()?;
        let apart = ids.iter().enumerate().all(|(n, id)| !ids[..n].contains(id));
        if ids.len() > 8 || !apart {
            return None;
        }
        let mut picked = [0; 8];
        picked[..ids.len()].copy_from_slice(&ids);
        Some(Self(picked))
    }
}

impl fmt::Display for Picked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<String> = self.ids().iter().map(|id| id.0.to_string()).collect();
        f.write_str(if ids.is_empty() { "0" } else { "" })?;
        f.write_str(&ids.join("-"))
    }
}

/// A button of this room.
///
/// ```text
/// s:<page>, s:add                       the services; new ones
/// s:<service>:<deed>[:<field>]          see [`ServiceDeed`]
/// w:<service>:<resource>:<on|off>       who does it; `v`: the same, seen from the resource
/// o:<service>:<resource>:<field>        a length or a price of their own; `n`: none of their own
/// r:<page>, r:add:<kind>                the resources; new ones
/// r:<resource>:<deed>[:<field>]         see [`ResourceDeed`]
/// k:<resource>:<kind>                   what it is
/// t, t:pick:<ids>, t:join:<ids>         what may be put together
/// t:<combination>:<show|seats|sum|part>
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Services(usize),
    AddService,
    Service(ServiceId, ServiceDeed),
    Link(ServiceId, ResourceId, bool),
    LinkHere(ServiceId, ResourceId, bool),
    Own(ServiceId, ResourceId, ServiceField),
    OwnNone(ServiceId, ResourceId, ServiceField),
    Resources(usize),
    AddResource(ResourceKind),
    Resource(ResourceId, ResourceDeed),
    Kind(ResourceId, ResourceKind),
    Together,
    Pick(Picked),
    Join(Picked),
    One(i64),
    Seats(i64),
    Sum(i64),
    Part(i64),
}

fn on(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn is_on(text: &str) -> Option<bool> {
    [true, false].into_iter().find(|is| on(*is) == text)
}

impl fmt::Display for ServiceDeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Show => f.write_str("show"),
            Self::Ask(field) => write!(f, "set:{}", field.field().word),
            Self::Clear(field) => write!(f, "none:{}", field.field().word),
            Self::On => f.write_str("on"),
            Self::Off => f.write_str("off"),
            Self::Up => f.write_str("up"),
            Self::Down => f.write_str("down"),
            Self::Copy => f.write_str("copy"),
            Self::AskRemove => f.write_str("rm"),
            Self::Remove => f.write_str("rm!"),
            Self::Doers => f.write_str("who"),
            Self::Questions => f.write_str("q"),
            Self::AskQuestion => f.write_str("qadd"),
            Self::Require(n) => write!(f, "must:{n}"),
            Self::Spare(n) => write!(f, "may:{n}"),
            Self::DropQuestion(n, of) => write!(f, "drop:{n}:{of}"),
        }
    }
}

impl ServiceDeed {
    fn parse(parts: &[&str]) -> Option<Self> {
        let place = |text: &str| u8::try_from(read::number(text, 9)?).ok();
        Some(match *parts {
            ["show"] => Self::Show,
            ["set", field] => Self::Ask(ServiceField::from_word(field)?),
            ["none", field] => Self::Clear(ServiceField::from_word(field)?),
            ["on"] => Self::On,
            ["off"] => Self::Off,
            ["up"] => Self::Up,
            ["down"] => Self::Down,
            ["copy"] => Self::Copy,
            ["rm"] => Self::AskRemove,
            ["rm!"] => Self::Remove,
            ["who"] => Self::Doers,
            ["q"] => Self::Questions,
            ["qadd"] => Self::AskQuestion,
            ["must", n] => Self::Require(place(n)?),
            ["may", n] => Self::Spare(place(n)?),
            ["drop", n, of] => Self::DropQuestion(place(n)?, place(of)?),
            _ => return None,
        })
    }
}

impl fmt::Display for ResourceDeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Show => f.write_str("show"),
            Self::Ask(field) => write!(f, "set:{}", field.field().word),
            Self::Clear(field) => write!(f, "none:{}", field.field().word),
            Self::On => f.write_str("on"),
            Self::Off => f.write_str("off"),
            Self::Up => f.write_str("up"),
            Self::Down => f.write_str("down"),
            Self::AskRemove => f.write_str("rm"),
            Self::Remove => f.write_str("rm!"),
            Self::Services => f.write_str("does"),
        }
    }
}

impl ResourceDeed {
    fn parse(parts: &[&str]) -> Option<Self> {
        Some(match *parts {
            ["show"] => Self::Show,
            ["set", field] => Self::Ask(ResourceField::from_word(field)?),
            ["none", field] => Self::Clear(ResourceField::from_word(field)?),
            ["on"] => Self::On,
            ["off"] => Self::Off,
            ["up"] => Self::Up,
            ["down"] => Self::Down,
            ["rm"] => Self::AskRemove,
            ["rm!"] => Self::Remove,
            ["does"] => Self::Services,
            _ => return None,
        })
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Services(page) => write!(f, "s:{page}"),
            Self::AddService => f.write_str("s:add"),
            Self::Service(id, deed) => write!(f, "s:{}:{deed}", id.0),
            Self::Link(id, who, does) => write!(f, "w:{}:{}:{}", id.0, who.0, on(*does)),
            Self::LinkHere(id, who, does) => write!(f, "v:{}:{}:{}", id.0, who.0, on(*does)),
            Self::Own(id, who, field) => write!(f, "o:{}:{}:{}", id.0, who.0, field.field().word),
            Self::OwnNone(id, who, field) => write!(f, "n:{}:{}:{}", id.0, who.0, field.field().word),
            Self::Resources(page) => write!(f, "r:{page}"),
            Self::AddResource(kind) => write!(f, "r:add:{}", kind.word()),
            Self::Resource(id, deed) => write!(f, "r:{}:{deed}", id.0),
            Self::Kind(id, kind) => write!(f, "k:{}:{}", id.0, kind.word()),
            Self::Together => f.write_str("t"),
            Self::Pick(picked) => write!(f, "t:pick:{picked}"),
            Self::Join(picked) => write!(f, "t:join:{picked}"),
            Self::One(id) => write!(f, "t:{id}:show"),
            Self::Seats(id) => write!(f, "t:{id}:seats"),
            Self::Sum(id) => write!(f, "t:{id}:sum"),
            Self::Part(id) => write!(f, "t:{id}:part"),
        }
    }
}

impl Choice {
    pub(in crate::bot::admin) fn parse(parts: &[&str]) -> Option<Self> {
        let service = |text: &str| read::id(text).map(ServiceId);
        let resource = |text: &str| read::id(text).map(ResourceId);
        let own = |text: &str| {
            ServiceField::from_word(text).filter(|f| matches!(f, ServiceField::Price | ServiceField::Duration))
        };
        Some(match *parts {
            ["s", "add"] => Self::AddService,
            ["s", page] => Self::Services(read::page(page)?),
            ["s", id, ref deed @ ..] => Self::Service(service(id)?, ServiceDeed::parse(deed)?),
            ["w", id, who, does] => Self::Link(service(id)?, resource(who)?, is_on(does)?),
            ["v", id, who, does] => Self::LinkHere(service(id)?, resource(who)?, is_on(does)?),
            ["o", id, who, field] => Self::Own(service(id)?, resource(who)?, own(field)?),
            ["n", id, who, field] => Self::OwnNone(service(id)?, resource(who)?, own(field)?),
            ["r", page] => Self::Resources(read::page(page)?),
            ["r", "add", kind] => Self::AddResource(ResourceKind::from_word(kind)?),
            ["r", id, ref deed @ ..] => Self::Resource(resource(id)?, ResourceDeed::parse(deed)?),
            ["k", id, kind] => Self::Kind(resource(id)?, ResourceKind::from_word(kind)?),
            ["t"] => Self::Together,
            ["t", "pick", ids] => Self::Pick(Picked::parse(ids)?),
            ["t", "join", ids] => Self::Join(Picked::parse(ids)?),
            ["t", id, "show"] => Self::One(read::id(id)?),
            ["t", id, "seats"] => Self::Seats(read::id(id)?),
            ["t", id, "sum"] => Self::Sum(read::id(id)?),
            ["t", id, "part"] => Self::Part(read::id(id)?),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_is_read_as_it_was_written_and_nonsense_is_not() {
        let (s, r) = (ServiceId(read::MOST), ResourceId(read::MOST));
        let mut all = vec![Choice::Services(0), Choice::AddService, Choice::Resources(99), Choice::Together];
        for field in ServiceField::ALL {
            all.push(Choice::Service(s, ServiceDeed::Ask(field)));
            all.push(Choice::Service(s, ServiceDeed::Clear(field)));
        }
        for field in ResourceField::ALL {
            all.push(Choice::Resource(r, ResourceDeed::Ask(field)));
            all.push(Choice::Resource(r, ResourceDeed::Clear(field)));
        }
        use ServiceDeed as S;
        for deed in [
            S::Show,
            S::On,
            S::Off,
            S::Up,
            S::Down,
            S::Copy,
            S::AskRemove,
            S::Remove,
            S::Doers,
            S::Questions,
            S::AskQuestion,
            S::Require(3),
            S::Spare(0),
            S::DropQuestion(1, 2),
        ] {
            all.push(Choice::Service(s, deed));
        }
        use ResourceDeed as R;
        for deed in [R::Show, R::On, R::Off, R::Up, R::Down, R::AskRemove, R::Remove, R::Services] {
            all.push(Choice::Resource(r, deed));
        }
        for kind in [ResourceKind::Person, ResourceKind::Table, ResourceKind::Room] {
            all.extend([Choice::AddResource(kind), Choice::Kind(r, kind)]);
        }
        all.extend([Choice::Link(s, r, true), Choice::LinkHere(s, r, false), Choice::Own(s, r, ServiceField::Price)]);
        all.push(Choice::OwnNone(s, r, ServiceField::Duration));
        let picked = Picked::default().turned(ResourceId(7)).turned(ResourceId(3)).turned(ResourceId(5));
        assert_eq!(picked.turned(ResourceId(3)).ids(), [ResourceId(7), ResourceId(5)]);
        all.extend([Choice::Pick(Picked::default()), Choice::Pick(picked), Choice::Join(picked)]);
        all.extend([Choice::One(4), Choice::Seats(4), Choice::Sum(4), Choice::Part(4)]);
        for choice in all {
            let data = choice.to_string();
            assert!(data.len() <= 56, "{data}");
            assert_eq!(Choice::parse(&data.split(':').collect::<Vec<_>>()), Some(choice), "{data}");
        }
        for data in
            ["s", "s:0:show", "s:1:set:colour", "r:add:car", "o:1:2:name", "t:pick:1-1", "t:pick:1-2-3-4-5-6-7-8-9"]
        {
            assert_eq!(Choice::parse(&data.split(':').collect::<Vec<_>>()), None, "{data}");
        }
    }
}
