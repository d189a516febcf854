//! Pictures of the goods, drawn as SVG from code: every kind of good in every colour, in three views.
//!
//! A picture is a pure function of its name. It carries presentation attributes only, so it lives
//! under the strictest content security policy, and its ground is transparent, so that one picture
//! suits the tile by day and by night.

mod curve;
mod drafting;
mod goods;
mod leaves;
mod oklch;
mod paint;
mod palette;
mod sheet;
mod wheel;

pub(crate) use goods::KINDS;
pub(crate) use palette::COLOURS;

use sheet::{HEIGHT, Sheet, WIDTH};

/// From where a good is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// The whole good.
    Object,
    /// A part of it, close by.
    Crop,
    /// Its lines and measures.
    Drawing,
}

impl View {
    pub(crate) const ALL: [View; 3] = [View::Object, View::Crop, View::Drawing];

    /// The segment of the path under which the view is served.
    pub(crate) fn name(self) -> &'static str {
        match self {
            View::Object => "object",
            View::Crop => "crop",
            View::Drawing => "drawing",
        }
    }

    pub(crate) fn named(name: &str) -> Option<View> {
        Self::ALL.into_iter().find(|view| view.name() == name)
    }
}

/// The picture of a good as a complete SVG document; nothing for an unknown kind or colour.
pub(crate) fn draw(kind: &str, colour: &str, view: View) -> Option<String> {
    let kind = KINDS.iter().find(|known| known.name == kind)?;
    let colour = COLOURS.iter().find(|known| known.name == colour)?;
    let mut sheet = Sheet::default();
    kind.draw_on(&mut sheet, colour.tones());
    let prefix = |letter: char| format!("{}-{}-{letter}", kind.name, colour.name);
    let (window, inside) = match view {
        View::Object => (whole(), paint::paint(&sheet, &prefix('o'))),
        View::Crop => (kind.window(), paint::paint(&sheet, &prefix('c'))),
        View::Drawing => (whole(), drafting::draft(&sheet, kind.extent(), kind.size, &prefix('d'))),
    };
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{window}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" stroke-linecap=\"round\">\
         {inside}</svg>"
    ))
}

fn whole() -> String {
    format!("0 0 {WIDTH} {HEIGHT}")
}

#[cfg(test)]
mod tests;
