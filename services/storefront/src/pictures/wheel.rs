//! Goods of the potter's wheel and the lathe: a profile turned around an upright axis.

use super::curve::{Curve, PathText, Point, Turn};
use super::palette::Tones;
use super::sheet::{HEIGHT, Shape, Solid, WIDTH, oval};

/// How far the eye looks down on a circle: its height by its width.
pub(super) const TILT: f64 = 0.2;

/// Where the tones of a round body begin, as shares of its half width.
const SHADE: f64 = 0.40;
const DEEP: f64 = 0.79;
const LIGHT: (f64, f64) = (-0.84, -0.66);

/// An upright axis things are turned around.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wheel {
    axis: f64,
    tilt: f64,
}

/// Which half of the circle at the top of a piece can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Brim {
    /// The far half: the piece is closed or opens here.
    Far,
    /// The near half: the piece goes on above, in another material.
    Near,
}

impl Wheel {
    pub(super) fn at(axis: f64) -> Self {
        Self { axis, tilt: TILT }
    }

    pub(super) fn tilted(axis: f64, tilt: f64) -> Self {
        Self { axis, tilt }
    }

    /// A body with all four tones. `profile` is its right side from top to bottom, x counting
    /// from the axis.
    pub(super) fn body(&self, profile: &str, tones: Tones) -> Solid {
        let curve = Curve::read(profile);
        self.shaded(self.blank(&curve, Brim::Far, tones), &curve, tones)
    }

    /// A band of a body in another material, from `profile`'s start downwards.
    pub(super) fn zone(&self, profile: &str, tones: Tones) -> Solid {
        let curve = Curve::read(profile);
        self.shaded(self.blank(&curve, Brim::Near, tones), &curve, tones)
    }

    /// A small body: base and shade only.
    pub(super) fn part(&self, profile: &str, tones: Tones) -> Solid {
        let curve = Curve::read(profile);
        self.blank(&curve, Brim::Far, tones).tone(self.right_of(&curve, SHADE), tones.lo)
    }

    /// A small band: base and shade only.
    pub(super) fn ring(&self, profile: &str, tones: Tones) -> Solid {
        let curve = Curve::read(profile);
        self.blank(&curve, Brim::Near, tones).tone(self.right_of(&curve, SHADE), tones.lo)
    }

    /// A flat circle at height `y`.
    pub(super) fn disc(&self, y: f64, radius: f64) -> Shape {
        oval(self.axis, y, radius, radius * self.tilt)
    }

    /// The near half of the circle at `y` as a line, for grooves and hoops.
    pub(super) fn groove(&self, y: f64, radius: f64, width: f64) -> Shape {
        let end = Point { x: self.axis + radius, y };
        let path = PathText::at(Point { x: self.axis - radius, y })
            .arc(Turn::CounterClockwise, radius, radius * self.tilt, end)
            .open();
        Shape::Line(path, width)
    }

    fn blank(&self, profile: &Curve, brim: Brim, tones: Tones) -> Solid {
        let side = |sign: f64| profile.map(|Point { x, y }| Point { x: self.axis + sign * x, y });
        let (left, right) = (side(-1.0), side(1.0));
        let top = profile.start().x;
        let turn = match brim {
            Brim::Far => Turn::CounterClockwise,
            Brim::Near => Turn::Clockwise,
        };
        let path = self
            .foot(PathText::start(&left), profile)
            .follow(&right.reversed())
            .arc(turn, top, top * self.tilt, left.start())
            .close();
        Solid::new(Shape::Area(path), tones.base)
    }

    /// The near edge of the circle a piece stands on, from left to right. Where the profile draws
    /// in, the edge takes its heading over, so that the outline has no corner.
    fn foot(&self, path: PathText, profile: &Curve) -> PathText {
        let (end, heading) = (profile.end(), profile.heading());
        let at = |x: f64, y: f64| Point { x: self.axis + x, y };
        let depth = end.x * self.tilt;
        let drawn_in = -heading.x / heading.y.max(f64::EPSILON);
        if drawn_in < 0.1 {
            return path.arc(Turn::CounterClockwise, end.x, depth, at(end.x, end.y));
        }
        // A single bend reaches three quarters of the way to its handles.
        let down = depth * 4.0 / 3.0;
        let x = end.x - (drawn_in * down).min(0.4 * end.x);
        path.bend(at(-x, end.y + down), at(x, end.y + down), at(end.x, end.y))
    }

    fn shaded(&self, blank: Solid, profile: &Curve, tones: Tones) -> Solid {
        blank
            .tone(self.right_of(profile, SHADE), tones.lo)
            .tone(self.right_of(profile, DEEP), tones.deep)
            .tone(self.between(profile, LIGHT), tones.hi)
    }

    /// The line from top to bottom over the near side, at `share` of the half width.
    fn meridian(&self, profile: &Curve, share: f64) -> Curve {
        let towards_us = self.tilt * (1.0 - share * share).sqrt();
        profile
            .map(|Point { x, y }| Point { x: self.axis + share * x, y: y + towards_us * x })
            .coarse()
    }

    /// All that lies right of the meridian at `share` of the half width.
    fn right_of(&self, profile: &Curve, share: f64) -> Shape {
        let edge = self.meridian(profile, share);
        let path = PathText::start(&edge).height(HEIGHT).side(WIDTH).height(0.0);
        Shape::Area(path.side(edge.start().x).close())
    }

    /// The stripe between two meridians.
    fn between(&self, profile: &Curve, (from, to): (f64, f64)) -> Shape {
        let (left, right) = (self.meridian(profile, from), self.meridian(profile, to).reversed());
        let path = PathText::start(&left)
            .height(HEIGHT)
            .side(right.start().x)
            .height(right.start().y)
            .follow(&right);
        Shape::Area(path.height(0.0).side(left.start().x).close())
    }
}

impl Wheel {
    /// An open mouth at height `y`: a lit rim and the dark within.
    pub(super) fn mouth(&self, y: f64, outer: f64, inner: f64, tones: Tones) -> [Solid; 2] {
        let rim = Solid::new(self.disc(y, outer), tones.hi);
        let within = Solid::new(self.disc(y + 0.5, inner), tones.deep);
        [rim, within]
    }
}
