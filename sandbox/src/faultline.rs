//! Where ordered faults strike a request: before its effect, after it, or in place of the answer.

use crate::{state::World, wire::FaultKind};
use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response},
};
use std::time::Duration;

/// What a fault makes of a request that has not been done yet.
pub(crate) enum Struck {
    /// Do it; the fault inside strikes afterwards.
    Go(Option<FaultKind>),
    /// Do not do it, break the connection.
    Break,
    /// Do not do it, answer this.
    Status { code: u16, retry_after: Option<u64> },
}

pub(crate) async fn before(fault: Option<FaultKind>) -> Struck {
    match fault {
        Some(FaultKind::Down) => Struck::Break,
        Some(FaultKind::Status { code, retry_after, after_effect: false }) => Struck::Status { code, retry_after },
        Some(FaultKind::Delay { delay_ms }) => {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            Struck::Go(None)
        }
        later => Struck::Go(later),
    }
}

/// An answer that breaks off: the asker sees a broken connection and cannot know whether the request was done.
pub(crate) fn broken() -> Response {
    let broken = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("ordered fault")) });
    ([(header::CONTENT_LENGTH, "1000")], Body::from_stream(broken)).into_response()
}

/// No answer for as long as the asker waits.
pub(crate) async fn silence(world: &World) -> Response {
    world.stop().cancelled().await;
    broken()
}
