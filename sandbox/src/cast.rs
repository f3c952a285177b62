//! Who is there from the beginning: a master bot whose token, and owners whose ids, stand in somebody's settings. A
//! sandbox forgets everything when it is started anew; with a cast, the programs beside it need no new settings then.

use crate::{
    state::{State, bots::Birth},
    wire::NewPerson,
};

/// The master bot's usual name.
const MASTER: (&str, &str) = ("Слотъярд", "slotyard_bot");

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Cast {
    /// Token of `@slotyard_bot`, which may manage bots; its id is the number before the colon.
    pub master_token: Option<String>,
    /// Ids of people.
    pub owners: Vec<i64>,
}

impl Cast {
    pub(crate) fn enter(self, state: &mut State) -> Result<(), String> {
        for (n, id) in (1..).zip(&self.owners) {
            let owner =
                NewPerson { id: Some(*id), first_name: format!("Владелец {n}"), ..NewPerson::default() };
            state.make_person(owner).ok_or_else(|| format!("{id} cannot be the id of an owner"))?;
        }
        let Some(token) = self.master_token else { return Ok(()) };
        let id = token.split_once(':').filter(|(_, secret)| secret.len() >= 30).and_then(|(id, _)| id.parse().ok());
        let id = id
            .filter(|id| *id > 0)
            .ok_or("the master bot's token must look like 1000000001:AA…, 30 letters or more")?;
        let (name, username) = MASTER;
        let birth = Birth { name, username, can_manage_bots: true, owner: None, manager: None };
        state.make_bot_with(&birth, id, token).map_err(|code| format!("the master bot cannot be made: {code}"))?;
        Ok(())
    }
}
