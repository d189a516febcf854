//! Product images.

use super::icon::Icon;
use crate::{
    messages::Messages,
    pictures::{COLOURS, KINDS},
};
use contracts::shared::Image;
use maud::{Markup, html};

/// Loading strategy of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImageLoading {
    /// At once and with priority: it is above the fold.
    Priority,
    /// At once.
    Eager,
    /// When it is scrolled into view.
    Lazy,
}

impl ImageLoading {
    /// Strategy for the image at this position of a list: the first row is above the fold.
    pub(crate) fn at_position(position: usize) -> Self {
        match position {
            0 | 1 => Self::Priority,
            2 | 3 => Self::Eager,
            _ => Self::Lazy,
        }
    }
}

/// Default dimensions of an image, in pixels.
const WIDTH: u32 = 400;
const HEIGHT: u32 = 500;

/// Decorative image with an empty alternative text, because the name of what it shows stands beside it.
pub(crate) fn decorative_image(
    messages: &Messages,
    image: Option<&Image>,
    loading: ImageLoading,
) -> Markup {
    product_image(messages, image, "", loading)
}

/// Alternative text of an image: that of the merchant, else the subject of a built-in drawing, else the name of the
/// product.
pub(crate) fn alt_text(image: &Image, product: &str) -> String {
    if !image.alt.is_empty() {
        return image.alt.clone();
    }
    let drawn = image.url.strip_prefix("/pictures/").and_then(|path| {
        let (kind, rest) = path.split_once('/')?;
        let (colour, _) = rest.split_once('/')?;
        let kind = KINDS.iter().find(|known| known.name == kind)?;
        let colour = COLOURS.iter().find(|known| known.name == colour)?;
        Some(format!("{}, {}", kind.noun, colour.word.to_lowercase()))
    });
    drawn.unwrap_or_else(|| product.to_owned())
}

/// Image with an alternative text; a placeholder where there is none.
pub(crate) fn product_image(
    messages: &Messages,
    image: Option<&Image>,
    alt: &str,
    loading: ImageLoading,
) -> Markup {
    let Some(image) = image else { return placeholder(messages) };
    let (width, height) = if image.width == 0 || image.height == 0 {
        (WIDTH, HEIGHT)
    } else {
        (image.width, image.height)
    };
    let (loading, priority) = match loading {
        ImageLoading::Priority => (None, Some("high")),
        ImageLoading::Eager => (None, None),
        ImageLoading::Lazy => (Some("lazy"), None),
    };
    html! {
        img src=(image.url) alt=(alt) width=(width) height=(height) loading=[loading] fetchpriority=[priority] decoding="async";
    }
}

fn placeholder(messages: &Messages) -> Markup {
    html! {
        span.missing { (Icon::Picture) span.vh { (messages.product.no_picture) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_without_alternative_text_is_described_by_its_subject() {
        let image = |url: &str, alt: &str| Image {
            url: url.to_owned(),
            alt: alt.to_owned(),
            width: 0,
            height: 0,
        };
        let drawn = "/pictures/dome-lamp/brick/object.svg";
        assert_eq!(alt_text(&image(drawn, ""), "Lampa"), "Dome lamp, brick");
        assert_eq!(alt_text(&image(drawn, "A lamp"), "Lampa"), "A lamp");
        assert_eq!(alt_text(&image("https://example.com/1.jpg", ""), "Lampa"), "Lampa");
    }
}
