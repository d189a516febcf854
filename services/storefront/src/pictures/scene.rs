//! Scene of a drawing: solids that hide what lies behind them, shadows and light.

use super::curve::{Curve, PathBuilder, number};
use super::oklch::Rgb;
use super::palette::Tones;

/// Y coordinate of the floor that goods stand on.
pub(super) const FLOOR: f64 = 408.0;
pub(super) const WIDTH: f64 = 400.0;
pub(super) const HEIGHT: f64 = 500.0;

/// Minimum width of a bar with a highlight.
const GLEAM_WIDTH_MIN: f64 = 12.0;

/// Items of a picture, from back to front.
#[derive(Debug, Clone, Default)]
pub(super) struct Scene {
    pub(super) items: Vec<SceneItem>,
}

#[derive(Debug, Clone)]
pub(super) enum SceneItem {
    /// Dim ellipse or silhouette on the floor or the wall.
    Shadow(Shape),
    /// Light that fades downwards.
    Glow(String),
    Solid(Solid),
}

#[derive(Debug, Clone)]
pub(super) enum Shape {
    Area(String),
    Oval(Oval),
    /// Line with its width and round caps.
    Line(String, f64),
    /// Shape translated to the right and down.
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

/// Solid with an outline that clips its details.
#[derive(Debug, Clone)]
pub(super) struct Solid {
    pub(super) outline: Shape,
    pub(super) colour: Rgb,
    pub(super) opacity: f64,
    pub(super) details: Vec<Detail>,
}

#[derive(Debug, Clone)]
pub(super) struct Detail {
    pub(super) shape: Shape,
    pub(super) colour: Rgb,
    pub(super) role: DetailRole,
}

/// Role of a detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DetailRole {
    /// Part of the form, such as a seam or a rim, which the line drawing shows as well.
    Form,
    /// Tone of the light, which the line drawing omits.
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

/// Rectangle with rounded corners.
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

/// Half of a horizontal hoop, seen from slightly above.
pub(super) fn hoop(x: f64, y: f64, rx: f64, ry: f64, half: EllipseHalf, colour: Rgb) -> Solid {
    const THICK: f64 = 7.0;
    let (out, back) = match half {
        EllipseHalf::Near => (0, 1),
        EllipseHalf::Far => (1, 0),
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

/// Half of a horizontal circle: the one nearer to the viewer, or the far one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EllipseHalf {
    Near,
    Far,
}

impl Scene {
    /// Adds a ball, lit from the upper left.
    pub(super) fn ball(&mut self, x: f64, y: f64, radius: f64, tones: Tones) {
        let lit = oval(x - 0.28 * radius, y - 0.22 * radius, radius, radius);
        let gleam = oval(x - 0.36 * radius, y - 0.4 * radius, 0.3 * radius, 0.24 * radius);
        self.add(
            Solid::new(oval(x, y, radius, radius), tones.lo)
                .tone(lit, tones.base)
                .tone(gleam, tones.hi),
        );
    }

    /// Adds the shadow of something round that touches the floor within `radius` of `x`: shifted to the right, and darkest
    /// where it touches.
    pub(super) fn shadow(&mut self, x: f64, radius: f64) {
        let y = FLOOR - 0.17 * radius.min(90.0);
        let depth = 0.2 * radius.min(90.0);
        self.cast(oval(x + 0.16 * radius + 6.0, y + 2.0, 1.14 * radius + 4.0, depth * 1.05 + 3.0));
        self.cast(oval(x + 0.05 * radius + 3.0, y + 1.0, radius, depth + 1.5));
    }

    pub(super) fn cast(&mut self, shape: Shape) {
        self.items.push(SceneItem::Shadow(shape));
    }

    pub(super) fn glow(&mut self, path: &str) {
        self.items.push(SceneItem::Glow(path.to_owned()));
    }

    pub(super) fn add(&mut self, solid: Solid) {
        self.items.push(SceneItem::Solid(solid));
    }
}

impl Solid {
    pub(super) fn new(outline: Shape, colour: Rgb) -> Self {
        Self { outline, colour, opacity: 1.0, details: Vec::new() }
    }

    /// Bar along `spine`, `first` wide at its start and `last` wide at its end, lit from the upper left.
    pub(super) fn bar(spine: &str, first: f64, last: f64, tones: Tones) -> Self {
        let curve = Curve::parse(spine);
        let width = first.max(last);
        let shaded = curve.translated(0.56 * width, 0.5 * width).rounded();
        let half = |side: f64| curve.offset(side * first / 2.0, side * last / 2.0);
        let (left, right) = (half(1.0), half(-1.0));
        let outline = PathBuilder::start(&left)
            .cap_to(last / 2.0, right.end())
            .append(&right.reversed())
            .cap_to(first / 2.0, left.start())
            .close();
        let bar = Self::new(Shape::Area(outline), tones.base)
            .tone(Shape::Line(PathBuilder::start(&shaded).open(), width), tones.lo);
        if width < GLEAM_WIDTH_MIN {
            return bar;
        }
        let lit = curve.translated(-0.66 * width, -0.6 * width).rounded();
        bar.tone(Shape::Line(PathBuilder::start(&lit).open(), width), tones.hi)
    }

    /// Adds a detail of the form.
    pub(super) fn mark(self, shape: Shape, colour: Rgb) -> Self {
        self.with(shape, colour, DetailRole::Form)
    }

    /// Adds a detail of light or shade.
    pub(super) fn tone(self, shape: Shape, colour: Rgb) -> Self {
        self.with(shape, colour, DetailRole::Light)
    }

    /// Whether the solid hides what lies behind it.
    pub(super) fn hides(&self) -> bool {
        self.opacity >= 1.0 && !self.outline.is_line()
    }

    pub(super) fn with_opacity(mut self, opacity: f64) -> Self {
        self.opacity = opacity;
        self
    }

    fn with(mut self, shape: Shape, colour: Rgb, role: DetailRole) -> Self {
        self.details.push(Detail { shape, colour, role });
        self
    }
}
