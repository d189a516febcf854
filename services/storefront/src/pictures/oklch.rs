//! Conversion of colours from OKLCH, which is perceptually uniform, to sRGB.

use std::fmt;

/// OKLCH colour by lightness (0–1), chroma (0 is grey) and hue (degrees).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Oklch {
    pub(crate) lightness: f64,
    pub(crate) chroma: f64,
    pub(crate) hue: f64,
}

/// sRGB colour; displayed as `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rgb(pub(crate) [u8; 3]);

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

pub(crate) const fn oklch(lightness: f64, chroma: f64, hue: f64) -> Oklch {
    Oklch { lightness, chroma, hue }
}

impl Oklch {
    /// Nearest colour within the sRGB gamut: the same lightness and hue, with reduced chroma if necessary.
    pub(crate) fn rgb(self) -> Rgb {
        let (mut inside, mut outside) = (0.0, self.chroma);
        if in_gamut(self.linear()) {
            inside = self.chroma;
        } else {
            for _ in 0..24 {
                let middle = f64::midpoint(inside, outside);
                let candidate = Oklch { chroma: middle, ..self };
                if in_gamut(candidate.linear()) {
                    inside = middle;
                } else {
                    outside = middle;
                }
            }
        }
        Rgb(Oklch { chroma: inside, ..self }.linear().map(encode))
    }

    /// Linear-light sRGB; components outside 0–1 are out of gamut.
    fn linear(self) -> [f64; 3] {
        let (sin, cos) = self.hue.to_radians().sin_cos();
        let (a, b) = (self.chroma * cos, self.chroma * sin);
        let long = (self.lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
        let medium = (self.lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
        let short = (self.lightness - 0.089_484_177_5 * a - 1.291_485_548 * b).powi(3);
        [
            4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short,
            -1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short,
            -0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701 * short,
        ]
    }
}

fn in_gamut(linear: [f64; 3]) -> bool {
    const ROUNDING: f64 = 0.000_1;
    linear.iter().all(|part| (-ROUNDING..=1.0 + ROUNDING).contains(part))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0–1 and rounded, so it fits a byte"
)]
fn encode(linear: f64) -> u8 {
    let linear = linear.clamp(0.0, 1.0);
    let encoded =
        if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
    (encoded * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corners_of_the_srgb_cube_are_converted_exactly() {
        assert_eq!(oklch(1.0, 0.0, 0.0).rgb().to_string(), "#ffffff");
        assert_eq!(oklch(0.0, 0.0, 0.0).rgb().to_string(), "#000000");
        assert_eq!(oklch(0.627_955, 0.257_683, 29.233_9).rgb().to_string(), "#ff0000");
        assert_eq!(oklch(0.866_440, 0.294_827, 142.495_3).rgb().to_string(), "#00ff00");
        assert_eq!(oklch(0.452_014, 0.313_214, 264.052).rgb().to_string(), "#0000ff");
    }

    #[test]
    fn grey_stays_grey() {
        let Rgb([red, green, blue]) = oklch(0.6, 0.0, 123.0).rgb();
        assert!(red == green && green == blue);
    }

    #[test]
    fn an_out_of_gamut_colour_loses_chroma_and_keeps_its_hue() {
        let impossible = oklch(0.3, 0.3, 32.0).rgb();
        let Rgb([red, green, blue]) = impossible;
        assert!(red > green && green >= blue, "{impossible} is still a dark red");
        assert_eq!(oklch(1.2, 0.1, 32.0).rgb().to_string(), "#ffffff");
    }
}
