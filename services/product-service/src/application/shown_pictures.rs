//! Pictures of a product as they are shown: those on the shop as they are, those elsewhere as the shop's own copies, and
//! none that a page could not show.

use crate::domain::{
    PictureCopy, Product,
    description::{ImageTag, replace_image_tags},
    events::{Media, StoredPicture},
    picture_address::PictureAddress,
};
use contracts::product::{self as contract, MediaState};
use contracts::shared::Image;
use images::Encoding;

/// Largest width of a picture within a description, in pixels.
const DESCRIPTION_WIDTH_MAX: u32 = 960;

/// Picture that can be shown, if this one can.
enum PictureState<'a> {
    OnShop,
    Copy(&'a StoredPicture),
    Pending,
    Failed(&'a str),
}

fn shown<'a>(product: &'a Product, address: &str) -> PictureState<'a> {
    match PictureAddress::parse(address) {
        Some(PictureAddress::OnShop(_)) => PictureState::OnShop,
        Some(PictureAddress::Elsewhere(_)) => match product.copies.get(address) {
            Some(PictureCopy::Stored(picture)) => PictureState::Copy(picture),
            Some(PictureCopy::Failed(reason)) => PictureState::Failed(reason),
            None => PictureState::Pending,
        },
        None => PictureState::Failed("is not an address that can be shown"),
    }
}

/// Image of a picture, if it can be shown.
pub(super) fn image(product: &Product, media: &Media) -> Option<Image> {
    match shown(product, &media.url) {
        PictureState::OnShop => Some(image_at(&media.url, media, media.width, media.height)),
        PictureState::Copy(picture) => Some(image_of(picture, media)),
        PictureState::Pending | PictureState::Failed(_) => None,
    }
}

/// Whether a picture can be shown.
pub(super) fn is_shown(product: &Product, media: &Media) -> bool {
    matches!(shown(product, &media.url), PictureState::OnShop | PictureState::Copy(_))
}

/// Contract message of a picture. One that cannot be shown has the address of its source, for operators.
pub(super) fn media(product: &Product, media: &Media) -> contract::Media {
    let as_given = || image_at(&media.url, media, media.width, media.height);
    let (image, state, reason) = match shown(product, &media.url) {
        PictureState::OnShop => return contract::Media::new(as_given(), media.skus.clone()),
        PictureState::Copy(picture) => (image_of(picture, media), MediaState::Stored, None),
        PictureState::Pending => (as_given(), MediaState::Pending, None),
        PictureState::Failed(reason) => (as_given(), MediaState::Failed, Some(reason.to_owned())),
    };
    contract::Media {
        image,
        skus: media.skus.clone(),
        source: Some(media.url.clone()),
        state: Some(state),
        reason,
    }
}

/// Description with the shop's own copies in place of pictures elsewhere. What cannot be shown is left out.
pub(super) fn description(product: &Product) -> String {
    replace_image_tags(&product.description, |tag| match shown(product, &tag.source) {
        PictureState::OnShop => product.description[tag.range.clone()].to_owned(),
        PictureState::Copy(picture) => picture_element(picture, tag),
        PictureState::Pending | PictureState::Failed(_) => String::new(),
    })
}

fn picture_element(picture: &StoredPicture, tag: &ImageTag) -> String {
    let width = picture.widths().filter(|it| *it <= DESCRIPTION_WIDTH_MAX).max();
    let width = width.unwrap_or_else(|| picture.largest_width());
    let height = picture.height_at(width);
    let webp = picture.path(width, Encoding::WebP);
    let fallback = picture.path(width, picture.fallback());
    let alt = &tag.alt;
    format!(
        "<picture><source type=\"image/webp\" srcset=\"{webp}\"><img src=\"{fallback}\" alt=\"{alt}\" width=\"{width}\" height=\"{height}\" loading=\"lazy\"></picture>"
    )
}

fn image_of(picture: &StoredPicture, media: &Media) -> Image {
    let width = picture.largest_width();
    image_at(&picture.largest_path(), media, width, picture.height_at(width))
}

fn image_at(url: &str, media: &Media, width: u32, height: u32) -> Image {
    Image { url: url.to_owned(), alt: media.alt.clone(), width, height }
}
