//! Writes a sheet as a dimension drawing: its lines, without those that lie hidden, and its measures.

use std::fmt::Write as _;

use super::curve::number;
use super::oklch::{Oklch, oklch};
use super::paint::geometry;
use super::sheet::{Part, Role, Sheet};

/// Half way between the tile by day and the tile by night, so that one drawing suits both.
const PENCIL: Oklch = oklch(0.59, 0.012, 80.0);

/// The corners of a good on the sheet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

/// The true size of a good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) width_mm: u16,
    pub(crate) height_mm: u16,
}

/// The inside of the `<svg>` element. Every id begins with `prefix`.
pub(super) fn draft(sheet: &Sheet, extent: Extent, size: Size, prefix: &str) -> String {
    let mut definitions = String::new();
    let mut lines = String::new();
    let solids = sheet.parts.iter().filter_map(|part| match part {
        Part::Solid(solid) => Some(solid),
        Part::Shadow(_) | Part::Glow(_) => None,
    });
    for (at, solid) in solids.enumerate() {
        let (outline, mask, clip) =
            (format!("{prefix}{at}"), format!("{prefix}m{at}"), format!("{prefix}c{at}"));
        let _ = write!(definitions, "<{} id=\"{outline}\"/>", geometry(&solid.outline));
        if !lines.is_empty() && solid.hides() {
            let _ = write!(
                definitions,
                "<mask id=\"{mask}\">\
                 <path fill=\"#fff\" d=\"M0 0h400v500H0z\"/><use href=\"#{outline}\"/></mask>"
            );
            lines = format!("<g mask=\"url(#{mask})\">{lines}</g>");
        }
        let mut form = String::new();
        for mark in solid.marks.iter().filter(|mark| mark.role == Role::Form) {
            let _ = write!(form, "<{}/>", geometry(&mark.shape));
        }
        if !form.is_empty() {
            let _ = write!(
                definitions,
                "<clipPath id=\"{clip}\"><use href=\"#{outline}\"/></clipPath>"
            );
            let _ = write!(lines, "<g clip-path=\"url(#{clip})\">{form}</g>");
        }
        let _ = write!(lines, "<use href=\"#{outline}\"/>");
    }
    let pencil = PENCIL.rgb();
    format!(
        "<defs>{definitions}</defs>\
         <g fill=\"none\" stroke=\"{pencil}\" stroke-width=\"1.6\" stroke-linejoin=\"round\">\
         {lines}{}</g>{}",
        rulers(extent),
        figures(extent, size, &pencil.to_string()),
    )
}

/// How far a ruler lies from the good.
const DISTANCE: f64 = 26.0;

fn rulers(Extent { left, top, right, bottom }: Extent) -> String {
    let (x, y) = (left - DISTANCE, bottom + DISTANCE);
    let path = format!(
        "M{} {}h12m-6 0V{}m-6 0h12M{} {}v12m0-6H{}m0-6v12",
        number(x - 6.0),
        number(top),
        number(bottom),
        number(left),
        number(y - 6.0),
        number(right),
    );
    format!("<path stroke-width=\"1\" d=\"{path}\"/>")
}

fn figures(extent: Extent, size: Size, pencil: &str) -> String {
    let x = extent.left - DISTANCE - 9.0;
    let y = f64::midpoint(extent.top, extent.bottom);
    format!(
        "<g fill=\"{pencil}\" font-family=\"Inter,system-ui,sans-serif\" font-size=\"15\" text-anchor=\"middle\">\
         <text transform=\"translate({} {}) rotate(-90)\">{} mm</text><text x=\"{}\" y=\"{}\">{} mm</text></g>",
        number(x),
        number(y),
        size.height_mm,
        number(f64::midpoint(extent.left, extent.right)),
        number(extent.bottom + DISTANCE + 22.0),
        size.width_mm,
    )
}
