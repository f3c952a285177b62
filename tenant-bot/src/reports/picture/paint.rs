//! A drawing becomes pixels: shapes by `tiny-skia`, letters by the outlines of a font of our own.

use skrifa::{
    FontRef, GlyphId, MetadataProvider,
    instance::{LocationRef, Size},
    outline::{DrawSettings, OutlinePen},
};
use tiny_skia::{Color, FillRule, Paint, Path, PathBuilder, Pixmap, Transform};

use super::canvas::{Anchor, Canvas, Pen, Shape};

/// Noto Sans, cut down to the Latin and Cyrillic letters of the languages that are spoken here (`assets/fonts`).
const FONTS: [&[u8]; 2] =
    [include_bytes!("../../../assets/fonts/sans.ttf"), include_bytes!("../../../assets/fonts/sans-bold.ttf")];

/// As pixels; none: it has no size.
pub(super) fn painted(canvas: &Canvas) -> Option<Pixmap> {
    let mut paper = Pixmap::new(canvas.width, canvas.height)?;
    paper.fill(Color::WHITE);
    for shape in &canvas.shapes {
        let (path, colour) = match shape {
            Shape::Rect { place, size, round, colour } => (rect(*place, *size, f64::from(*round)), *colour),
            Shape::Triangle { place, size, up, colour } => (triangle(*place, *size, *up), *colour),
            Shape::Text { place, pen, words } => (letters(*place, *pen, words), pen.colour),
        };
        if let Some(path) = path {
            let mut paint = Paint::default();
            let [_, red, green, blue] = rgb(colour).to_be_bytes();
            paint.set_color_rgba8(red, green, blue, 255);
            paint.anti_alias = true;
            paper.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
        }
    }
    Some(paper)
}

/// `#rrggbb`
fn rgb(colour: &str) -> u32 {
    u32::from_str_radix(colour.trim_start_matches('#'), 16).unwrap_or(0)
}

// Pixels of a picture: a few thousand at most.
#[expect(clippy::cast_possible_truncation, reason = "pixels are few")]
fn px(n: f64) -> f32 {
    n as f32
}

fn rect((x, y): (f64, f64), (width, height): (f64, f64), round: f64) -> Option<Path> {
    let round = px(round.min(width / 2.0).min(height / 2.0));
    let (left, top, right, bottom) = (px(x), px(y), px(x + width), px(y + height));
    let mut path = PathBuilder::new();
    path.move_to(left + round, top);
    path.line_to(right - round, top);
    path.quad_to(right, top, right, top + round);
    path.line_to(right, bottom - round);
    path.quad_to(right, bottom, right - round, bottom);
    path.line_to(left + round, bottom);
    path.quad_to(left, bottom, left, bottom - round);
    path.line_to(left, top + round);
    path.quad_to(left, top, left + round, top);
    path.close();
    path.finish()
}

fn triangle((x, y): (f64, f64), size: f64, up: bool) -> Option<Path> {
    let (tip, base) = if up { (y, y + size) } else { (y + size, y) };
    let mut path = PathBuilder::new();
    path.move_to(px(x), px(base));
    path.line_to(px(x + size), px(base));
    path.line_to(px(x + size / 2.0), px(tip));
    path.close();
    path.finish()
}

fn font(pen: Pen) -> Option<FontRef<'static>> {
    FontRef::new(FONTS[usize::from(pen.bold)]).ok()
}

fn size(pen: Pen) -> Size {
    Size::new(px(f64::from(pen.size)))
}

/// The letters of words, and where each begins.
fn placed(font: &FontRef<'_>, pen: Pen, words: &str) -> (Vec<(GlyphId, f32)>, f32) {
    let (map, metrics) = (font.charmap(), font.glyph_metrics(size(pen), LocationRef::default()));
    let mut at = 0.0;
    let mut glyphs = Vec::new();
    for glyph in words.chars().filter_map(|c| map.map(c)) {
        glyphs.push((glyph, at));
        at += metrics.advance_width(glyph).unwrap_or_default();
    }
    (glyphs, at)
}

/// How wide words are, in pixels.
pub(super) fn width_of(words: &str, pen: Pen) -> f64 {
    font(pen).map_or(0.0, |font| f64::from(placed(&font, pen, words).1))
}

/// An outline that is turned upside down: fonts count upwards.
struct Outline {
    path: PathBuilder,
    x: f32,
    y: f32,
}

impl OutlinePen for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(self.x + x, self.y - y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(self.x + x, self.y - y);
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.path.quad_to(self.x + cx, self.y - cy, self.x + x, self.y - y);
    }

    fn curve_to(&mut self, ax: f32, ay: f32, bx: f32, by: f32, x: f32, y: f32) {
        self.path.cubic_to(self.x + ax, self.y - ay, self.x + bx, self.y - by, self.x + x, self.y - y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

fn letters((x, y): (f64, f64), pen: Pen, words: &str) -> Option<Path> {
    let font = font(pen)?;
    let (glyphs, width) = placed(&font, pen, words);
    let start = match pen.anchor {
        Anchor::Start => px(x),
        Anchor::Middle => px(x) - width / 2.0,
        Anchor::End => px(x) - width,
    };
    let outlines = font.outline_glyphs();
    let mut outline = Outline { path: PathBuilder::new(), x: 0.0, y: px(y) };
    for (glyph, at) in glyphs {
        outline.x = start + at;
        if let Some(glyph) = outlines.get(glyph) {
            // A glyph that cannot be drawn leaves a gap.
            let _ = glyph.draw(DrawSettings::unhinted(size(pen), LocationRef::default()), &mut outline);
        }
    }
    outline.path.finish()
}
