//! Pictures of the figures: drawn as a list of shapes, which can be read in a test, and painted with a font of our own.

mod canvas;
mod dashboard;
mod heat;
mod paint;

use tokio::sync::Semaphore;

pub(crate) use self::{canvas::Canvas, dashboard::dashboard, heat::heat};

/// One picture takes several megabytes while it is painted: one at a time.
static EASEL: Semaphore = Semaphore::const_new(1);

/// Why there is no picture: a fault of ours.
#[derive(Debug, thiserror::Error)]
#[error("the picture cannot be painted: {0}")]
pub(crate) struct PictureError(String);

/// Paints a drawing, on a thread of its own.
pub(crate) async fn png(canvas: Canvas) -> Result<Vec<u8>, PictureError> {
    let _turn = EASEL.acquire().await.map_err(|why| PictureError(why.to_string()))?;
    tokio::task::spawn_blocking(move || paint(&canvas)).await.map_err(|why| PictureError(why.to_string()))?
}

fn paint(canvas: &Canvas) -> Result<Vec<u8>, PictureError> {
    let paper = paint::painted(canvas).ok_or_else(|| PictureError("it has no size".to_owned()))?;
    paper.encode_png().map_err(|why| PictureError(why.to_string()))
}

#[cfg(test)]
mod tests;
