//! `PUBLIC_URL`: can YooKassa reach us? Everything works without, only slower, so nothing here fails.

use super::{Check, settings::Given, within};

const NAME: &str = "public_url";

pub(super) async fn look(given: &Given) -> Vec<Check> {
    let Some(front) = &given.front else { return Vec::new() };
    let Some(url) = &front.public_url else {
        return vec![Check::ok(NAME, "none: payments are polled")];
    };
    if url.scheme() != "https" {
        let remedy =
            "YooKassa notifies only https, on port 443 or 8443: put a reverse proxy with a certificate before us";
        return vec![Check::warn(NAME, format!("it is {}://…", url.scheme()), remedy)];
    }
    let Ok(health) = url.join("healthz") else { return Vec::new() };
    let asked = async {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        http.get(health).send().await.map_err(reqwest::Error::without_url)
    };
    let remedy = "start `master-bot serve` and let the reverse proxy pass PUBLIC_URL/* on to LISTEN_ADDR";
    vec![match within(asked).await {
        Ok(answer) if answer.status().is_success() => Check::ok(NAME, "it leads to a master"),
        Ok(answer) => Check::warn(NAME, format!("PUBLIC_URL/healthz answers {}", answer.status()), remedy),
        Err(error) => Check::warn(NAME, format!("PUBLIC_URL/healthz: {error}"), remedy),
    }]
}
