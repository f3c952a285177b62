//! A few shapes and words of SVG.

use std::fmt::Write;

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

/// A picture that is being drawn.
#[derive(Debug)]
pub(crate) struct Canvas {
    width: u32,
    height: u32,
    body: String,
}

impl Canvas {
    /// An empty one, so many pixels wide and high.
    pub(crate) fn new(width: u32, height: u32) -> Self {
        Self { width, height, body: String::new() }
    }

    // Writing to a String does not fail.
    fn add(&mut self, shape: std::fmt::Arguments<'_>) {
        let _ = self.body.write_fmt(shape);
        self.body.push('\n');
    }

    /// A box with round corners.
    pub(crate) fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), round: u32, colour: &str) {
        self.add(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="{round}" fill="{colour}"/>"#
        ));
    }

    /// A horizontal line.
    pub(crate) fn line(&mut self, (x, y): (f64, f64), width: f64) {
        self.rect((x, y), (width, 1.5), 0, LINE);
    }

    /// A triangle that points up or down, in a box of `size` whose upper left corner this is.
    pub(crate) fn triangle(&mut self, (x, y): (f64, f64), size: f64, up: bool, colour: &str) {
        let (tip, base) = if up { (y, y + size) } else { (y + size, y) };
        let (middle, right) = (x + size / 2.0, x + size);
        self.add(format_args!(
            r#"<path d="M{x:.1} {base:.1}L{right:.1} {base:.1}L{middle:.1} {tip:.1}Z" fill="{colour}"/>"#
        ));
    }

    /// Words, whose base line begins (or is centred, or ends) at a point.
    pub(crate) fn text(&mut self, (x, y): (f64, f64), pen: Pen, words: &str) {
        let anchor = match pen.anchor {
            Anchor::Start => "",
            Anchor::Middle => r#" text-anchor="middle""#,
            Anchor::End => r#" text-anchor="end""#,
        };
        let weight = if pen.bold { r#" font-weight="700""# } else { "" };
        let (size, colour, words) = (pen.size, pen.colour, written(words));
        self.add(format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" font-size="{size}"{weight}{anchor} fill="{colour}">{words}</text>"#
        ));
    }

    /// The whole.
    pub(crate) fn svg(self) -> String {
        let Self { width, height, body } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             font-family=\"Noto Sans\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n{body}</svg>\n"
        )
    }
}

/// Whether the font has it. What it does not have (pictographs, other scripts) is left out: a box would tell nobody anything.
fn is_drawn(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{17f}' | '\u{400}'..='\u{45f}' | '\u{490}'..='\u{4bf}' | '\u{4d8}'..='\u{4ef}'
        | '\u{2010}'..='\u{2015}' | '\u{2018}'..='\u{201e}' | '…' | '•' | '₽' | '€' | '№' | '−')
}

fn written(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for c in words.chars().filter(|c| is_drawn(*c)) {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    out
}

/// About as wide as words of this size are, in pixels.
pub(crate) fn width_of(words: &str, size: u32) -> f64 {
    let letters: f64 = words
        .chars()
        .filter(|c| is_drawn(*c))
        .map(|c| match c {
            ' ' | '\u{a0}' | '.' | ',' | ':' | 'i' | 'l' | 'j' | 'I' | '|' | '!' | '\'' => 0.29,
            'Ш' | 'Щ' | 'Ж' | 'Ю' | 'Ы' | 'М' | 'Ф' | 'W' | 'M' | '%' | '@' | 'ш' | 'щ' | 'ж' | 'ю' | 'м' | 'w' => {
                0.87
            }
            c if c.is_uppercase() => 0.69,
            _ => 0.58,
        })
        .sum();
    letters * f64::from(size)
}

/// The words, cut so that they are about as wide as that at most.
pub(crate) fn fitting(words: &str, size: u32, width: f64) -> String {
    if width_of(words, size) <= width {
        return words.to_owned();
    }
    let mut cut = String::new();
    for c in words.chars() {
        cut.push(c);
        if width_of(&cut, size) + f64::from(size) * 0.8 > width {
            break;
        }
    }
    format!("{}…", cut.trim_end())
}
