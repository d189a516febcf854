//! Pictures of products on their tile.

use super::icon;
use crate::pictures::{COLOURS, KINDS};
use crate::words::Words;
use contracts::shared::Image;
use maud::{Markup, html};

/// When a picture is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fetched {
    /// At once, before others: it is the first thing seen.
    First,
    /// At once.
    Soon,
    /// When it comes near.
    Late,
}

impl Fetched {
    /// For the picture at this place of a list: the first row is seen at once.
    pub(crate) fn at(place: usize) -> Self {
        match place {
            0 | 1 => Self::First,
            2 | 3 => Self::Soon,
            _ => Self::Late,
        }
    }
}

/// What a picture measures where nobody said.
const WIDTH: u32 = 400;
const HEIGHT: u32 = 500;

/// A picture that stands beside the name of what it shows, and so says nothing itself.
pub(crate) fn beside_its_name(words: &Words, image: Option<&Image>, fetched: Fetched) -> Markup {
    picture(words, image, "", fetched)
}

/// What can be seen on a picture, for those who cannot see it: what somebody wrote, else what a drawing of ours
/// shows, else the name of the product.
pub(crate) fn told(image: &Image, product: &str) -> String {
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

/// A picture, with a text for those who cannot see it.
pub(crate) fn picture(words: &Words, image: Option<&Image>, alt: &str, fetched: Fetched) -> Markup {
    let Some(image) = image else { return missing(words) };
    let (width, height) = if image.width == 0 || image.height == 0 {
        (WIDTH, HEIGHT)
    } else {
        (image.width, image.height)
    };
    let (loading, priority) = match fetched {
        Fetched::First => (None, Some("high")),
        Fetched::Soon => (None, None),
        Fetched::Late => (Some("lazy"), None),
    };
    html! {
        img src=(image.url) alt=(alt) width=(width) height=(height) loading=[loading] fetchpriority=[priority] decoding="async";
    }
}

fn missing(words: &Words) -> Markup {
    html! {
        span.missing { (icon::mark()) span.vh { (words.goods.no_picture) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_without_words_is_described_by_what_it_shows() {
        let image = |url: &str, alt: &str| Image {
            url: url.to_owned(),
            alt: alt.to_owned(),
            width: 0,
            height: 0,
        };
        let drawn = "/pictures/dome-lamp/brick/object.svg";
        assert_eq!(told(&image(drawn, ""), "Lampa"), "Dome lamp, brick");
        assert_eq!(told(&image(drawn, "A lamp"), "Lampa"), "A lamp");
        assert_eq!(told(&image("https://example.com/1.jpg", ""), "Lampa"), "Lampa");
    }
}
