//! What both bots use: settings, telemetry, Postgres, Redis under a prefix, the Telegram client, texts, sealing of
//! secrets, the clock and the outbox. Nothing here knows a booking or a sale.

pub mod backoff;
pub mod broadcast;
pub mod clock;
#[doc(hidden)]
pub mod fuzzing;
pub mod heartbeat;
pub mod outbox;
pub mod postgres;
pub mod presets;
pub mod redis;
pub mod seal;
pub mod settings;
pub mod slug;
pub mod telegram;
pub mod telemetry;
pub mod texts;
