//! Writes a sheet as a picture in colour.

use std::fmt::Write as _;

use super::curve::number;
use super::oklch::Rgb;
use super::palette::GLOW;
use super::sheet::{Part, Shape, Sheet, Solid};

/// The inside of the `<svg>` element. Every id begins with `prefix`.
pub(super) fn paint(sheet: &Sheet, prefix: &str) -> String {
    let mut painting = Painting { prefix, ids: 0, text: String::new() };
    for part in &sheet.parts {
        match part {
            Part::Shadow(shape) => painting.shape(shape, "opacity=\".15\"", None),
            Part::Glow(path) => painting.glow(path),
            Part::Solid(solid) => painting.solid(solid),
        }
    }
    painting.text
}

struct Painting<'a> {
    prefix: &'a str,
    ids: usize,
    text: String,
}

impl Painting<'_> {
    fn solid(&mut self, solid: &Solid) {
        let veil = match solid.opacity {
            opacity if opacity < 1.0 => format!("opacity=\"{opacity}\""),
            _ => String::new(),
        };
        if solid.marks.is_empty() {
            self.shape(&solid.outline, &veil, Some(solid.colour));
            return;
        }
        let id = self.next_id();
        let _ = write!(self.text, "<clipPath id=\"{id}\">");
        self.shape(&solid.outline, "", None);
        let _ = write!(self.text, "</clipPath><g clip-path=\"url(#{id})\"");
        if !veil.is_empty() {
            let _ = write!(self.text, " {veil}");
        }
        let _ = write!(self.text, "><path fill=\"{}\" d=\"M0 0h400v500H0z\"/>", solid.colour);
        for mark in &solid.marks {
            self.shape(&mark.shape, "", Some(mark.colour));
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

/// The element's name and the attributes that give its shape.
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
