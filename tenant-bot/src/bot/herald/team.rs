//! What those of the team are told about the team.

use shared::telegram::Screen;

use crate::{
    booking::{Business, TeamNews, roles::Role},
    bot::{admin, choice::Choice, words::Words},
};

pub(super) fn screen(words: Words<'_>, business: &Business, news: TeamNews<'_>) -> Screen {
    let named = |key: &str, name: &str| words.say(key, &[("name", &name), ("business", &business.name)]);
    let role = |key: &str, name: &str, role: Role| {
        let role = words.say(&format!("role.{}", role.word()), &[]);
        words.say(key, &[("name", &name), ("business", &business.name), ("role", &role)])
    };
    match news {
        TeamNews::Joined(name, as_what) => Screen::text(role("team_letter.joined", name, as_what)),
        TeamNews::Changed(to) => Screen::text(role("team_letter.changed", "", to)),
        TeamNews::Removed => Screen::text(named("team_letter.removed", "")),
        TeamNews::Offered(name, offer) => {
            let button = |key: &str, choice| words.button(key, Choice::Admin(admin::Choice::Team(choice)));
            Screen::text(named("team_letter.offered", name)).inline(vec![
                vec![button("team_letter.take", admin::TeamChoice::Take(offer))],
                vec![button("team_letter.turn_down", admin::TeamChoice::TurnDown(offer))],
            ])
        }
        TeamNews::Taken(name) => Screen::text(named("team_letter.taken", name)),
        TeamNews::ChatLost(title) => Screen::text(named("team_letter.chat_lost", title)),
        TeamNews::TurnedDown(name) => Screen::text(named("team_letter.turned_down", name)),
    }
}
