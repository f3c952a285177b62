//! What a customer sees: the menu, the way to a booking, their bookings. One room to a file.

mod after;
mod calendar;
mod card;
mod check;
mod details;
mod menu;
mod mine;
mod moving;
mod party;
mod person;
mod repeat;
mod services;
mod times;
mod visit;
mod waiting;
mod who;

use anyhow::Result;
use shared::telegram::{Button, Screen, incoming::Message};

use super::{
    admin,
    chat::Chat,
    choice::{Choice, DraftId, Step},
    draft::Draft,
    talk::Awaiting,
    turn::Turn,
};
use crate::booking::{BookError, Pick, Refusal};

/// A command, and what stands after it. Typing ends with it.
pub(super) async fn commanded(chat: &mut Chat<'_>, name: &str, rest: &str) -> Result<Turn> {
    chat.listen_no_more();
    let turn = match name {
        "start" => menu::started(chat, rest).await,
        "book" => services::list(chat, None).await,
        "my" => mine::list(chat).await,
        "cancel" => menu::dropped(chat).await,
        "settings" => person::settings(chat).await,
        "privacy" => person::privacy(chat).await,
        "help" => person::help(chat).await,
        "stop" => person::stopped(chat).await,
        _ => menu::not_understood(chat).await,
    };
    let turn = settle(chat, turn).await?;
    Ok(without_phone_key(chat, false, turn))
}

/// A typed message, or a shared contact.
pub(super) async fn said(chat: &mut Chat<'_>, message: &Message) -> Result<Turn> {
    let awaited = chat.talk.awaiting.clone();
    let turn = match awaited {
        Some(awaited) => {
            chat.talk.heard = chat.guest.update_id;
            answered(chat, awaited, message).await
        }
        None => match message.text.as_deref() {
            Some(text) => services::found(chat, text).await,
            None => menu::not_understood(chat).await,
        },
    };
    let turn = settle(chat, turn).await?;
    Ok(without_phone_key(chat, message.contact.is_some(), turn))
}

/// The key that shares a number goes when no number is awaited any more.
fn without_phone_key(chat: &mut Chat<'_>, shared: bool, mut turn: Turn) -> Turn {
    let awaited = matches!(chat.talk.awaiting, Some(Awaiting::Phone(_)));
    let gone = turn.screens.iter().any(|s| s.keyboard == shared::telegram::Keyboard::Remove);
    if (chat.talk.phone_key || shared) && !awaited && !gone {
        chat.talk.phone_key = false;
        turn.screens.insert(0, Screen::text(chat.words().say("phone.dropped", &[])).remove_keyboard());
    }
    turn
}

/// What was awaited.
async fn answered(chat: &mut Chat<'_>, awaited: Awaiting, message: &Message) -> Result<Turn, BookError> {
    match awaited {
        Awaiting::Feedback(booking) => return after::rated_in_words(chat, booking, message).await,
        Awaiting::Reason(booking) => return admin::reason_typed(chat, booking, message.text.as_deref()).await,
        Awaiting::Form => return admin::typed(chat, message).await,
        _ => {}
    }
    let Some(mut draft) = chat.talk.draft.take() else {
        chat.talk.awaiting = None;
        return forgotten(chat).await;
    };
    let turn = match awaited {
        Awaiting::Party => party::typed(chat, &mut draft, message).await,
        Awaiting::Name => Ok(details::name_typed(chat, message)),
        Awaiting::Phone(name) => details::phone_given(chat, &mut draft, message, name).await,
        Awaiting::Answer(question) => details::answered(chat, &mut draft, message, question).await,
        Awaiting::Comment => details::commented(chat, &mut draft, message).await,
        Awaiting::Feedback(_) | Awaiting::Reason(_) | Awaiting::Form => Ok(Turn::default()),
    };
    let turn = times::or_fresh_times(chat, &mut draft, turn).await;
    visit::put_back(chat, draft);
    turn
}

/// A press of a button.
pub(super) async fn pressed(chat: &mut Chat<'_>, choice: Choice) -> Result<Turn> {
    let turn = match choice {
        Choice::Draft(id, step) => stepped(chat, id, step).await,
        other => standing_alone(chat, other).await,
    };
    settle(chat, turn).await
}

async fn standing_alone(chat: &mut Chat<'_>, choice: Choice) -> Result<Turn, BookError> {
    // Whoever goes elsewhere is no longer typing; what is only sent below the screen leaves that as it is.
    let stays = matches!(
        choice,
        Choice::ServicePhoto(_)
            | Choice::ResourcePhoto(_)
            | Choice::File(_)
            | Choice::Call
            | Choice::Rate { .. }
            | Choice::NoNews { .. }
    );
    if !stays {
        chat.listen_no_more();
    }
    match choice {
        Choice::Menu => menu::again(chat).await,
        Choice::Services => services::list(chat, None).await,
        Choice::Category(n) => services::of_category(chat, n).await,
        Choice::Service(service) => visit::begin(chat, service, Pick::Any).await,
        Choice::With(who, service) => visit::begin(chat, service, Pick::One(who)).await,
        Choice::Performer(who) => visit::performer(chat, who).await,
        Choice::ServicePhoto(service) => services::photo(chat, service).await,
        Choice::ResourcePhoto(who) => services::face(chat, who).await,
        Choice::Resume => visit::resume(chat).await,
        Choice::Mine => mine::list(chat).await,
        Choice::Past(page) => mine::past(chat, page).await,
        Choice::Card(id) => card::show(chat, id).await,
        Choice::AskCancel(id) => card::ask_cancel(chat, id).await,
        Choice::Cancel(id) => card::cancel(chat, id).await,
        Choice::Move(id) => moving::begin(chat, id).await,
        Choice::MoveTo(id, at) => moving::at_once(chat, id, at).await,
        Choice::Again(id) => visit::again(chat, id).await,
        Choice::File(id) => after::file(chat, id).await,
        Choice::Call => person::call(chat).await,
        Choice::Come(id) => after::come(chat, id).await,
        Choice::Rate { booking, stars } => after::rate(chat, booking, stars).await,
        Choice::TakeOffer(offer) => waiting::take(chat, offer).await,
        Choice::PassOffer(offer) => waiting::pass(chat, offer).await,
        Choice::Wait(id) => waiting::show(chat, id).await,
        Choice::Leave(id) => waiting::leave(chat, id).await,
        Choice::Consent => person::agreed(chat).await,
        Choice::Privacy => person::privacy(chat).await,
        Choice::Export => person::export(chat).await,
        Choice::AskForget => Ok(person::ask_forget(chat)),
        Choice::Forget => person::forget(chat).await,
        Choice::Settings => person::settings(chat).await,
        Choice::Speak(lang) => person::speak(chat, lang).await,
        Choice::Broadcasts(on) => person::subscribe(chat, Some(on), None).await,
        Choice::Reminders(on) => person::subscribe(chat, None, Some(on)).await,
        Choice::NoNews { trial } => person::no_news(chat, trial).await,
        Choice::Help => person::help(chat).await,
        // The staff's, and routed to them before it comes here; or a draft's.
        Choice::Plan { .. }
        | Choice::Approve(_)
        | Choice::Decline(_)
        | Choice::DeclineFor(..)
        | Choice::Admin(_)
        | Choice::Draft(..) => Ok(Turn::stale(chat.words().plain("stale", &[]))),
    }
}

/// A step of the draft. One of another draft does nothing and says so.
async fn stepped(chat: &mut Chat<'_>, id: DraftId, step: Step) -> Result<Turn, BookError> {
    let Some(mut draft) = chat.talk.draft.take_if(|draft| draft.id == id) else {
        return match (chat.talk.done, &chat.talk.draft) {
            // The last press of it came twice.
            (Some((done, Some(booking))), _) if done == id => card::show(chat, booking).await,
            (None, None) => forgotten(chat).await,
            _ => Ok(Turn::stale(chat.words().plain("stale", &[]))),
        };
    };
    let turn = step_of(chat, &mut draft, step).await;
    let turn = times::or_fresh_times(chat, &mut draft, turn).await;
    let turn = details::or_ask(chat, &mut draft, turn).await;
    visit::put_back(chat, draft);
    turn
}

async fn step_of(chat: &mut Chat<'_>, draft: &mut Draft, step: Step) -> Result<Turn, BookError> {
    // What was awaited was awaited by the screen before; a skipped question is known by it.
    if step != Step::Skip && step != Step::TelegramName && step != Step::NoRoom {
        chat.talk.awaiting = None;
    }
    match step {
        Step::More => services::more(chat, draft, None).await,
        Step::MoreOf(category) => services::more(chat, draft, Some(category)).await,
        Step::Add(n, service) => visit::add(chat, draft, n, service).await,
        Step::Less(n) => {
            draft.drop_last(n);
            visit::onward(chat, draft, None).await
        }
        Step::Size => party::again(chat, draft).await,
        Step::Party(people) => party::chosen(chat, draft, people).await,
        Step::Who => who::again(chat, draft).await,
        Step::Pick(pick) => who::chosen(chat, draft, pick).await,
        Step::Calendar => calendar::show(chat, draft, None, None).await,
        Step::Month(month) => calendar::show(chat, draft, Some(month), None).await,
        Step::NoRoom => Ok(Turn::note(chat.words().plain("day.no_room", &[]))),
        Step::Day(date, page) => times::show(chat, draft, date, page, None).await,
        Step::At(starts_at) => times::chosen(chat, draft, starts_at).await,
        Step::Rename => details::ask_name(chat, draft, None).await,
        Step::TelegramName => Ok(details::telegram_name(chat)),
        Step::Comment => details::ask_comment(chat, draft).await,
        Step::Skip => details::skip(chat, draft).await,
        Step::Check => visit::onward(chat, draft, None).await,
        Step::Book { starts_at, minutes, price } => check::confirmed(chat, draft, starts_at, (minutes, price)).await,
        Step::Repeat => Ok(repeat::how_often(chat, draft)),
        Step::Every(weeks) => repeat::how_many(chat, draft, weeks).await,
        Step::Times(weeks, times) => repeat::chosen(chat, draft, weeks, times).await,
        Step::Dates => repeat::dates(chat, draft, None).await,
        Step::Date(n) => repeat::instead(chat, draft, n).await,
        Step::Instead(n, at) => repeat::change(chat, draft, n, Some(at)).await,
        Step::DropDate(n) => repeat::change(chat, draft, n, None).await,
        Step::BookAll { dates, minutes, price } => repeat::book(chat, draft, dates, (minutes, price)).await,
        Step::Once => repeat::once(chat, draft).await,
        Step::MoveTo(starts_at) => moving::confirmed(chat, draft, starts_at).await,
        Step::Wait(date) => waiting::ask_days(chat, draft, date).await,
        Step::WaitDays(date, stretch) => Ok(waiting::ask_part(chat, draft, date, stretch)),
        Step::WaitAt(date, stretch, part) => waiting::chosen(chat, draft, date, (stretch, part)).await,
    }
}

/// The draft is no longer kept.
async fn forgotten(chat: &mut Chat<'_>) -> Result<Turn, BookError> {
    let sorry = chat.words().say("forgotten", &[]);
    Ok(services::list(chat, Some(&sorry)).await?.saying(sorry))
}

/// A refusal becomes a window that says why, and a screen from which one can go on.
async fn settle(chat: &mut Chat<'_>, turn: Result<Turn, BookError>) -> Result<Turn> {
    match turn {
        Ok(turn) => Ok(turn),
        Err(BookError::Refused(refusal)) => {
            let why = chat.words().refusal(refusal);
            let turn = match refusal {
                Refusal::NoSuchBooking
                | Refusal::NoLonger
                | Refusal::TooLateToCancel(_)
                | Refusal::TooLateToMove(_)
                | Refusal::LimitReached(_)
                | Refusal::NothingToRate
                | Refusal::OfferOver => mine::list(chat).await?,
                Refusal::NoSuchService | Refusal::NoSuchResource | Refusal::PartyTooLarge(_) => {
                    services::list(chat, Some(&why)).await?
                }
                _ => menu::saying(chat, why.clone()).await?,
            };
            Ok(turn.saying(why))
        }
        Err(BookError::Wrong(wrong)) => {
            let why = chat.words().wrong(wrong);
            Ok(menu::saying(chat, why.clone()).await?.saying(why))
        }
        Err(error) => Err(error.into()),
    }
}

/// A text with a note on top that says why the person is here again.
fn noted(note: Option<&str>, text: &str) -> String {
    match note {
        Some(note) => format!("{note}\n\n{text}"),
        None => text.to_owned(),
    }
}

fn in_rows(buttons: Vec<Button>, width: usize) -> Vec<Vec<Button>> {
    buttons.chunks(width).map(<[Button]>::to_vec).collect()
}

/// A button of a draft.
fn step(chat: &Chat<'_>, key: &str, draft: &Draft, step: Step) -> Button {
    chat.words().button(key, Choice::Draft(draft.id, step))
}
