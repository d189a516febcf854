//! The sheet a good is drawn on: solids that hide what lies behind them, shadows and light.

use super::curve::{Curve, PathText, number};
use super::oklch::Rgb;
use super::palette::Tones;

/// Where goods stand.
pub(super) const FLOOR: f64 = 408.0;
pub(super) const WIDTH: f64 = 400.0;
pub(super) const HEIGHT: f64 = 500.0;

/// On a bar thinner than this nobody sees a highlight.
const GLEAM_WIDTH_MIN: f64 = 12.0;

/// Everything a picture is made of, back to front.
#[derive(Debug, Clone, Default)]
pub(super) struct Sheet {
    pub(super) parts: Vec<Part>,
}

#[derive(Debug, Clone)]
pub(super) enum Part {
    /// A dim ellipse or silhouette on the floor or the wall.
    Shadow(Shape),
    /// Light that fades downwards.
    Glow(String),
    Solid(Solid),
}

#[derive(Debug, Clone)]
pub(super) enum Shape {
    Area(String),
    Oval(Oval),
    /// A line with round ends.
    Line(String, f64),
    /// A shape drawn elsewhere, put this far right and down.
    Moved(Box<Shape>, f64, f64),
}

impl Shape {
    pub(super) fn moved(self, right: f64, down: f64) -> Shape {
        Shape::Moved(Box::new(self), right, down)
    }

    fn is_line(&self) -> bool {
        match self {
            Shape::Area(_) | Shape::Oval(_) => false,
            Shape::Line(..) => true,
            Shape::Moved(shape, ..) => shape.is_line(),
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Oval {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) rx: f64,
    pub(super) ry: f64,
}

/// A thing with an outline. What is marked on it ends where it ends.
#[derive(Debug, Clone)]
pub(super) struct Solid {
    pub(super) outline: Shape,
    pub(super) colour: Rgb,
    pub(super) opacity: f64,
    pub(super) marks: Vec<Mark>,
}

#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub(super) shape: Shape,
    pub(super) colour: Rgb,
    pub(super) role: Role,
}

/// What a mark is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Part of the form: a seam, a rim. Also on the dimension drawing.
    Form,
    /// A tone of the light, which a drawing in lines leaves out.
    Light,
}

pub(super) fn area(path: &str) -> Shape {
    Shape::Area(path.to_owned())
}

pub(super) fn line(path: &str, width: f64) -> Shape {
    Shape::Line(path.to_owned(), width)
}

pub(super) fn oval(x: f64, y: f64, rx: f64, ry: f64) -> Shape {
    Shape::Oval(Oval { x, y, rx, ry })
}

/// A rectangle with rounded corners.
pub(super) fn slab(x: f64, y: f64, width: f64, height: f64, radius: f64) -> Shape {
    let curve = |across: f64, down: f64| format!("a{radius} {radius} 0 0 1 {across} {down}");
    Shape::Area(format!(
        "M{} {y}h{}{}v{}{}h{}{}v{}{}z",
        x + radius,
        width - 2.0 * radius,
        curve(radius, radius),
        height - 2.0 * radius,
        curve(-radius, radius),
        2.0 * radius - width,
        curve(-radius, -radius),
        2.0 * radius - height,
        curve(radius, -radius),
    ))
}

/// Half of a hoop that lies level, seen from a little above.
pub(super) fn hoop(x: f64, y: f64, rx: f64, ry: f64, half: Half, colour: Rgb) -> Solid {
    const THICK: f64 = 7.0;
    let (out, back) = match half {
        Half::Near => (0, 1),
        Half::Far => (1, 0),
    };
    let (width, depth) = (rx - THICK, ry - 0.8 * THICK);
    Solid::new(
        Shape::Area(format!(
            "M{} {y}A{rx} {ry} 0 0 {out} {} {y}H{}A{width} {} 0 0 {back} {} {y}z",
            number(x - rx),
            number(x + rx),
            number(x + width),
            number(depth),
            number(x - width),
        )),
        colour,
    )
}

/// The half of a hoop that is nearer to the eye, or the farther one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Near,
    Far,
}

impl Sheet {
    /// A ball, lit from the upper left.
    pub(super) fn ball(&mut self, x: f64, y: f64, radius: f64, tones: Tones) {
        let lit = oval(x - 0.28 * radius, y - 0.22 * radius, radius, radius);
        let gleam = oval(x - 0.36 * radius, y - 0.4 * radius, 0.3 * radius, 0.24 * radius);
        self.add(
            Solid::new(oval(x, y, radius, radius), tones.lo)
                .tone(lit, tones.base)
                .tone(gleam, tones.hi),
        );
    }

    /// The shadow of something round that touches the floor within `radius` of `x`: pushed right,
    /// darkest where it touches.
    pub(super) fn shadow(&mut self, x: f64, radius: f64) {
        let y = FLOOR - 0.17 * radius.min(90.0);
        let depth = 0.2 * radius.min(90.0);
        self.cast(oval(x + 0.16 * radius + 6.0, y + 2.0, 1.14 * radius + 4.0, depth * 1.05 + 3.0));
        self.cast(oval(x + 0.05 * radius + 3.0, y + 1.0, radius, depth + 1.5));
    }

    pub(super) fn cast(&mut self, shape: Shape) {
        self.parts.push(Part::Shadow(shape));
    }

    pub(super) fn glow(&mut self, path: &str) {
        self.parts.push(Part::Glow(path.to_owned()));
    }

    pub(super) fn add(&mut self, solid: Solid) {
        self.parts.push(Part::Solid(solid));
    }
}

impl Solid {
    pub(super) fn new(outline: Shape, colour: Rgb) -> Self {
        Self { outline, colour, opacity: 1.0, marks: Vec::new() }
    }

    /// A bar along `spine`, `first` wide at its start and `last` wide at its end, lit from the
    /// upper left.
    pub(super) fn bar(spine: &str, first: f64, last: f64, tones: Tones) -> Self {
        let curve = Curve::read(spine);
        let width = first.max(last);
        let shaded = curve.moved(0.56 * width, 0.5 * width).coarse();
        let half = |side: f64| curve.beside(side * first / 2.0, side * last / 2.0);
        let (left, right) = (half(1.0), half(-1.0));
        let outline = PathText::start(&left)
            .cap(last / 2.0, right.end())
            .follow(&right.reversed())
            .cap(first / 2.0, left.start())
            .close();
        let bar = Self::new(Shape::Area(outline), tones.base)
            .tone(Shape::Line(PathText::start(&shaded).open(), width), tones.lo);
        if width < GLEAM_WIDTH_MIN {
            return bar;
        }
        let lit = curve.moved(-0.66 * width, -0.6 * width).coarse();
        bar.tone(Shape::Line(PathText::start(&lit).open(), width), tones.hi)
    }

    /// Adds a mark that belongs to the form.
    pub(super) fn mark(self, shape: Shape, colour: Rgb) -> Self {
        self.with(shape, colour, Role::Form)
    }

    /// Adds a mark that is only light or shade.
    pub(super) fn tone(self, shape: Shape, colour: Rgb) -> Self {
        self.with(shape, colour, Role::Light)
    }

    /// Whether what lies behind cannot be seen.
    pub(super) fn hides(&self) -> bool {
        self.opacity >= 1.0 && !self.outline.is_line()
    }

    pub(super) fn see_through(mut self, opacity: f64) -> Self {
        self.opacity = opacity;
        self
    }

    fn with(mut self, shape: Shape, colour: Rgb, role: Role) -> Self {
        self.marks.push(Mark { shape, colour, role });
        self
    }
}
