//! The HTTP side: one router over one world, on as many addresses as are asked for.

use crate::{sim, state::World, telegram, yookassa};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::any,
};
use tokio::{net::TcpListener, task::JoinHandle};

/// Telegram takes files up to 50 MB.
const LARGEST: usize = 64 * 1024 * 1024;

pub(crate) fn router(world: World) -> Router {
    sim::router()
        .route("/yookassa/pay/{id}", any(page))
        .route("/yookassa/v3/{*path}", any(yookassa))
        .fallback(other)
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(world)
}

/// The path of a bot's method has its token inside a segment, which no route can express.
async fn other(State(world): State<World>, request: Request) -> Response {
    if request.uri().path().starts_with("/bot") {
        return telegram::handle(world, request).await;
    }
    if request.uri().path().starts_with("/file/bot") {
        return telegram::download(&world, request.uri().path());
    }
    let body = "{\"ok\":false,\"error_code\":404,\"description\":\"Not Found\"}";
    (StatusCode::NOT_FOUND, [("content-type", "application/json")], body).into_response()
}

async fn yookassa(State(world): State<World>, Path(path): Path<String>, request: Request) -> Response {
    yookassa::handle(world, format!("/{path}"), request).await
}

async fn page(State(world): State<World>, Path(id): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, 10_000).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    yookassa::page(&world, &parts.method, &id, &body)
}

/// Serves on one listener until the world is told to stop.
pub(crate) fn serve(listener: TcpListener, world: &World) -> JoinHandle<()> {
    let (router, stop) = (router(world.clone()), world.stop().clone());
    tokio::spawn(async move {
        // Small answers must not wait for one another.
        let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
            let _ = stream.set_nodelay(true);
        });
        let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::error!(%error, "listener ended");
        }
    })
}
