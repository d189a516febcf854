//! QR code (ISO/IEC 18004) as inline SVG: dark modules on white with the quiet zone, whatever the theme of the page, because cameras
//! want it so.

use maud::{Markup, html};
use qrcodegen::{QrCode, QrCodeEcc};
use std::fmt::Write;

/// Modules of the margin.
const QUIET_ZONE: i32 = 4;

/// Picture of a text, with a name for those who do not see it. `None` for a text that is too long.
pub(crate) fn svg(text: &str, name: &str) -> Option<Markup> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let size = code.size() + 2 * QUIET_ZONE;
    Some(html! {
        svg.qr role="img" aria-label=(name) viewBox=(format!("0 0 {size} {size}")) shape-rendering="crispEdges" {
            path fill="#fff" d=(format!("M0 0h{size}v{size}H0z")) {}
            path fill="#000" d=(dark_modules(&code)) {}
        }
    })
}

/// Path of all dark modules: a rectangle for each run of a row.
fn dark_modules(code: &QrCode) -> String {
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let begin = x;
            while x < code.size() && code.get_module(x, y) {
                x += 1;
            }
            let length = x - begin;
            if length > 0 {
                let (left, top) = (begin + QUIET_ZONE, y + QUIET_ZONE);
                // Writing to a string does not fail.
                let _ = write!(path, "M{left} {top}h{length}v1h-{length}z");
            }
            x += 1;
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether each module is dark, read back from the path.
    fn modules(path: &str, size: i32) -> Vec<Vec<bool>> {
        let size = usize::try_from(size).unwrap();
        let mut modules = vec![vec![false; size]; size];
        for run in path.split('M').skip(1) {
            let (place, rest) = run.split_once('h').unwrap();
            let (x, y) = place.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            let length: usize = rest.split('v').next().unwrap().parse().unwrap();
            modules[y][x..x + length].fill(true);
        }
        modules
    }

    #[test]
    fn the_path_draws_every_dark_module_within_the_margin_and_nothing_else() {
        let text = "otpauth://totp/Shop:ada%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Shop";
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).unwrap();
        let size = code.size() + 2 * QUIET_ZONE;
        let drawn = modules(&dark_modules(&code), size);
        for (y, row) in (-QUIET_ZONE..).zip(&drawn) {
            for (x, is_dark) in (-QUIET_ZONE..).zip(row) {
                assert_eq!(*is_dark, code.get_module(x, y), "{x} {y}");
            }
        }
    }

    #[test]
    fn a_picture_has_a_name_and_a_text_that_is_too_long_has_none() {
        let picture = svg("text", "QR <code>").unwrap().into_string();
        assert!(picture.contains(r#"role="img" aria-label="QR &lt;code&gt;""#));
        assert!(svg(&"x".repeat(5_000), "").is_none());
    }
}
