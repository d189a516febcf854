//! Pictures of products on their tile.

use super::icon;
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
