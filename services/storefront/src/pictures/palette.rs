//! Palette: the colours of goods, the materials they share, and the four tones of each.

use super::oklch::{Oklch, Rgb, oklch};

/// Colour of a good.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Colour {
    /// Slug, as in `/pictures/mug/chalk`.
    pub(crate) name: &'static str,
    /// Display name.
    pub(crate) word: &'static str,
    pub(crate) oklch: Oklch,
}

impl Colour {
    /// Colour as `#rrggbb`, for swatches.
    pub(crate) fn hex(&self) -> String {
        self.oklch.rgb().to_string()
    }

    pub(super) fn tones(&self) -> Tones {
        Tones::of(self.oklch)
    }
}

const fn colour(name: &'static str, word: &'static str, oklch: Oklch) -> Colour {
    Colour { name, word, oklch }
}

pub(crate) const COLOURS: &[Colour] = &[
    colour("chalk", "Chalk", oklch(0.968, 0.01, 85.0)),
    colour("oat", "Oat", oklch(0.86, 0.035, 80.0)),
    colour("clay", "Clay", oklch(0.64, 0.105, 45.0)),
    colour("brick", "Brick", oklch(0.53, 0.125, 32.0)),
    colour("ochre", "Ochre", oklch(0.76, 0.125, 80.0)),
    colour("moss", "Moss", oklch(0.55, 0.07, 125.0)),
    colour("spruce", "Spruce", oklch(0.44, 0.06, 165.0)),
    colour("mist", "Mist", oklch(0.79, 0.035, 220.0)),
    colour("sea", "Sea", oklch(0.58, 0.08, 225.0)),
    colour("ink", "Ink", oklch(0.40, 0.055, 262.0)),
    colour("coal", "Coal", oklch(0.37, 0.01, 260.0)),
    colour("blush", "Blush", oklch(0.83, 0.055, 30.0)),
];

pub(super) const OAK: Oklch = oklch(0.70, 0.075, 65.0);
pub(super) const BRASS: Oklch = oklch(0.76, 0.10, 85.0);
pub(super) const LINEN: Oklch = oklch(0.955, 0.012, 90.0);
pub(super) const GRAPHITE: Oklch = oklch(0.39, 0.012, 260.0);
/// Unglazed stoneware.
pub(super) const BISCUIT: Oklch = oklch(0.66, 0.085, 52.0);
pub(super) const LEAF: Oklch = oklch(0.56, 0.07, 150.0);
pub(super) const SOIL: Oklch = oklch(0.36, 0.035, 55.0);
/// Light of a lamp or a flame.
pub(super) const GLOW: Oklch = oklch(0.93, 0.07, 85.0);
/// Glass in front of a tile.
pub(super) const GLASS: Oklch = oklch(0.88, 0.022, 215.0);

/// Maximum chroma of a picture.
const CHROMA_MAX: f64 = 0.13;

/// Four hard-edged tones that a surface is shaded with. The light comes from the upper left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tones {
    pub(super) base: Rgb,
    pub(super) hi: Rgb,
    pub(super) lo: Rgb,
    pub(super) deep: Rgb,
}

impl Tones {
    pub(super) fn of(surface: Oklch) -> Self {
        let [base, hi, lo, deep] = tones(surface).map(Oklch::rgb);
        Self { base, hi, lo, deep }
    }

    /// Tones of the same surface in shadow.
    pub(super) fn darker(self) -> Self {
        Self { base: self.lo, hi: self.base, lo: self.deep, deep: self.deep }
    }
}

/// Base, highlight, shade and deep shade. Light shifts the hue towards the sun, shade towards the sky.
fn tones(surface: Oklch) -> [Oklch; 4] {
    const SUN: f64 = 85.0;
    const SKY: f64 = 262.0;
    let at = |step: f64, hue: f64| Oklch {
        lightness: (surface.lightness + step).clamp(0.1, 0.99),
        chroma: surface.chroma.min(CHROMA_MAX),
        hue,
    };
    [
        at(0.0, surface.hue),
        at(0.055, towards(surface.hue, SUN)),
        at(-0.075, towards(surface.hue, SKY)),
        at(-0.16, towards(surface.hue, SKY)),
    ]
}

/// `hue` rotated by at most four degrees towards `goal`, in the shorter direction.
fn towards(hue: f64, goal: f64) -> f64 {
    const TURN_MAX: f64 = 4.0;
    let difference = (goal - hue + 540.0).rem_euclid(360.0) - 180.0;
    (hue + difference.clamp(-TURN_MAX, TURN_MAX)).rem_euclid(360.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MATERIALS: [Oklch; 9] = [OAK, BRASS, LINEN, GRAPHITE, BISCUIT, LEAF, SOIL, GLOW, GLASS];

    /// Colours that Chromium paints for the same `oklch()`; browsers may round the last bit differently.
    const PAINTED: [u32; 12] = [
        0x00f7_f4ed,
        0x00dd_cfb8,
        0x00c1_7755,
        0x00a8_4c3b,
        0x00da_a84a,
        0x0068_794b,
        0x002f_5d4a,
        0x00a3_c0ca,
        0x003f_849e,
        0x0037_4866,
        0x003d_4045,
        0x00e9_bbb2,
    ];

    #[test]
    fn colours_are_the_ones_that_browsers_paint() {
        assert_eq!(COLOURS.len(), PAINTED.len());
        for (colour, painted) in COLOURS.iter().zip(PAINTED) {
            let [_, painted @ ..] = painted.to_be_bytes();
            let near = |(ours, theirs): (u8, u8)| ours.abs_diff(theirs) <= 1;
            let ours = colour.oklch.rgb();
            assert!(ours.0.into_iter().zip(painted).all(near), "{}: {ours}", colour.name);
        }
    }

    #[test]
    fn no_tone_exceeds_the_maximum_chroma() {
        for surface in COLOURS.iter().map(|colour| colour.oklch).chain(MATERIALS) {
            for tone in tones(surface) {
                assert!(tone.chroma <= CHROMA_MAX, "{tone:?}");
            }
        }
    }

    #[test]
    fn tones_go_from_light_to_dark() {
        for colour in COLOURS {
            let [base, hi, lo, deep] = tones(colour.oklch).map(|tone| tone.lightness);
            assert!(hi > base && base > lo && lo > deep, "{}", colour.name);
        }
    }

    #[test]
    fn hues_rotate_in_the_shorter_direction_and_stop_at_the_goal() {
        let near = |left: f64, right: f64| (left - right).abs() < 1e-9;
        assert!(near(towards(32.0, 85.0), 36.0));
        assert!(near(towards(32.0, 262.0), 28.0));
        assert!(near(towards(2.0, 262.0), 358.0));
        assert!(near(towards(260.0, 262.0), 262.0));
    }
}
