//! Every button of the console that can be found by pressing buttons: a stranger first (nothing changes, and they are told
//! so), then the owner, then the owner once more. Every question is answered with nonsense and with what might be meant.
//! Whatever happens, the bot has no fault, each screen says where it is and leads back, and Telegram has nothing to object to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Context, Result, ensure};
use play::people::Someone;
use sandbox::wire::ChatMessage;

use crate::{running::Play, shop::monday};

/// Buttons that differ in numbers only are pressed so often.
const OF_A_SHAPE: usize = 2;
/// More than there are: a crawl that does not end is a fault of its own.
const MOST_PRESSES: usize = 3000;
/// What may be typed in answer to anything.
const TYPED: [&str; 7] = ["<b>&\"", "-1", "45", "1500", "10-19", "завтра", "Новое имя"];

/// Where the rights of the team end: what a stranger's press must leave as it was. Letters, people's names and counts of
/// visits change whenever somebody speaks, and the errands clear away what was freed.
async fn fate(play: &Play) -> Result<String> {
    // News that the owner has sent is nobody's press.
    play::until(std::time::Duration::from_secs(20), "no news is on its way", async || {
        let under_way =
            "select count(*) from broadcasts where state = 'running' or state = 'scheduled' and starts_at <= $1";
        let n: i64 = sqlx::query_scalar(under_way).bind(play.clock.now()).fetch_one(&play.pool).await?;
        Ok((n == 0).then_some(()))
    })
    .await?;
    let tables: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r'
            and relname not in ('outbox', 'users', 'analytics', 'capped_days', 'freed_times') and relname !~ '^_sqlx' order by 1",
    )
    .fetch_all(&play.pool)
    .await?;
    // One question for all of them: it is asked at every press.
    let hashes: Vec<String> = tables
        .iter()
        .map(|table| {
            format!(
                "select '{table} ' || md5(coalesce(string_agg(t::text, ';' order by t::text), '')) from \"{table}\" t"
            )
        })
        .collect();
    let sql = hashes.join(" union all ");
    let fate: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&play.pool).await?;
    Ok(fate.join("\n"))
}

/// A button without its numbers.
fn shape(data: &str) -> String {
    let mut shape = String::new();
    // So is that of what is put together for somebody else, and the mark of what was agreed to.
    let mut parts: Vec<&str> = data.split(':').collect();
    if let ["a", "book", draft, ..] = parts[..]
        && draft.len() == 6
        && draft != "change"
    {
        parts[2] = "*";
        if let [_, _, _, "yes", code, _] = &mut parts[..] {
            *code = "*";
        }
    }
    let data = parts.join(":");
    for c in data.chars() {
        let c = if c.is_ascii_digit() { '#' } else { c };
        if !(c == '#' && shape.ends_with('#')) {
            shape.push(c);
        }
    }
    // The number of a form is six letters and digits.
    for form in ["a:ok:", "a:redo:"] {
        if shape.starts_with(form) {
            form.clone_into(&mut shape);
        }
    }
    shape
}

struct Crawl<'a> {
    play: &'a Play,
    owner: Someone,
    stranger: Someone,
    /// A message in the stranger's own chat, to forge presses on.
    forged_on: i32,
    pressed: BTreeMap<String, usize>,
    /// Every button that was pressed.
    all: Vec<String>,
    ahead: VecDeque<String>,
    presses: usize,
}

impl Crawl<'_> {
    /// Whether a button belongs to the team.
    fn theirs(data: &str) -> bool {
        data == "a" || ["a:", "plan:", "yes:", "no:"].iter().any(|start| data.starts_with(start))
    }

    fn find(&mut self, screen: &ChatMessage) {
        for data in screen.buttons.iter().flatten().filter_map(|button| button.data.clone()) {
            let seen = self.pressed.get(&shape(&data)).copied().unwrap_or_default();
            let waiting = self.ahead.iter().filter(|ahead| shape(ahead) == shape(&data)).count();
            if Self::theirs(&data) && seen + waiting < OF_A_SHAPE && !self.ahead.contains(&data) {
                self.ahead.push_back(data);
            }
        }
    }

    /// The message with buttons: pictures and files come below it.
    async fn console(&self) -> Result<ChatMessage> {
        let chat = self.owner.sim.chat(self.owner.person.id, &self.owner.bot).await?;
        let found = chat.messages.iter().rev().find(|message| !message.buttons.is_empty());
        found.or(chat.last()).cloned().context("the bot has said nothing")
    }

    async fn send(&self, who: &Someone, message_id: i32, data: &str) -> Result<Option<String>> {
        let act = who.sim.forge_press(who.person.id, &who.bot, message_id, data).await?;
        let (note, _) = who.sim.wait_answer(&act).await.with_context(|| format!("{data} got no answer"))?;
        who.sim.wait_confirmed(&act).await?;
        ensure!(!note.as_deref().unwrap_or_default().contains("Что-то пошло не так"), "{data} went wrong");
        Ok(note)
    }

    /// A screen of the console says where it is and leads back.
    fn check(data: &str, screen: &ChatMessage) -> Result<()> {
        ensure!(screen.text.chars().count() <= 4096, "{data} has a screen that is too long");
        let buttons: Vec<&str> = screen.buttons.iter().flatten().map(|button| button.text.as_str()).collect();
        ensure!(
            !buttons.is_empty() || screen.text.contains("больше не в команде"),
            "{data} leads nowhere: {}",
            screen.text
        );
        ensure!(
            !screen.text.contains('{') || data.starts_with("a:text"),
            "{data} shows a placeholder: {}",
            screen.text
        );
        Ok(())
    }

    async fn press(&mut self, data: &str) -> Result<()> {
        *self.pressed.entry(shape(data)).or_default() += 1;
        self.all.push(data.to_owned());
        self.presses += 1;
        ensure!(self.presses < MOST_PRESSES, "the crawl does not end: {:?}", self.pressed);
        let before = fate(self.play).await?;
        let note = self.send(&self.stranger, self.forged_on, data).await?;
        ensure!(fate(self.play).await? == before, "a stranger's press of {data} has changed something");
        ensure!(note.is_some(), "a stranger's press of {data} is not answered with a no");
        let console = self.console().await?.id;
        self.send(&self.owner, console, data).await?;
        let screen = self.console().await?;
        Self::check(data, &screen)?;
        self.find(&screen);
        self.answer(data, &screen).await?;
        let console = self.console().await?.id;
        self.send(&self.owner, console, data).await?;
        let again = self.console().await?;
        self.find(&again);
        Ok(())
    }

    /// What the owner could press, pressed by a viewer, who changes nothing, and by one of the staff, who changes nothing of
    /// what the business has set up. What concerns only themselves is left out.
    async fn lesser_roles(&self) -> Result<()> {
        let set_up = [
            "services",
            "service_resources",
            "resources",
            "combinations",
            "working_hours",
            "schedule_exceptions",
            "settings",
            "admins",
            "invites",
            "text_templates",
            "work_chats",
            "broadcasts",
            "broadcast_letters",
            "feedback",
        ];
        let own = ["a:dig", "a:team:told", "a:team:leave", "a:team:join"];
        for role in ["viewer", "staff"] {
            let who = self.play.stage.someone("Стажёр").await?;
            let message = who.start("Здравствуйте").await?.id;
            let sql = "insert into admins (user_id, role, resource_id, name, added_at)
                       values ($1, $2, (select max(id) from resources), 'Стажёр', $3)";
            sqlx::query(sql)
                .bind(who.person.id)
                .bind(role)
                .bind(self.play.clock.now())
                .execute(&self.play.pool)
                .await?;
            for data in self.all.iter().filter(|data| !own.iter().any(|own| data.starts_with(own))) {
                let theirs = |fate: String| {
                    let kept = |line: &&str| {
                        role == "viewer" || line.split(' ').next().is_some_and(|table| set_up.contains(&table))
                    };
                    fate.lines().filter(kept).collect::<Vec<_>>().join("\n")
                };
                let before = theirs(fate(self.play).await?);
                self.send(&who, message, data).await?;
                ensure!(
                    theirs(fate(self.play).await?) == before,
                    "a press of {data} by a {role} has changed something"
                );
            }
        }
        Ok(())
    }

    /// If it was a question, it is answered in several ways.
    async fn answer(&mut self, data: &str, question: &ChatMessage) -> Result<()> {
        let talk = format!("{}:talk:{}", self.play.stage.tenant.slug, self.owner.person.id);
        let asked: Option<String> = redis::cmd("GET").arg(talk).query_async(&mut play::redis::admin().await?).await?;
        if !asked.is_some_and(|talk| talk.contains("\"awaiting\":\"form\"")) {
            return Ok(());
        }
        for typed in TYPED {
            // What was typed before may have been taken, and led elsewhere.
            let console = self.console().await?.id;
            self.send(&self.owner, console, data).await?;
            let act = self.owner.sim.say(self.owner.person.id, &self.owner.bot, typed).await?;
            self.owner.sim.wait_confirmed(&act).await?;
            let screen = self.console().await?;
            ensure!(
                !screen.text.contains("Что-то пошло не так"),
                "{data} answered with {typed:?} went wrong: {}\n{}",
                question.text,
                screen.text
            );
            Self::check(&format!("{data} answered with {typed:?}"), &screen)?;
            if let Some(save) =
                screen.buttons.iter().flatten().find_map(|b| b.data.clone().filter(|d| d.starts_with("a:ok:")))
            {
                let before = fate(self.play).await?;
                self.send(&self.stranger, self.forged_on, &save).await?;
                ensure!(fate(self.play).await? == before, "a stranger has saved {typed:?} at {data}");
                let console = self.console().await?.id;
                self.send(&self.owner, console, &save).await?;
                let done = fate(self.play).await?;
                let console = self.console().await?.id;
                self.send(&self.owner, console, &save).await?;
                ensure!(fate(self.play).await? == done, "a second tap has saved {typed:?} at {data} twice");
            }
            let screen = self.console().await?;
            self.find(&screen);
        }
        Ok(())
    }
}

async fn crawl(kind: &str) -> Result<()> {
    let play = Play::begin(kind, monday()).await?;
    // Somebody with a request, somebody with a booking, somebody who was here.
    let anna = play.stage.someone("Аня").await?;
    if kind == "barbershop" {
        play.books(&anna, "12:00").await?;
    }
    if kind == "restaurant" {
        // Its first run is not over.
        play.setting("setup_step", "kind").await?;
    }
    let stranger = play.stage.someone("Злодей").await?;
    let forged_on = stranger.start("Здравствуйте").await?.id;
    let mut crawl = Crawl {
        play: &play,
        owner: play.stage.owner.clone(),
        stranger,
        forged_on,
        pressed: BTreeMap::new(),
        all: Vec::new(),
        ahead: VecDeque::from(["a".to_owned()]),
        presses: 0,
    };
    crawl.owner.say("/admin", "Что откроем?").await?;
    while let Some(data) = crawl.ahead.pop_front() {
        crawl.press(&data).await.with_context(|| format!("at {data}, after {} presses", crawl.presses))?;
        // Whoever has handed everything over sees nothing more: the crawl goes on as an owner.
        play.run("update admins set role = 'owner'").await?;
    }
    crawl.lesser_roles().await?;
    let rooms: BTreeSet<&str> = crawl.pressed.keys().filter_map(|data| data.split(':').nth(1)).collect();
    eprintln!("{} presses, {} kinds of button, rooms {rooms:?}", crawl.presses, crawl.pressed.len());
    assert!(crawl.pressed.len() > 20, "{:?}", crawl.pressed);
    play.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_button_of_a_barbershops_console_survives_strangers_second_taps_and_nonsense() -> Result<()> {
    crawl("barbershop").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_button_of_a_restaurants_console_survives_strangers_second_taps_and_nonsense() -> Result<()> {
    crawl("restaurant").await
}
