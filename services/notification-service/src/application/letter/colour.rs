//! Colour of the brand for mail programs, which know no `oklch`: dark enough for white text on it, whatever the hue.

/// Lightness and chroma of the brand, as in the style sheet of the pages.
const LIGHTNESS: f64 = 0.43;
const CHROMA: f64 = 0.12;

/// Brand colour of a hue in degrees, as `#rrggbb`: from OKLCH to sRGB (CSS Color 4, section 10).
pub(super) fn brand(hue: u16) -> String {
    let (sine, cosine) = f64::from(hue).to_radians().sin_cos();
    let (a, b) = (CHROMA * cosine, CHROMA * sine);
    let cube = |value: f64| value * value * value;
    let long = cube(LIGHTNESS + 0.396_337_777_4 * a + 0.215_803_757_3 * b);
    let medium = cube(LIGHTNESS - 0.105_561_345_8 * a - 0.063_854_172_8 * b);
    let short = cube(LIGHTNESS - 0.089_484_177_5 * a - 1.291_485_548 * b);
    let [red, green, blue] = [
        4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short,
        -1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short,
        -0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701 * short,
    ]
    .map(channel);
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Channel with the gamma of sRGB, from 0 to 255; what the screen cannot show is cut.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is between 0 and 255"
)]
fn channel(linear: f64) -> u8 {
    let linear = linear.clamp(0.0, 1.0);
    let encoded =
        if linear <= 0.003_130_8 { linear * 12.92 } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
    (encoded * 255.0).round() as u8
}
