//! Dimension drawing renderer: writes a scene as SVG line art with hidden lines removed and dimensions added.

use std::fmt::Write as _;

use super::colour_renderer::geometry;
use super::curve::number;
use super::oklch::{Oklch, oklch};
use super::scene::{DetailRole, Scene, SceneItem};

/// Colour of the lines, half way between the backgrounds of the light and the dark theme, so that one drawing suits both.
const LINE_COLOUR: Oklch = oklch(0.59, 0.012, 80.0);

/// Bounding box of a good within the scene.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

/// Real dimensions of a good, in millimetres.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dimensions {
    pub(crate) width_mm: u16,
    pub(crate) height_mm: u16,
}

/// Content of the `<svg>` element. Every id begins with `prefix`.
pub(super) fn render(scene: &Scene, bounds: Bounds, size: Dimensions, prefix: &str) -> String {
    let mut definitions = String::new();
    let mut lines = String::new();
    let solids = scene.items.iter().filter_map(|item| match item {
        SceneItem::Solid(solid) => Some(solid),
        SceneItem::Shadow(_) | SceneItem::Glow(_) => None,
    });
    for (index, solid) in solids.enumerate() {
        let (outline, mask, clip) =
            (format!("{prefix}{index}"), format!("{prefix}m{index}"), format!("{prefix}c{index}"));
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
        for detail in solid.details.iter().filter(|detail| detail.role == DetailRole::Form) {
            let _ = write!(form, "<{}/>", geometry(&detail.shape));
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
    let line_colour = LINE_COLOUR.rgb();
    format!(
        "<defs>{definitions}</defs>\
         <g fill=\"none\" stroke=\"{line_colour}\" stroke-width=\"1.6\" stroke-linejoin=\"round\">\
         {lines}{}</g>{}",
        dimension_lines(bounds),
        dimension_texts(bounds, size, &line_colour.to_string()),
    )
}

/// Distance of a dimension line from the good.
const DISTANCE: f64 = 26.0;

fn dimension_lines(Bounds { left, top, right, bottom }: Bounds) -> String {
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

fn dimension_texts(bounds: Bounds, size: Dimensions, line_colour: &str) -> String {
    let x = bounds.left - DISTANCE - 9.0;
    let y = f64::midpoint(bounds.top, bounds.bottom);
    format!(
        "<g fill=\"{line_colour}\" font-family=\"Inter,system-ui,sans-serif\" font-size=\"15\" text-anchor=\"middle\">\
         <text transform=\"translate({} {}) rotate(-90)\">{} mm</text><text x=\"{}\" y=\"{}\">{} mm</text></g>",
        number(x),
        number(y),
        size.height_mm,
        number(f64::midpoint(bounds.left, bounds.right)),
        number(bounds.bottom + DISTANCE + 22.0),
        size.width_mm,
    )
}
