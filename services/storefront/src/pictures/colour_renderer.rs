//! Colour renderer: writes a scene as SVG in colour.

use std::fmt::Write as _;

use super::curve::number;
use super::oklch::Rgb;
use super::palette::GLOW;
use super::scene::{Scene, SceneItem, Shape, Solid};

/// Content of the `<svg>` element. Every id begins with `prefix`.
pub(super) fn render(scene: &Scene, prefix: &str) -> String {
    let mut writer = SvgWriter { prefix, ids: 0, text: String::new() };
    for item in &scene.items {
        match item {
            SceneItem::Shadow(shape) => writer.shape(shape, "opacity=\".15\"", None),
            SceneItem::Glow(path) => writer.glow(path),
            SceneItem::Solid(solid) => writer.solid(solid),
        }
    }
    writer.text
}

struct SvgWriter<'a> {
    prefix: &'a str,
    ids: usize,
    text: String,
}

impl SvgWriter<'_> {
    fn solid(&mut self, solid: &Solid) {
        let opacity_attribute = match solid.opacity {
            opacity if opacity < 1.0 => format!("opacity=\"{opacity}\""),
            _ => String::new(),
        };
        if solid.details.is_empty() {
            self.shape(&solid.outline, &opacity_attribute, Some(solid.colour));
            return;
        }
        let id = self.next_id();
        let _ = write!(self.text, "<clipPath id=\"{id}\">");
        self.shape(&solid.outline, "", None);
        let _ = write!(self.text, "</clipPath><g clip-path=\"url(#{id})\"");
        if !opacity_attribute.is_empty() {
            let _ = write!(self.text, " {opacity_attribute}");
        }
        let _ = write!(self.text, "><path fill=\"{}\" d=\"M0 0h400v500H0z\"/>", solid.colour);
        for detail in &solid.details {
            self.shape(&detail.shape, "", Some(detail.colour));
        }
        self.text.push_str("</g>");
    }

    fn glow(&mut self, path: &str) {
        let id = self.next_id();
        let colour = GLOW.rgb();
        let _ = write!(
            self.text,
            "<linearGradient id=\"{id}\" x1=\"0\" x2=\"0\" y1=\"0\" y2=\"1\">\
             <stop stop-color=\"{colour}\" stop-opacity=\".75\"/>\
             <stop offset=\"1\" stop-color=\"{colour}\" stop-opacity=\"0\"/>\
             </linearGradient><path fill=\"url(#{id})\" d=\"{path}\"/>"
        );
    }

    fn shape(&mut self, shape: &Shape, attributes: &str, colour: Option<Rgb>) {
        let paint = colour.map(|colour| fill_or_stroke(shape, colour)).unwrap_or_default();
        let space = if attributes.is_empty() { "" } else { " " };
        let geometry = geometry(shape);
        let _ = write!(self.text, "<{geometry}{space}{attributes}{paint}/>");
    }

    fn next_id(&mut self) -> String {
        self.ids += 1;
        format!("{}{}", self.prefix, self.ids)
    }
}

fn fill_or_stroke(shape: &Shape, colour: Rgb) -> String {
    match shape {
        Shape::Area(_) | Shape::Oval(_) => format!(" fill=\"{colour}\""),
        Shape::Line(_, width) => {
            format!(" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{}\"", number(*width))
        }
        Shape::Moved(shape, ..) => fill_or_stroke(shape, colour),
    }
}

/// Name and geometry attributes of the SVG element of a shape.
pub(super) fn geometry(shape: &Shape) -> String {
    match shape {
        Shape::Area(path) | Shape::Line(path, _) => format!("path d=\"{path}\""),
        Shape::Oval(oval) => format!(
            "ellipse cx=\"{}\" cy=\"{}\" rx=\"{}\" ry=\"{}\"",
            number(oval.x),
            number(oval.y),
            number(oval.rx),
            number(oval.ry)
        ),
        Shape::Moved(shape, right, down) => {
            format!(
                "{} transform=\"translate({} {})\"",
                geometry(shape),
                number(*right),
                number(*down)
            )
        }
    }
}
