//! A few shapes and words.

use super::paint::width_of;

/// Colours: dark words on a light ground.
pub(crate) const PAPER: &str = "#ffffff";
pub(crate) const INK: &str = "#1b2430";
pub(crate) const FAINT: &str = "#5b6776";
pub(crate) const GROUND: &str = "#f3f6fb";
pub(crate) const LINE: &str = "#dde3ec";
pub(crate) const BLUE: &str = "#2f6fde";
pub(crate) const PALE: &str = "#f0b9a4";
pub(crate) const GOOD: &str = "#157a3a";
pub(crate) const BAD: &str = "#b9352b";

/// Where a word stands to its point.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a word is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pen {
    pub(crate) size: u32,
    pub(crate) bold: bool,
    pub(crate) colour: &'static str,
    pub(crate) anchor: Anchor,
}

impl Pen {
    pub(crate) fn new(size: u32, colour: &'static str) -> Self {
        Self { size, bold: false, colour, anchor: Anchor::Start }
    }

    pub(crate) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub(crate) fn at(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }
}

/// A picture that is being drawn: shapes, the later ones over the earlier.
#[derive(Debug)]
pub(crate) struct Canvas {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) shapes: Vec<Shape>,
}

/// A shape, in pixels from the upper left corner.
#[derive(Debug)]
pub(super) enum Shape {
    Rect {
        place: (f64, f64),
        size: (f64, f64),
        round: u32,
        colour: &'static str,
    },
    Triangle {
        place: (f64, f64),
        size: f64,
        up: bool,
        colour: &'static str,
    },
    /// The base line begins, is centred, or ends at `place`.
    Text {
        place: (f64, f64),
        pen: Pen,
        words: String,
    },
}

impl Canvas {
    /// An empty one, so many pixels wide and high.
    pub(crate) fn new(width: u32, height: u32) -> Self {
        Self { width, height, shapes: Vec::new() }
    }

    /// A box with round corners.
    pub(crate) fn rect(&mut self, place: (f64, f64), size: (f64, f64), round: u32, colour: &'static str) {
        self.shapes.push(Shape::Rect { place, size, round, colour });
    }

    /// A horizontal line.
    pub(crate) fn line(&mut self, place: (f64, f64), width: f64) {
        self.rect(place, (width, 1.5), 0, LINE);
    }

    /// A triangle that points up or down, in a box of `size` whose upper left corner this is.
    pub(crate) fn triangle(&mut self, place: (f64, f64), size: f64, up: bool, colour: &'static str) {
        self.shapes.push(Shape::Triangle { place, size, up, colour });
    }

    /// Words, whose base line begins (or is centred, or ends) at a point. What the font does not have is left out.
    pub(crate) fn text(&mut self, place: (f64, f64), pen: Pen, words: &str) {
        let words = words.chars().filter(|c| is_drawn(*c)).collect();
        self.shapes.push(Shape::Text { place, pen, words });
    }
}

#[cfg(test)]
impl Canvas {
    /// As SVG, which can be read.
    pub(crate) fn svg(&self) -> String {
        let mut body = String::new();
        for shape in &self.shapes {
            body.push_str(&match shape {
                Shape::Rect { place: (x, y), size: (w, h), round, colour } => {
                    format!(r#"<rect x="{x:.1}" y="{y:.1}" width="{w:.1}" height="{h:.1}" rx="{round}" fill="{colour}"/>"#)
                }
                Shape::Triangle { place: (x, y), size, up, colour } => {
                    let (tip, base) = if *up { (*y, y + size) } else { (y + size, *y) };
                    let (middle, right) = (x + size / 2.0, x + size);
                    format!(r#"<path d="M{x:.1} {base:.1}L{right:.1} {base:.1}L{middle:.1} {tip:.1}Z" fill="{colour}"/>"#)
                }
                Shape::Text { place: (x, y), pen, words } => {
                    let anchor = match pen.anchor {
                        Anchor::Start => "",
                        Anchor::Middle => r#" text-anchor="middle""#,
                        Anchor::End => r#" text-anchor="end""#,
                    };
                    let weight = if pen.bold { r#" font-weight="700""# } else { "" };
                    let (size, colour) = (pen.size, pen.colour);
                    let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                    format!(r#"<text x="{x:.1}" y="{y:.1}" font-size="{size}"{weight}{anchor} fill="{colour}">{words}</text>"#)
                }
            });
            body.push('\n');
        }
        let Self { width, height, .. } = self;
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\">\n{body}</svg>\n")
    }
}

/// Whether the font has it. What it does not have (pictographs, other scripts) is left out: a box would tell nobody anything.
fn is_drawn(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{17f}' | '\u{400}'..='\u{45f}' | '\u{490}'..='\u{4bf}' | '\u{4d8}'..='\u{4ef}'
        | '\u{2010}'..='\u{2015}' | '\u{2018}'..='\u{201e}' | '…' | '•' | '₽' | '€' | '№' | '−')
}

/// The words, cut so that they are about as wide as that at most.
pub(crate) fn fitting(words: &str, pen: Pen, width: f64) -> String {
    if width_of(words, pen) <= width {
        return words.to_owned();
    }
    let mut cut = String::new();
    for c in words.chars() {
        cut.push(c);
        if width_of(&cut, pen) + f64::from(pen.size) * 0.8 > width {
            break;
        }
    }
    format!("{}…", cut.trim_end())
}
