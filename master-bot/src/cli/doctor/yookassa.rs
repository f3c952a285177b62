//! YooKassa: are the credentials those of a shop that can take money?

use super::{Check, settings::Given, within};
use crate::payments::{GatewayError, yookassa::YooKassa};

const NAME: &str = "yookassa.credentials";
const UNREACHABLE: &str = "see that this machine reaches YOOKASSA_API_URL (name service, firewall, proxy)";

pub(super) async fn look(given: &Given) -> Vec<Check> {
    let Some(front) = &given.front else { return Vec::new() };
    let key = front.yookassa_secret_key.clone();
    let gateway = match YooKassa::new(&front.yookassa_api_url, &front.yookassa_shop_id, key) {
        Ok(gateway) => gateway,
        Err(error) => return vec![Check::fail(NAME, error.without_url(), UNREACHABLE)],
    };
    vec![match within(gateway.shop()).await {
        Ok(shop) if shop.status != "enabled" => {
            let found = format!("shop {} is {}: it takes no money", shop.account_id, shop.status);
            Check::fail(NAME, found, "ask YooKassa's manager to connect it, or use another shop's credentials")
        }
        Ok(shop) if shop.test => Check::ok(NAME, format!("test shop {}: it takes test cards only", shop.account_id)),
        Ok(shop) => Check::ok(NAME, format!("shop {}", shop.account_id)),
        Err(error) => match error.downcast_ref::<GatewayError>() {
            Some(GatewayError::Refused(why)) if why.starts_with("401") => {
                let remedy =
                    "copy YOOKASSA_SHOP_ID and YOOKASSA_SECRET_KEY from YooKassa's cabinet (Integration, API keys)";
                Check::fail(NAME, why, remedy)
            }
            Some(GatewayError::Refused(_) | GatewayError::NotFound) => {
                let remedy = "make a payment of one rouble to be sure";
                Check::warn(NAME, format!("whether they are good cannot be told: {error}"), remedy)
            }
            _ => Check::fail(NAME, error, UNREACHABLE),
        },
    }]
}
