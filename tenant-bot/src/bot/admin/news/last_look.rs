//! The last look at a broadcast before it goes: as people get it, to how many, and when.

use std::fmt::Display;

use chrono::{DateTime, Datelike, Days, Utc};
use chrono_tz::Tz;
use shared::{broadcast::BroadcastId, telegram::Screen};

use super::{
    super::{super::chat::Chat, super::turn::Turn, super::typed, Ask as AnyAsk, console::Page},
    Ask, Choice, Said, Typed, audience, button, card, draft, form, people, title, under,
};
use crate::booking::{
    BookError, Drafted, Wrong,
    hours::{local_date, moment as moment_of},
};

/// The answers to a press that are no screens are counted from here.
const FIRST_COPY: u8 = 100;
/// About so many messages go out in a second.
const A_SECOND: i64 = 29;

/// Sends it to whoever wrote it, just as people will get it, and asks below it whether it is to go.
pub(super) async fn show(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let words = chat.words();
    let drafted = chat.bookings.broadcast_draft(chat.user()).await?;
    let me = chat.user().0;
    for (n, call) in (FIRST_COPY..).zip(drafted.broadcast.source.calls(me, &under(words, true))) {
        let sent = chat.bookings.outbox.reply_copy(chat.guest.update_id, n, me, &call).await?;
        // Better here than a hundred times: what cannot be copied to one can be copied to nobody.
        if sent.message_id.is_none() {
            return draft::show(chat, Some(words.say("news.cannot_copy", &[]))).await;
        }
    }
    let seen = Screen::text(words.say("news.as_people_see_it", &[("title", &title(words, &drafted.broadcast))]));
    Ok(Turn::show(seen).then(question(chat, &drafted)))
}

fn question(chat: &Chat<'_>, drafted: &Drafted) -> Screen {
    let words = chat.words();
    let id = drafted.broadcast.id;
    let messages = i64::try_from(drafted.broadcast.source.calls(0, &under(words, true)).len()).unwrap_or(1)
        + i64::try_from(drafted.broadcast.source.message_ids.len()).unwrap_or(1)
        - 1;
    let takes = chrono::TimeDelta::minutes(drafted.people * messages / A_SECOND / 60 + 1);
    let args: [(&str, &dyn Display); 3] = [
        ("people", &people(words, drafted.people)),
        ("whom", &audience(words, &drafted.audience)),
        ("takes", &words.duration(takes)),
    ];
    let now = words.plain("news.send_now", &[("people", &people(words, drafted.people))]);
    let rows = vec![
        vec![shared::telegram::Button::press(now, button(Choice::Go(id)).to_string())],
        vec![words.button("news.send_later", button(Choice::Later(id)))],
    ];
    let trail =
        vec![words.plain("news.title", &[]), words.plain("news.draft", &[]), words.plain("news.last_look", &[])];
    Page::new(trail, words.say("news.ready", &args), rows, button(Choice::Draft)).screen(words)
}

/// Now. A second tap of the button finds it going, and shows that.
pub(super) async fn send(chat: &mut Chat<'_>, id: BroadcastId) -> Result<Turn, BookError> {
    let sent = chat.bookings.send_broadcast(chat.user(), id, None).await?;
    Ok(card::watched(chat, &sent, None))
}

/// When?
pub(super) async fn ask_when(chat: &mut Chat<'_>, id: BroadcastId) -> Result<Turn, BookError> {
    let words = chat.words();
    let drafted = chat.bookings.broadcast_draft(chat.user()).await?;
    if drafted.broadcast.id != id {
        return Err(Wrong::Changed.into());
    }
    let offset = words.offset(drafted.business.zone, chat.now);
    let text = words.say("news.when", &[("offset", &offset)]);
    let trail =
        vec![words.plain("news.title", &[]), words.plain("news.draft", &[]), words.plain("news.last_look", &[])];
    Ok(form::ask(chat, AnyAsk::News(Ask::When(id.0)), Page::new(trail, text, Vec::new(), button(Choice::Draft))))
}

pub(super) async fn when_typed(chat: &mut Chat<'_>, id: BroadcastId, said: &Said) -> Result<Typed, BookError> {
    let words = chat.words();
    let drafted = chat.bookings.broadcast_draft(chat.user()).await?;
    if drafted.broadcast.id != id {
        return Err(Wrong::Changed.into());
    }
    let zone = drafted.business.zone;
    let at = match moment(said.words(), zone, said.at) {
        Ok(at) => at,
        Err(hint) => return Ok(Typed::Hint(words.say(hint, &[]))),
    };
    let args: [(&str, &dyn Display); 4] = [
        ("when", &words.moment(zone, at)),
        ("offset", &words.offset(zone, at)),
        ("whom", &audience(words, &drafted.audience)),
        ("people", &people(words, drafted.people)),
    ];
    Ok(Typed::Echo(words.say("news.will_begin", &args)))
}

pub(super) async fn send_then(chat: &mut Chat<'_>, id: BroadcastId, said: &Said) -> Result<Turn, BookError> {
    let business = chat.bookings.business().await?;
    let at = moment(said.words(), business.zone, said.at).map_err(|_| Wrong::InPast)?;
    let sent = chat.bookings.send_broadcast(chat.user(), id, Some(at)).await?;
    Ok(card::watched(chat, &sent, None))
}

/// «завтра 10:00», «15.03 в 18», «18:30»: a day, if it is not the next such hour, and an hour.
fn moment(text: &str, zone: Tz, now: DateTime<Utc>) -> typed::Read<DateTime<Utc>> {
    let text = text.trim();
    let (day, hour) = text.rsplit_once([' ', ',']).unwrap_or(("", text));
    let minute = typed::clock_time(hour).map_err(|_| "news.when_wrong")?;
    let today = local_date(zone, now);
    let day = day.trim().trim_end_matches(',').trim_end();
    let day = ["в", "at"].into_iter().find_map(|word| day.strip_suffix(word)).unwrap_or(day).trim();
    let date = if day.is_empty() {
        if moment_of(zone, today, minute) <= now {
            today.checked_add_days(Days::new(1)).ok_or("news.when_wrong")?
        } else {
            today
        }
    } else {
        typed::date(day, today, typed::Lean::Ahead).map_err(|_| "news.when_wrong")?
    };
    let at = moment_of(zone, date, minute);
    if at <= now {
        return Err("wrong.in_past");
    }
    // Whoever means a day of the year after next has mistyped.
    if date.year() > today.year() + 1 {
        return Err("news.when_wrong");
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOSCOW: Tz = chrono_tz::Europe::Moscow;

    /// Monday, 23 November, ten in the morning in Moscow.
    fn now() -> DateTime<Utc> {
        "2026-11-23T07:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_moment_is_read_the_way_people_type_it() {
        for (text, at) in [
            ("завтра 10:00", "2026-11-24T07:00:00Z"),
            ("завтра в 10:00", "2026-11-24T07:00:00Z"),
            ("25.11, 18:30", "2026-11-25T15:30:00Z"),
            ("25.11 18:30", "2026-11-25T15:30:00Z"),
            ("18:30", "2026-11-23T15:30:00Z"),
            ("9:00", "2026-11-24T06:00:00Z"),
            ("25 ноября 12:00", "2026-11-25T09:00:00Z"),
        ] {
            assert_eq!(moment(text, MOSCOW, now()), Ok(at.parse().unwrap()), "{text}");
        }
        for text in ["", "завтра", "когда-нибудь 10:00", "25.11 в полдень"] {
            assert_eq!(moment(text, MOSCOW, now()), Err("news.when_wrong"), "{text}");
        }
        assert_eq!(moment("сегодня 9:00", MOSCOW, now()), Err("wrong.in_past"));
    }
}
