//! Pictures: of the product in the order of their positions, and those that show one variant.

use crate::{
    columns::Column,
    row::{Remark, Row},
};
use contracts::{product::Media, shared::Image};

/// The most pictures of a product.
const PICTURES_MAX: usize = 250;
const URL_CHARACTERS_MAX: usize = 2_048;
const ALT_CHARACTERS_MAX: usize = 512;

/// The pictures of a product so far.
#[derive(Debug, Default)]
pub(super) struct Pictures(Vec<Picture>);

#[derive(Debug)]
struct Picture {
    position: u32,
    media: Media,
}

impl Pictures {
    /// Adds the pictures of a row, if it has any; or says why its own picture cannot be taken.
    pub(super) fn add(
        &mut self,
        row: &Row,
        sku: &str,
        remarks: &mut Vec<Remark>,
    ) -> Result<(), Remark> {
        if !row.variant_image.is_empty() && row.has_variant() {
            let added = self.add_of_variant(row, sku, remarks);
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
                remarks.push(Remark::about(Column::ImagePosition, "is not a number; put last"));
                u32::MAX
            })
        };
        let alt = shortened(&row.image_alt, remarks);
        match self.0.iter_mut().find(|picture| picture.media.image.url == url) {
            // A row of a variant came first and named only the address.
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

    /// The pictures in the order of their positions.
    pub(super) fn into_media(mut self) -> Vec<Media> {
        self.0.sort_by_key(|picture| picture.position);
        self.0.into_iter().map(|picture| picture.media).collect()
    }

    fn add_of_variant(
        &mut self,
        row: &Row,
        sku: &str,
        remarks: &mut Vec<Remark>,
    ) -> Result<(), Remark> {
        let url = address(&row.variant_image, Column::VariantImage, remarks)?;
        match self.0.iter_mut().find(|picture| picture.media.image.url == url) {
            Some(known) => {
                known.media.skus.push(sku.to_owned());
                Ok(())
            }
            None => self.push(url, String::new(), u32::MAX, vec![sku.to_owned()]),
        }
    }

    fn push(
        &mut self,
        url: String,
        alt: String,
        position: u32,
        skus: Vec<String>,
    ) -> Result<(), Remark> {
        if self.0.len() == PICTURES_MAX {
            let reason = format!("a product has at most {PICTURES_MAX} pictures; left out");
            return Err(Remark::about(Column::ImageSource, reason));
        }
        let image = Image { url, alt, width: 0, height: 0 };
        self.0.push(Picture { position, media: Media { image, skus } });
        Ok(())
    }
}

/// The address of a picture as the shop takes it: over https, or a path on the shop.
fn address(text: &str, column: Column, remarks: &mut Vec<Remark>) -> Result<String, Remark> {
    let wrong = |reason: &str| Err(Remark::about(column, reason));
    if text.chars().count() > URL_CHARACTERS_MAX {
        return wrong("is too long for an address; left out");
    }
    if text.contains(' ') {
        return wrong("has a space in it, and so is no address; left out");
    }
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("https://") && text.len() > "https://".len() {
        return Ok(text.to_owned());
    }
    if let Some(rest) = lower.strip_prefix("http://").map(|rest| &text[text.len() - rest.len()..]) {
        remarks.push(Remark::about(column, "is asked for over https instead of http"));
        return Ok(format!("https://{rest}"));
    }
    match text.strip_prefix("//") {
        Some(rest) => Ok(format!("https://{rest}")),
        None if text.starts_with('/') => Ok(text.to_owned()),
        None => wrong("is no address of a picture, such as https://example.com/mug.jpg; left out"),
    }
}

fn shortened(alt: &str, remarks: &mut Vec<Remark>) -> String {
    if alt.chars().count() <= ALT_CHARACTERS_MAX {
        return alt.to_owned();
    }
    let reason = format!("is longer than {ALT_CHARACTERS_MAX} characters; shortened");
    remarks.push(Remark::about(Column::ImageAlt, reason));
    alt.chars().take(ALT_CHARACTERS_MAX).collect()
}
