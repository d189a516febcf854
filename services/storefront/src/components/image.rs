//! Product images: pictures of the shop in the sizes that a page asks for, and drawings.

use super::icon::Icon;
use crate::{
    locale::Locale,
    messages::Messages,
    pictures::{COLOURS, KINDS},
};
use contracts::{product::PICTURE_WIDTHS, shared::Image};
use maud::{Markup, html};

/// Maximum number of lines whose thumbnails load at once.
const EAGER_LINES_MAX: usize = 8;

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

    /// Strategy for the thumbnail of the line at this position: a long cart loads those that are scrolled to.
    pub(crate) fn of_line(position: usize) -> Self {
        if position < EAGER_LINES_MAX { Self::Eager } else { Self::Lazy }
    }
}

/// Place of an image on a page, which decides how wide it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImageSlot {
    /// Card of a grid.
    Card,
    /// Gallery of the product page.
    Gallery,
    /// First picture of the home page.
    Hero,
    /// Department of the home page.
    Department,
    /// Line of a cart or an order, suggestion.
    Thumbnail,
}

impl ImageSlot {
    /// Width of the image on the page, as the attribute `sizes` says it.
    fn sizes(self) -> &'static str {
        match self {
            Self::Card => "(min-width: 44rem) min(25vw, 20rem), 50vw",
            Self::Gallery => "(min-width: 64rem) min(50vw, 40rem), 100vw",
            Self::Hero => "(min-width: 48rem) min(50vw, 40rem), 100vw",
            Self::Department => "(min-width: 48rem) min(17vw, 14rem), 33vw",
            Self::Thumbnail => "6rem",
        }
    }
}

/// Width of an image for browsers without `WebP`, in pixels.
const FALLBACK_WIDTH: u32 = 640;

/// Picture that the shop serves in several widths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Renditions<'a> {
    /// Path without the file.
    folder: &'a str,
    /// Largest width.
    largest: u32,
    /// Extension of the fallback.
    extension: &'a str,
}

impl<'a> Renditions<'a> {
    /// Renditions behind the path of the largest one, such as `/media/{digest}/1280.jpg`.
    fn of(url: &'a str) -> Option<Self> {
        let (folder, file) = url.rsplit_once('/')?;
        let (width, extension) = file.split_once('.')?;
        let digest = folder.strip_prefix("/media/")?;
        let is_digest = digest.len() == 64 && digest.bytes().all(|it| it.is_ascii_hexdigit());
        let largest = width.parse().ok().filter(|width| *width > 0)?;
        is_digest.then_some(Self { folder, largest, extension })
    }

    fn widths(self) -> impl Iterator<Item = u32> {
        let smaller = PICTURE_WIDTHS.into_iter().filter(move |width| *width < self.largest);
        smaller.chain([self.largest])
    }

    /// Attribute `srcset` with all widths in `WebP`.
    fn webp_set(self) -> String {
        let entry = |width| format!("{}/{width}.webp {width}w", self.folder);
        self.widths().map(entry).collect::<Vec<_>>().join(", ")
    }

    /// Path of the fallback.
    fn fallback(self) -> String {
        let width = self.widths().find(|width| *width >= FALLBACK_WIDTH).unwrap_or(self.largest);
        format!("{}/{width}.{}", self.folder, self.extension)
    }
}

/// Default dimensions of an image, in pixels.
const WIDTH: u32 = 400;
const HEIGHT: u32 = 500;

/// Decorative image with an empty alternative text, because the name of what it shows stands beside it.
pub(crate) fn decorative_image(
    messages: &Messages,
    image: Option<&Image>,
    slot: ImageSlot,
    loading: ImageLoading,
) -> Markup {
    image_element(messages, image, ("", None), slot, loading)
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

/// Image with an alternative text of the shop in the language of the page, or marked with its own.
pub(crate) fn product_image(
    locale: Locale,
    image: Option<&Image>,
    alt: &str,
    slot: ImageSlot,
    loading: ImageLoading,
) -> Markup {
    let text = (locale.translate(alt), locale.lang_of(alt));
    image_element(locale.messages, image, text, slot, loading)
}

/// Image with an alternative text and its language; a placeholder where there is none.
fn image_element(
    messages: &Messages,
    image: Option<&Image>,
    (alt, lang): (&str, Option<&str>),
    slot: ImageSlot,
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
    let img = |src: &str| {
        html! { img src=(src) alt=(alt) lang=[lang] width=(width) height=(height) loading=[loading] fetchpriority=[priority] decoding="async"; }
    };
    let Some(renditions) = Renditions::of(&image.url) else { return img(&image.url) };
    html! {
        picture {
            source type="image/webp" srcset=(renditions.webp_set()) sizes=(slot.sizes());
            (img(&renditions.fallback()))
        }
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
    use crate::locale::{CurrencyDisplay, Language};

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
        assert_eq!(alt_text(&image("/media/1/640.jpg", ""), "Lampa"), "Lampa");
    }

    fn markup(url: &str, width: u32, height: u32) -> String {
        let image = Image { url: url.to_owned(), alt: String::new(), width, height };
        let locale = Locale::new(Language::En, CurrencyDisplay::Symbol);
        product_image(locale, Some(&image), "A mug", ImageSlot::Card, ImageLoading::Lazy).into()
    }

    #[test]
    fn a_picture_of_the_shop_is_offered_in_its_widths_and_with_a_fallback() {
        let folder = format!("/media/{}", "0a".repeat(32));
        let shown = markup(&format!("{folder}/1000.jpg"), 1_000, 750);
        let set = [160, 320, 480, 640, 960, 1_000].map(|it| format!("{folder}/{it}.webp {it}w"));
        assert!(shown.contains(&format!("srcset=\"{}\"", set.join(", "))), "{shown}");
        assert!(shown.contains("type=\"image/webp\"") && shown.contains("sizes=\""), "{shown}");
        let img =
            format!("<img src=\"{folder}/640.jpg\" alt=\"A mug\" width=\"1000\" height=\"750\"");
        assert!(shown.contains(&img), "{shown}");

        let small = markup(&format!("{folder}/150.png"), 150, 90);
        assert!(small.contains(&format!("srcset=\"{folder}/150.webp 150w\"")), "{small}");
        assert!(small.contains(&format!("<img src=\"{folder}/150.png\"")), "{small}");
    }

    #[test]
    fn another_image_is_shown_as_it_is() {
        for url in ["/pictures/dome-lamp/brick/object.svg", "/files/1.jpg", "/media/1/640.jpg"] {
            let shown = markup(url, 0, 0);
            assert!(shown.starts_with(&format!("<img src=\"{url}\"")), "{shown}");
        }
    }
}
