//! Solids of revolution: a profile turned around an upright axis.

use super::curve::{ArcDirection, Curve, PathBuilder, Point};
use super::palette::Tones;
use super::scene::{EllipseHalf, HEIGHT, Shape, Solid, WIDTH, oval};

/// Tilt of the view: ratio of height to width of a horizontal circle.
pub(super) const TILT: f64 = 0.2;

/// Boundaries of the tones of a round body, as shares of its half width.
const SHADE: f64 = 0.40;
const DEEP: f64 = 0.79;
const LIGHT: (f64, f64) = (-0.84, -0.66);

/// Upright axis of solids of revolution.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lathe {
    axis: f64,
    tilt: f64,
}

impl Lathe {
    pub(super) fn at(axis: f64) -> Self {
        Self { axis, tilt: TILT }
    }

    pub(super) fn tilted(axis: f64, tilt: f64) -> Self {
        Self { axis, tilt }
    }

    /// Body with all four tones. `profile` is its right side from top to bottom, with x relative to the axis.
    pub(super) fn body(&self, profile: &str, tones: Tones) -> Solid {
        let curve = Curve::parse(profile);
        self.shaded(self.silhouette(&curve, EllipseHalf::Far, tones), &curve, tones)
    }

    /// Band of a body in another material, from `profile`'s start downwards.
    pub(super) fn zone(&self, profile: &str, tones: Tones) -> Solid {
        let curve = Curve::parse(profile);
        self.shaded(self.silhouette(&curve, EllipseHalf::Near, tones), &curve, tones)
    }

    /// Small body: base and shade only.
    pub(super) fn part(&self, profile: &str, tones: Tones) -> Solid {
        let curve = Curve::parse(profile);
        self.silhouette(&curve, EllipseHalf::Far, tones)
            .tone(self.right_of(&curve, SHADE), tones.lo)
    }

    /// Small band: base and shade only.
    pub(super) fn ring(&self, profile: &str, tones: Tones) -> Solid {
        let curve = Curve::parse(profile);
        self.silhouette(&curve, EllipseHalf::Near, tones)
            .tone(self.right_of(&curve, SHADE), tones.lo)
    }

    /// Horizontal circle at height `y`.
    pub(super) fn disc(&self, y: f64, radius: f64) -> Shape {
        oval(self.axis, y, radius, radius * self.tilt)
    }

    /// Near half of the circle at `y` as a line, for grooves and hoops.
    pub(super) fn groove(&self, y: f64, radius: f64, width: f64) -> Shape {
        let end = Point { x: self.axis + radius, y };
        let path = PathBuilder::at(Point { x: self.axis - radius, y })
            .arc_to(ArcDirection::CounterClockwise, radius, radius * self.tilt, end)
            .open();
        Shape::Line(path, width)
    }

    /// Silhouette in the base tone. At the top, the far half of the circle is visible if the piece ends or opens there, the
    /// near half if it continues above in another material.
    fn silhouette(&self, profile: &Curve, visible_half: EllipseHalf, tones: Tones) -> Solid {
        let side = |sign: f64| profile.map(|Point { x, y }| Point { x: self.axis + sign * x, y });
        let (left, right) = (side(-1.0), side(1.0));
        let top = profile.start().x;
        let turn = match visible_half {
            EllipseHalf::Far => ArcDirection::CounterClockwise,
            EllipseHalf::Near => ArcDirection::Clockwise,
        };
        let path = self
            .foot(PathBuilder::start(&left), profile)
            .append(&right.reversed())
            .arc_to(turn, top, top * self.tilt, left.start())
            .close();
        Solid::new(Shape::Area(path), tones.base)
    }

    /// Near edge of the circle that a piece stands on, from left to right. Where the profile narrows, the edge continues its
    /// tangent, so that the outline has no corner.
    fn foot(&self, path: PathBuilder, profile: &Curve) -> PathBuilder {
        let (end, heading) = (profile.end(), profile.end_tangent());
        let at = |x: f64, y: f64| Point { x: self.axis + x, y };
        let depth = end.x * self.tilt;
        let drawn_in = -heading.x / heading.y.max(f64::EPSILON);
        if drawn_in < 0.1 {
            return path.arc_to(ArcDirection::CounterClockwise, end.x, depth, at(end.x, end.y));
        }
        // A cubic curve reaches three quarters of the distance to its control points.
        let down = depth * 4.0 / 3.0;
        let x = end.x - (drawn_in * down).min(0.4 * end.x);
        path.cubic_to(at(-x, end.y + down), at(x, end.y + down), at(end.x, end.y))
    }

    fn shaded(&self, solid: Solid, profile: &Curve, tones: Tones) -> Solid {
        solid
            .tone(self.right_of(profile, SHADE), tones.lo)
            .tone(self.right_of(profile, DEEP), tones.deep)
            .tone(self.between(profile, LIGHT), tones.hi)
    }

    /// Meridian: the line from top to bottom on the near side, at `share` of the half width.
    fn meridian(&self, profile: &Curve, share: f64) -> Curve {
        let towards_us = self.tilt * (1.0 - share * share).sqrt();
        profile
            .map(|Point { x, y }| Point { x: self.axis + share * x, y: y + towards_us * x })
            .rounded()
    }

    /// Area to the right of the meridian at `share` of the half width.
    fn right_of(&self, profile: &Curve, share: f64) -> Shape {
        let edge = self.meridian(profile, share);
        let path =
            PathBuilder::start(&edge).vertical_to(HEIGHT).horizontal_to(WIDTH).vertical_to(0.0);
        Shape::Area(path.horizontal_to(edge.start().x).close())
    }

    /// Stripe between two meridians.
    fn between(&self, profile: &Curve, (from, to): (f64, f64)) -> Shape {
        let (left, right) = (self.meridian(profile, from), self.meridian(profile, to).reversed());
        let path = PathBuilder::start(&left)
            .vertical_to(HEIGHT)
            .horizontal_to(right.start().x)
            .vertical_to(right.start().y)
            .append(&right);
        Shape::Area(path.vertical_to(0.0).horizontal_to(left.start().x).close())
    }
}

impl Lathe {
    /// Opening at height `y`: a lit rim and the dark inside.
    pub(super) fn mouth(&self, y: f64, outer: f64, inner: f64, tones: Tones) -> [Solid; 2] {
        let rim = Solid::new(self.disc(y, outer), tones.hi);
        let within = Solid::new(self.disc(y + 0.5, inner), tones.deep);
        [rim, within]
    }
}
