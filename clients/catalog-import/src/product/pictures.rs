//! Pictures of a product: its own in the order of their positions, and those of single variants.

use crate::{
    columns::Column,
    row::{Remark, Row},
};
use contracts::{
    product::Media,
    shared::{Image, Sku},
};

/// The most pictures of a product.
const PICTURES_MAX: usize = 250;
const URL_CHARACTERS_MAX: usize = 2_048;
const ALT_CHARACTERS_MAX: usize = 512;

/// Pictures of a product so far.
#[derive(Debug, Default)]
pub(super) struct Pictures(Vec<Picture>);

#[derive(Debug)]
struct Picture {
    position: u32,
    media: Media,
}

impl Pictures {
    /// Adds the pictures of a row, if it has any; `variant` is the SKU of its variant.
    ///
    /// # Errors
    ///
    /// A remark on why the product picture of the row is invalid.
    pub(super) fn add(
        &mut self,
        row: &Row,
        variant: Option<&Sku>,
        remarks: &mut Vec<Remark>,
    ) -> Result<(), Remark> {
        if let Some(sku) = variant.filter(|_| !row.variant_image.is_empty()) {
            let added = self.add_variant_picture(row, sku, remarks);
            remarks.extend(added.err());
        }
        if row.image_source.is_empty() {
            return Ok(());
        }
        let url = address(&row.image_source, Column::ImageSource, remarks)?;
        let position = if row.image_position.is_empty() {
            u32::MAX
        } else {
            row.image_position.parse().unwrap_or_else(|_| {
                remarks.push(Remark::about(
                    Column::ImagePosition,
                    "is not a number; the picture is placed last",
                ));
                u32::MAX
            })
        };
        let alt = truncate_alt(&row.image_alt, remarks);
        match self.0.iter_mut().find(|picture| picture.media.image.url == url) {
            // An earlier row of a variant named only the address.
            Some(known) if known.media.image.alt.is_empty() => {
                known.media.image.alt = alt;
                known.position = known.position.min(position);
                Ok(())
            }
            Some(known) => {
                known.position = known.position.min(position);
                Ok(())
            }
            None => self.push(url, alt, position, Vec::new()),
        }
    }

    /// Media of the product, in the order of their positions.
    pub(super) fn into_media(mut self) -> Vec<Media> {
        self.0.sort_by_key(|picture| picture.position);
        self.0.into_iter().map(|picture| picture.media).collect()
    }

    fn add_variant_picture(
        &mut self,
        row: &Row,
        sku: &Sku,
        remarks: &mut Vec<Remark>,
    ) -> Result<(), Remark> {
        let url = address(&row.variant_image, Column::VariantImage, remarks)?;
        match self.0.iter_mut().find(|picture| picture.media.image.url == url) {
            Some(known) => {
                known.media.skus.push(sku.clone());
                Ok(())
            }
            None => self.push(url, String::new(), u32::MAX, vec![sku.clone()]),
        }
    }

    fn push(
        &mut self,
        url: String,
        alt: String,
        position: u32,
        skus: Vec<Sku>,
    ) -> Result<(), Remark> {
        if self.0.len() == PICTURES_MAX {
            let reason = format!("a product has at most {PICTURES_MAX} pictures; skipped");
            return Err(Remark::about(Column::ImageSource, reason));
        }
        let image = Image { url, alt, width: 0, height: 0 };
        self.0.push(Picture { position, media: Media::new(image, skus) });
        Ok(())
    }
}

/// Normalised address of a picture: an `https` URL, or a path on the shop.
fn address(text: &str, column: Column, remarks: &mut Vec<Remark>) -> Result<String, Remark> {
    let invalid = |reason: &str| Err(Remark::about(column, reason));
    if text.chars().count() > URL_CHARACTERS_MAX {
        return invalid("is too long for an address; skipped");
    }
    if text.contains(' ') {
        return invalid("contains a space, so it is not an address; skipped");
    }
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("https://") && text.len() > "https://".len() {
        return Ok(text.to_owned());
    }
    if let Some(rest) = lower.strip_prefix("http://").map(|rest| &text[text.len() - rest.len()..]) {
        remarks.push(Remark::about(column, "was changed from http to https"));
        return Ok(format!("https://{rest}"));
    }
    match text.strip_prefix("//") {
        Some(rest) => Ok(format!("https://{rest}")),
        None if text.starts_with('/') => Ok(text.to_owned()),
        None => {
            invalid("is not the address of a picture, such as https://example.com/mug.jpg; skipped")
        }
    }
}

fn truncate_alt(alt: &str, remarks: &mut Vec<Remark>) -> String {
    if alt.chars().count() <= ALT_CHARACTERS_MAX {
        return alt.to_owned();
    }
    let reason = format!("is longer than {ALT_CHARACTERS_MAX} characters; shortened");
    remarks.push(Remark::about(Column::ImageAlt, reason));
    alt.chars().take(ALT_CHARACTERS_MAX).collect()
}
