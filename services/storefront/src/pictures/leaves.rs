//! Leaves on a stem, gathered so that a whole twig costs two shapes.

use std::fmt::Write as _;

use super::curve::{Point, pairs};
use super::palette::Tones;
use super::sheet::{Shape, Solid};

/// Leaves of one twig or one layer of a plant.
#[derive(Debug, Clone, Default)]
pub(super) struct Leaves {
    whole: String,
    lit: String,
}

/// A leaf from its foot to its tip.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaf {
    pub(super) foot: (f64, f64),
    pub(super) tip: (f64, f64),
    /// Half of its width by its length.
    pub(super) bulge: f64,
    /// How far it bows to its right, by its length.
    pub(super) bow: f64,
}

impl Leaves {
    pub(super) fn leaf(mut self, leaf: Leaf) -> Self {
        let Leaf { foot, tip, bulge, bow } = leaf;
        let (dx, dy) = (tip.0 - foot.0, tip.1 - foot.1);
        // A quadratic bend reaches half way to its handle, hence twice the width.
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

/// Leaves are small and many: whole units are fine enough and half as long.
fn whole_pairs(points: &[(f64, f64)]) -> String {
    let points: Vec<_> =
        points.iter().map(|&(x, y)| Point { x: x.round(), y: y.round() }).collect();
    pairs(&points)
}
