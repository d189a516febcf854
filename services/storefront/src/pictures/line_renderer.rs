//! Line drawing renderer: writes a scene as SVG line art with hidden lines removed. It has no measures: one kind of good
//! stands for products of many sizes.

use std::fmt::Write as _;

use super::colour_renderer::geometry;
use super::oklch::{Oklch, oklch};
use super::scene::{DetailRole, Scene, SceneItem};

/// Colour of the lines, half way between the backgrounds of the light and the dark theme, so that one drawing suits both.
const LINE_COLOUR: Oklch = oklch(0.59, 0.012, 80.0);

/// Content of the `<svg>` element. Every id begins with `prefix`.
pub(super) fn render(scene: &Scene, prefix: &str) -> String {
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
         {lines}</g>"
    )
}
