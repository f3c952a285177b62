//! Pictures of the figures: drawn as SVG, which can be read in a test, and turned into PNG with a font of our own.

mod canvas;
mod dashboard;
mod heat;

use std::sync::Arc;

use resvg::{tiny_skia, usvg};
use tokio::sync::Semaphore;

pub(crate) use self::{dashboard::dashboard, heat::heat};

/// Noto Sans, cut down to the Latin and Cyrillic letters of the languages that are spoken here (`assets/fonts`).
const FONTS: [&[u8]; 2] =
    [include_bytes!("../../../assets/fonts/sans.ttf"), include_bytes!("../../../assets/fonts/sans-bold.ttf")];

/// One picture takes several megabytes while it is painted: one at a time.
static EASEL: Semaphore = Semaphore::const_new(1);

/// Why there is no picture: a fault of ours in either case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PictureError {
    /// The drawing cannot be read.
    #[error("the drawing cannot be read")]
    Drawing(#[from] usvg::Error),
    /// It cannot be painted.
    #[error("the picture cannot be painted: {0}")]
    Painting(String),
}

/// Paints an SVG of ours, on a thread of its own.
pub(crate) async fn png(svg: String) -> Result<Vec<u8>, PictureError> {
    let painting = |why: &dyn std::fmt::Display| PictureError::Painting(why.to_string());
    let _turn = EASEL.acquire().await.map_err(|why| painting(&why))?;
    tokio::task::spawn_blocking(move || paint(&svg)).await.map_err(|why| painting(&why))?
}

fn paint(svg: &str) -> Result<Vec<u8>, PictureError> {
    painted(svg)?.encode_png().map_err(|why| PictureError::Painting(why.to_string()))
}

fn painted(svg: &str) -> Result<tiny_skia::Pixmap, PictureError> {
    let mut options = usvg::Options { font_family: "Noto Sans".to_owned(), ..usvg::Options::default() };
    for font in FONTS {
        options.fontdb_mut().load_font_source(usvg::fontdb::Source::Binary(Arc::new(font)));
    }
    let tree = usvg::Tree::from_str(svg, &options)?;
    drop(options);
    let size = tree.size().to_int_size();
    let none = || PictureError::Painting("its size is nothing".into());
    let mut paper = tiny_skia::Pixmap::new(size.width(), size.height()).ok_or_else(none)?;
    resvg::render(&tree, tiny_skia::Transform::default(), &mut paper.as_mut());
    Ok(paper)
}

#[cfg(test)]
mod tests;
