//! Leaves on a stem, gathered so that a whole twig costs two shapes.

use std::fmt::Write as _;

use super::curve::number;
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
        // Quadratic bends reach half way to their handle, hence twice the width.
        let beside = |share: f64| {
            let (x, y) = (foot.0 + 0.46 * dx - dy * share, foot.1 + 0.46 * dy + dx * share);
            format!("{} {}", number(x), number(y))
        };
        let at = |(x, y): (f64, f64)| format!("{} {}", number(x), number(y));
        let (foot, tip) = (at(foot), at(tip));
        let (left, rib, right) = (beside(2.0 * bow - 2.0 * bulge), beside(2.0 * bow), beside(2.0 * bow + 2.0 * bulge));
        let _ = write!(self.whole, "M{foot}Q{left} {tip}Q{right} {foot}z");
        // The half that faces the upper left catches the light.
        let facing = if dy > dx { right } else { left };
        let _ = write!(self.lit, "M{foot}Q{facing} {tip}Q{rib} {foot}z");
        self
    }

    pub(super) fn in_tones(self, tones: Tones) -> Solid {
        Solid::new(Shape::Area(self.whole), tones.lo).mark(Shape::Area(self.lit), tones.base)
    }
}
