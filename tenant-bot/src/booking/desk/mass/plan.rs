//! What would become of every booking: a pure function.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveTime, TimeDelta, Timelike, Utc};

use super::{After, Fate, Hindrance, MassChange, MassScope, MassWish, Planned};
use crate::booking::{
    availability::{Assigned, Calendar, Calendars, Part, session_span, stretches},
    hours::{Span, first_moment, joined, local_date},
    model::{Booking, BookingId, Doer, Line, Resource, ResourceId, Service, ServiceId, Status},
    schedule::House,
};

/// A visit lasts no longer than this.
const LONGEST_VISIT: TimeDelta = TimeDelta::hours(24);

/// A group: its service, its resource, its beginning and its end.
pub(super) type GroupKey = (ServiceId, ResourceId, DateTime<Utc>, DateTime<Utc>);

/// A group that somebody sits in who is no part of the change.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    /// What it takes of its resource.
    pub(super) span: Span,
    /// Its seats.
    pub(super) capacity: u32,
    /// How many of them others have.
    pub(super) seated: u32,
}

/// All that the plan follows from, save for the bookings that are meant.
#[derive(Clone, Debug)]
pub(super) struct Ground {
    pub(super) now: DateTime<Utc>,
    pub(super) house: House,
    /// Rotas and blocks; and what others have taken, groups apart.
    pub(super) calendars: Calendars,
    pub(super) groups: HashMap<GroupKey, Group>,
    /// The seats of every group that is there, whoever sits in it.
    pub(super) capacities: HashMap<GroupKey, u32>,
    pub(super) services: HashMap<ServiceId, Service>,
    pub(super) doers: HashMap<ServiceId, Vec<Doer>>,
    pub(super) resources: HashMap<ResourceId, Resource>,
}

/// What a booking takes: stretches of its own, and seats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Takes {
    pub(super) own: Vec<(ResourceId, Span)>,
    pub(super) seats: Vec<(GroupKey, Span, u32)>,
}

/// Whether a wish means a booking.
pub(super) fn means(scope: &MassScope, booking: &Booking, house: &House, now: DateTime<Utc>) -> bool {
    let begins = booking.starts_at.with_timezone(&house.zone);
    let minute = u16::try_from(begins.hour() * 60 + begins.minute()).unwrap_or(u16::MAX);
    matches!(booking.status, Status::Requested | Status::Confirmed)
        && booking.starts_at > now
        && (scope.days.0..=scope.days.1).contains(&begins.date_naive())
        && scope.hours.is_none_or(|(from, to)| (from..to).contains(&minute))
        && scope.resource.is_none_or(|resource| booking.lines.iter().any(|line| line.resources.contains(&resource)))
}

/// What becomes of these bookings, in order of time. One that the wish leaves as it is is left out.
pub(super) fn plan(ground: &Ground, meant: &[Booking], wish: &MassWish) -> Vec<Planned> {
    let mut meant: Vec<&Booking> = meant.iter().collect();
    meant.sort_unstable_by_key(|booking| (booking.starts_at, booking.id));
    let (mut all, mut untouched) = (Vec::new(), Vec::new());
    for old in meant {
        let fate = match becomes(ground, old, wish) {
            None => {
                untouched.push(old);
                continue;
            }
            Some(Ok(fate)) => fate,
            Some(Err(why)) => Fate::Stays(why),
        };
        all.push(Planned { old: old.clone(), fate });
    }
    if !matches!(wish.change, MassChange::Cancel(_)) {
        settle(ground, &untouched, &mut all);
    }
    all
}

/// Lets those go first that find room, in order of time; who finds none stays, and whoever wanted their place finds none
/// either. Each round one more stays, so it ends. Then who stays only because of somebody that came to stay elsewhere may go
/// after all: each round one more goes, so that ends too.
fn settle(ground: &Ground, untouched: &[&Booking], all: &mut [Planned]) {
    // What those who stay for want of room would have been.
    let mut waiting: Vec<(usize, After)> = Vec::new();
    loop {
        let mut board = Board::new(ground);
        untouched.iter().for_each(|booking| board.add(&takes(&booking.lines, booking.party), booking.id));
        for planned in all.iter().filter(|planned| matches!(planned.fate, Fate::Stays(_))) {
            board.add(&takes(&planned.old.lines, planned.old.party), planned.old.id);
        }
        let stays = all.iter().enumerate().find_map(|(n, planned)| {
            let Fate::Becomes(after) = &planned.fate else { return None };
            let wanted = takes(&after.lines, planned.old.party);
            let room = board.room_for(&wanted);
            if room.is_ok() {
                board.add(&wanted, planned.old.id);
            }
            room.err().map(|why| (n, why))
        });
        let Some((n, why)) = stays else { break };
        if let Fate::Becomes(after) = std::mem::replace(&mut all[n].fate, Fate::Stays(why)) {
            waiting.push((n, after));
        }
    }
    waiting.sort_unstable_by_key(|(n, _)| *n);
    let mut at = 0;
    while let Some((n, after)) = waiting.get(at) {
        let mut board = Board::new(ground);
        untouched.iter().for_each(|booking| board.add(&takes(&booking.lines, booking.party), booking.id));
        for (_, planned) in all.iter().enumerate().filter(|(other, _)| other != n) {
            match &planned.fate {
                Fate::Becomes(after) => board.add(&takes(&after.lines, planned.old.party), planned.old.id),
                _ => board.add(&takes(&planned.old.lines, planned.old.party), planned.old.id),
            }
        }
        match board.room_for(&takes(&after.lines, all[*n].old.party)) {
            Ok(()) => {
                let (n, after) = waiting.remove(at);
                all[n].fate = Fate::Becomes(after);
                at = 0;
            }
            Err(why) => {
                all[*n].fate = Fate::Stays(why);
                at += 1;
            }
        }
    }
}

/// What a booking would be, whatever others do; none if it would be as it is.
fn becomes(ground: &Ground, old: &Booking, wish: &MassWish) -> Option<Result<Fate, Hindrance>> {
    let zone = ground.house.zone;
    let mut lines = old.lines.clone();
    match &wish.change {
        MassChange::Cancel(_) => return Some(Ok(Fate::Cancelled)),
        MassChange::Shift(minutes) => {
            lines.iter_mut().for_each(|line| line.starts_at += TimeDelta::minutes(*minutes));
        }
        MassChange::On(day) => {
            let begins = old.starts_at.with_timezone(&zone).naive_local();
            let date = *day + (begins.date() - wish.scope.days.0);
            let starts_at =
                first_moment(zone, date.and_time(NaiveTime::MIN) + (begins - begins.date().and_time(NaiveTime::MIN)));
            let by = starts_at - old.starts_at;
            lines.iter_mut().for_each(|line| line.starts_at += by);
        }
        MassChange::To(to) => {
            for line in &mut lines {
                let meant = wish.scope.resource.is_none_or(|from| line.resources.contains(&from));
                if !meant || line.resources == [*to] {
                    continue;
                }
                if line.resources.len() > 1 {
                    return Some(Err(Hindrance::Cannot));
                }
                line.resources = vec![*to];
                line.resource_names = ground.resources.get(to).map(|r| r.name.clone()).into_iter().collect();
            }
        }
        MassChange::Service { from, to } => {
            if let Err(why) = with_service(ground, old, &mut lines, (*from, *to)) {
                return Some(Err(why));
            }
        }
    }
    if lines == old.lines {
        return None;
    }
    let after = After::of(lines)?;
    Some(alone(ground, old, &after).map(|()| Fate::Becomes(after)))
}

/// Another service in place of one, at its length and price; what follows in the visit begins so much later.
fn with_service(
    ground: &Ground,
    old: &Booking,
    lines: &mut [Line],
    (from, to): (ServiceId, ServiceId),
) -> Result<(), Hindrance> {
    let mut later = TimeDelta::zero();
    for line in lines {
        line.starts_at += later;
        if line.service != from || from == to {
            continue;
        }
        let service = ground.services.get(&to).ok_or(Hindrance::Cannot)?;
        let doer = ground.doers.get(&to).into_iter().flatten().find(|doer| doer.resources == line.resources);
        let doer = doer.ok_or(Hindrance::Cannot)?;
        later += doer.duration - line.duration;
        line.service = to;
        line.service_name.clone_from(&service.name);
        line.duration = doer.duration;
        line.price = doer.price.less(old.office.discount_percent);
        (line.buffer_before, line.buffer_after) = (service.buffer_before, service.buffer_after);
        // Which group it is a seat in is known when it sits down.
        line.session = service.is_group().then_some(line.session.unwrap_or(crate::booking::SessionId(0)));
    }
    Ok(())
}

/// Whether a booking could be so if it were alone with the rules.
fn alone(ground: &Ground, old: &Booking, after: &After) -> Result<(), Hindrance> {
    if after.starts_at <= ground.now {
        return Err(Hindrance::Past);
    }
    if after.ends_at - after.starts_at > LONGEST_VISIT {
        return Err(Hindrance::TooLong);
    }
    for (line, was) in after.lines.iter().zip(&old.lines) {
        // Whoever it is with already need not be asked whether they do it.
        if line.resources != was.resources || line.service != was.service {
            let doers = ground.doers.get(&line.service);
            let doer =
                doers.into_iter().flatten().find(|doer| doer.resources == line.resources).ok_or(Hindrance::Cannot)?;
            if line.session.is_none() && !doer.seats_party(old.party) {
                return Err(Hindrance::TooSmall);
            }
        }
        let visit = Span { start: line.starts_at, end: line.starts_at + line.duration };
        for resource in &line.resources {
            let stays = old
                .lines
                .iter()
                .any(|was| was.resources.contains(resource) && within(visit, was.starts_at, was.duration));
            let calendar = ground.calendars.get(resource).ok_or(Hindrance::Cannot)?;
            if !stays && !works(ground, calendar, visit) {
                return Err(Hindrance::Closed);
            }
        }
    }
    let (had, wants) = (takes(&old.lines, old.party), takes(&after.lines, old.party));
    let spans = |takes: &Takes| -> Vec<(ResourceId, Span)> {
        takes
            .own
            .iter()
            .copied()
            .chain(takes.seats.iter().map(|((_, resource, ..), span, _)| (*resource, *span)))
            .collect()
    };
    let had = spans(&had);
    for (resource, span) in spans(&wants) {
        let kept = had.iter().any(|(of, was)| *of == resource && was.start <= span.start && span.end <= was.end);
        let calendar = ground.calendars.get(&resource).ok_or(Hindrance::Cannot)?;
        if !kept && calendar.blocks.iter().any(|block| !block.spans(ground.house.zone, span).is_empty()) {
            return Err(Hindrance::Blocked);
        }
    }
    // A group is there for others too: nothing else of the visit reaches into it.
    let clash = wants
        .seats
        .iter()
        .any(|((_, resource, ..), span, _)| wants.own.iter().any(|(of, own)| of == resource && own.overlaps(*span)));
    if clash { Err(Hindrance::Cannot) } else { Ok(()) }
}

fn within(visit: Span, starts_at: DateTime<Utc>, duration: TimeDelta) -> bool {
    starts_at <= visit.start && visit.end <= starts_at + duration
}

fn works(ground: &Ground, calendar: &Calendar, visit: Span) -> bool {
    let zone = ground.house.zone;
    let (from, to) = (local_date(zone, visit.start), local_date(zone, visit.end));
    let from = from.pred_opt().unwrap_or(from);
    let business = ground.house.intervals(from, to);
    let work = ground.house.work(&business, &calendar.rota, from, to);
    joined(&work).iter().any(|span| span.start <= visit.start && visit.end <= span.end)
}

/// What these lines take, as [`stretches`] says it.
pub(super) fn takes(lines: &[Line], party: u16) -> Takes {
    let services: Vec<Service> = lines.iter().map(as_service).collect();
    let parts: Vec<Part<'_>> = lines
        .iter()
        .zip(&services)
        .map(|(line, service)| {
            let resources = line.resources.clone();
            let doer = Doer { resources, seats: None, duration: line.duration, price: line.price };
            Part { service, doers: vec![doer] }
        })
        .collect();
    let chain = lines
        .iter()
        .map(|line| Assigned { doer: 0, starts_at: line.starts_at, duration: line.duration, session: line.session })
        .collect();
    let mut seats = Vec::new();
    for (line, service) in lines.iter().zip(&services) {
        if let (Some(_), Some(resource)) = (line.session, line.resources.first()) {
            let key = (line.service, *resource, line.starts_at, line.starts_at + line.duration);
            seats.push((key, session_span(service, line.starts_at, line.duration), u32::from(party)));
        }
    }
    Takes { own: stretches(&parts, &chain), seats }
}

/// A line's service as far as it takes time.
fn as_service(line: &Line) -> Service {
    Service {
        id: line.service,
        name: String::new(),
        description: None,
        photo: None,
        category: None,
        duration: line.duration,
        buffer_before: line.buffer_before,
        buffer_after: line.buffer_after,
        price: line.price,
        step: None,
        offset: TimeDelta::zero(),
        notice: None,
        horizon_days: None,
        capacity: if line.session.is_some() { 2 } else { 1 },
        questions: Vec::new(),
    }
}

/// Who has a stretch.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Has {
    Other,
    Part(BookingId),
}

/// What is taken while a plan is made.
struct Board<'a> {
    ground: &'a Ground,
    own: BTreeMap<ResourceId, Vec<(Span, Has)>>,
    groups: HashMap<GroupKey, (Group, Has)>,
}

impl<'a> Board<'a> {
    fn new(ground: &'a Ground) -> Self {
        let own = ground
            .calendars
            .iter()
            .map(|(resource, calendar)| (*resource, calendar.taken.iter().map(|span| (*span, Has::Other)).collect()))
            .collect();
        let groups = ground.groups.iter().map(|(key, group)| (*key, (*group, Has::Other))).collect();
        Self { ground, own, groups }
    }

    fn add(&mut self, takes: &Takes, booking: BookingId) {
        for (resource, span) in &takes.own {
            self.own.entry(*resource).or_default().push((*span, Has::Part(booking)));
        }
        for (key, span, seats) in &takes.seats {
            let capacity = self.capacity(key);
            let opened = (Group { span: *span, capacity, seated: 0 }, Has::Part(booking));
            self.groups.entry(*key).or_insert(opened).0.seated += seats;
        }
    }

    /// The seats of a group: of one that is there its own, else the service's.
    fn capacity(&self, key: &GroupKey) -> u32 {
        let service = || self.ground.services.get(&key.0).map_or(1, |service| u32::from(service.capacity));
        self.ground.capacities.get(key).copied().unwrap_or_else(service)
    }

    fn room_for(&self, takes: &Takes) -> Result<(), Hindrance> {
        for (resource, span) in &takes.own {
            self.free(*resource, *span, None)?;
        }
        for (key, span, seats) in &takes.seats {
            let (seated, capacity) = match self.groups.get(key) {
                Some((group, _)) => (group.seated, group.capacity),
                None => (0, self.capacity(key)),
            };
            if seated + seats > capacity {
                return Err(Hindrance::TooSmall);
            }
            self.free(key.1, *span, Some(*key))?;
        }
        Ok(())
    }

    /// Whether nobody has this stretch, save those who sit in the group that it is for.
    fn free(&self, resource: ResourceId, span: Span, but: Option<GroupKey>) -> Result<(), Hindrance> {
        let own = self
            .own
            .get(&resource)
            .into_iter()
            .flatten()
            .filter(|(taken, _)| taken.overlaps(span))
            .map(|(_, has)| *has);
        let others = self.groups.iter().filter(|(key, _)| key.1 == resource && Some(**key) != but);
        let groups = others.filter(|(_, (group, _))| group.span.overlaps(span)).map(|(_, (_, has))| *has);
        // The lowest number of those that are part of this, so that the same is said every time.
        let mut in_the_way: Option<BookingId> = None;
        for has in own.chain(groups) {
            match has {
                Has::Other => return Err(Hindrance::Taken),
                Has::Part(id) => in_the_way = Some(in_the_way.map_or(id, |so_far| so_far.min(id))),
            }
        }
        in_the_way.map_or(Ok(()), |id| Err(Hindrance::InTheWay(id)))
    }
}
