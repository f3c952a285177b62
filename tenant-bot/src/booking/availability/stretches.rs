//! What a visit takes of resources.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Chain, Part};
use crate::booking::{
    hours::Span,
    model::{ResourceId, Service},
};

/// What a chain takes of each resource, in order of resource and beginning: stretches with buffers, those of one resource
/// that follow one another or overlap made one. Parts that are seats in a group are left out: see [`session_span`].
pub fn stretches(parts: &[Part<'_>], chain: &Chain) -> Vec<(ResourceId, Span)> {
    let mut taken: Vec<(ResourceId, Span)> = Vec::new();
    // Whose stretch the part before ended, and where that stands in `taken`.
    let mut before: Vec<(ResourceId, usize)> = Vec::new();
    for (part, assigned) in parts.iter().zip(chain) {
        let doer = part.doers.get(assigned.doer).filter(|_| !part.service.is_group());
        let mut now = Vec::new();
        for id in doer.map_or(&[][..], |d| &d.resources) {
            let end = assigned.starts_at + assigned.duration + part.service.buffer_after;
            let goes_on = before.iter().find(|(r, _)| r == id).map(|(_, place)| *place);
            let place = goes_on.unwrap_or(taken.len());
            match taken.get_mut(place) {
                Some((_, span)) => span.end = end,
                None => taken.push((*id, Span { start: assigned.starts_at - part.service.buffer_before, end })),
            }
            now.push((*id, place));
        }
        before = now;
    }
    taken.sort_unstable();
    let mut joined: Vec<(ResourceId, Span)> = Vec::with_capacity(taken.len());
    for (id, span) in taken {
        match joined.last_mut() {
            Some((last, so_far)) if *last == id && span.start <= so_far.end => so_far.end = so_far.end.max(span.end),
            _ => joined.push((id, span)),
        }
    }
    joined
}

/// What a group takes of its resource, with buffers.
pub fn session_span(service: &Service, starts_at: DateTime<Utc>, duration: TimeDelta) -> Span {
    Span { start: starts_at - service.buffer_before, end: starts_at + duration + service.buffer_after }
}
