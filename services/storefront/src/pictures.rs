//! Product drawings as SVG, generated from code: every kind of good in every colour, in three views.
//!
//! A picture is a pure function of its name. It uses presentation attributes only, so it needs no weaker content security
//! policy, and its background is transparent, so that one picture suits the light and the dark theme.

mod colour_renderer;
mod curve;
mod goods;
mod lathe;
mod leaves;
mod line_renderer;
mod oklch;
mod palette;
mod scene;

pub(crate) use goods::KINDS;
pub(crate) use palette::COLOURS;

use scene::{HEIGHT, Scene, WIDTH};

/// View of a good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PictureView {
    /// The good as a whole.
    Object,
    /// Close-up of a part.
    Crop,
    /// Line drawing.
    Drawing,
}

impl PictureView {
    pub(crate) const ALL: [PictureView; 3] =
        [PictureView::Object, PictureView::Crop, PictureView::Drawing];

    /// Segment of the path under which the view is served.
    pub(crate) fn name(self) -> &'static str {
        match self {
            PictureView::Object => "object",
            PictureView::Crop => "crop",
            PictureView::Drawing => "drawing",
        }
    }

    pub(crate) fn named(name: &str) -> Option<PictureView> {
        Self::ALL.into_iter().find(|view| view.name() == name)
    }
}

/// Picture of a good as a complete SVG document; none for an unknown kind or colour.
pub(crate) fn draw(kind: &str, colour: &str, view: PictureView) -> Option<String> {
    let kind = KINDS.iter().find(|known| known.name == kind)?;
    let colour = COLOURS.iter().find(|known| known.name == colour)?;
    let mut scene = Scene::default();
    kind.draw_on(&mut scene, colour.tones());
    let prefix = |letter: char| format!("{}-{}-{letter}", kind.name, colour.name);
    let (view_box, content) = match view {
        PictureView::Object => (whole(), colour_renderer::render(&scene, &prefix('o'))),
        PictureView::Crop => (kind.crop_view_box(), colour_renderer::render(&scene, &prefix('c'))),
        PictureView::Drawing => (whole(), line_renderer::render(&scene, &prefix('d'))),
    };
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{view_box}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" stroke-linecap=\"round\">\
         {content}</svg>"
    ))
}

fn whole() -> String {
    format!("0 0 {WIDTH} {HEIGHT}")
}

#[cfg(test)]
mod tests;
