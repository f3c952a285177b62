//! Telegram: the master bot's token, what the bot may do, and what would keep it from polling.

use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    clock::Clock,
    telegram::{Telegram, TelegramError},
};
use url::Url;

use super::{Check, clock::Asked, settings::Given, within};

const TOKEN: &str = "telegram.token";
const MANAGEMENT: &str = "telegram.management";
const WEBHOOK: &str = "telegram.webhook";
const CLOCK: &str = "clock.telegram";
const UNREACHABLE: &str = "see that this machine reaches TELEGRAM_API_URL (name service, firewall, proxy)";

pub(super) async fn look(given: &Given, clock: &Clock) -> Vec<Check> {
    let (Some(token), Some(api_url)) = (&given.bot_token, &given.telegram_api_url) else { return Vec::new() };
    let line = match Telegram::new(token, api_url) {
        Ok(line) => line,
        Err(error) => return vec![Check::fail(TOKEN, error, UNREACHABLE)],
    };
    let me = match within(line.get_me()).await {
        Ok(me) => me,
        Err(error) => {
            let remedy = match error.downcast_ref::<TelegramError>() {
                Some(TelegramError::Unauthorized | TelegramError::Refused(_)) => {
                    "copy MASTER_BOT_TOKEN from @BotFather again (/mybots, API Token)"
                }
                _ => UNREACHABLE,
            };
            return vec![Check::fail(TOKEN, format!("getMe: {error}"), remedy)];
        }
    };
    let mut checks = vec![Check::ok(TOKEN, format!("it is that of @{}", me.username))];
    checks.push(if me.can_manage_bots {
        Check::ok(MANAGEMENT, "bot management is on")
    } else {
        // Sales go on, with tokens that buyers must paste.
        let remedy =
            "switch bot management on in @BotFather's Mini App (Bot Settings); until then buyers can only paste tokens";
        Check::warn(MANAGEMENT, "bot management is off", remedy)
    });
    checks.push(match within(line.webhook()).await {
        Ok(None) => Check::ok(WEBHOOK, "none is set, so the bot can be polled for"),
        Ok(Some(_)) => {
            // Its address is somebody else's, and may hold a secret.
            let remedy = "stop the program that set it, or take a new token in @BotFather; then call deleteWebhook";
            Check::fail(WEBHOOK, "a webhook is set: Telegram sends updates there and refuses to be polled", remedy)
        }
        Err(error) => Check::fail(WEBHOOK, format!("getWebhookInfo: {error}"), UNREACHABLE),
    });
    checks.extend(date(api_url, clock).await);
    checks
}

/// Telegram's time, from the head of any answer. None where it tells none.
async fn date(api_url: &Url, clock: &Clock) -> Option<Check> {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().ok()?;
    let asked = Asked::now(clock);
    let answer = within(http.get(api_url.clone()).send()).await.ok()?;
    let date = answer.headers().get(reqwest::header::DATE)?.to_str().ok()?;
    let date = DateTime::parse_from_rfc2822(date).ok()?.with_timezone(&Utc);
    // It tells whole seconds; half of one is right on average.
    Some(asked.answered(CLOCK, "Telegram's", date + TimeDelta::milliseconds(500)))
}
