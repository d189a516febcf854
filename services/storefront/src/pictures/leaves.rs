//! Leaves on a stem, merged into two shapes per twig.

use std::fmt::Write as _;

use super::curve::{Point, pairs};
use super::palette::Tones;
use super::scene::{Shape, Solid};

/// Leaves of one twig or one layer of a plant.
#[derive(Debug, Clone, Default)]
pub(super) struct Leaves {
    whole: String,
    lit: String,
}

/// Leaf from its foot to its tip.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaf {
    pub(super) foot: (f64, f64),
    pub(super) tip: (f64, f64),
    /// Half of its width, relative to its length.
    pub(super) bulge: f64,
    /// Bow to its right, relative to its length.
    pub(super) bow: f64,
}

impl Leaves {
    pub(super) fn leaf(mut self, leaf: Leaf) -> Self {
        let Leaf { foot, tip, bulge, bow } = leaf;
        let (dx, dy) = (tip.0 - foot.0, tip.1 - foot.1);
        // A quadratic curve reaches half the distance to its control point, hence twice the width.
        let handle = |share: f64| (0.46 * dx - dy * 2.0 * share, 0.46 * dy + dx * 2.0 * share);
        let (left, rib, right) = (handle(bow - bulge), handle(bow), handle(bow + bulge));
        // The half that faces the upper left catches the light.
        let facing = if dy > dx { right } else { left };
        let _ = write!(self.whole, "M{}", whole_pairs(&[foot]));
        let _ = write!(self.lit, "M{}", whole_pairs(&[foot]));
        for (path, out, back) in [(&mut self.whole, left, right), (&mut self.lit, facing, rib)] {
            let home = (back.0 - dx, back.1 - dy);
            let _ = write!(
                path,
                "q{}q{}z",
                whole_pairs(&[out, (dx, dy)]),
                whole_pairs(&[home, (-dx, -dy)])
            );
        }
        self
    }

    pub(super) fn in_tones(self, tones: Tones) -> Solid {
        Solid::new(Shape::Area(self.whole), tones.lo).mark(Shape::Area(self.lit), tones.base)
    }
}

/// Coordinates in whole units: precise enough for leaves, which are small, and half as long.
fn whole_pairs(points: &[(f64, f64)]) -> String {
    let points: Vec<_> =
        points.iter().map(|&(x, y)| Point { x: x.round(), y: y.round() }).collect();
    pairs(&points)
}
