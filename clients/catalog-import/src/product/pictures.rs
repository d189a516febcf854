//! Pictures of a product: in the order of their positions, or else of the file.

use crate::{
    limits::{ALT_CHARACTERS_MAX, PICTURES_MAX, URL_CHARACTERS_MAX},
    mapping::Fact,
    row::{PictureCell, Remark, Row},
    text::shorten,
};
use contracts::{
    product::Media,
    shared::{Image, Sku},
};

/// Pictures of a product so far.
#[derive(Debug)]
pub(super) struct Pictures {
    all: Vec<Picture>,
    /// Whether any row has a position. Where none has, the order of the file counts for all pictures.
    has_positions: bool,
    /// Whether the product has a row of its own, so that the pictures in other rows are those of their variants.
    has_parent: bool,
    /// Position of the last picture of a row.
    last_position: u32,
}

#[derive(Debug)]
struct Picture {
    position: u32,
    media: Media,
}

impl Pictures {
    /// No pictures yet, of these rows.
    pub(super) fn of(rows: &[Row]) -> Self {
        let has_positions = rows.iter().any(|row| !row.cell(Fact::PicturePosition).is_empty());
        let has_parent = rows.iter().any(Row::is_parent);
        Self { all: Vec::new(), has_positions, has_parent, last_position: 0 }
    }

    /// Adds the pictures of a row, if it has any: those of the product before that of its variant, whose SKU is `variant`.
    ///
    /// # Errors
    ///
    /// A remark on why a product picture of the row is invalid.
    pub(super) fn add(
        &mut self,
        row: &Row,
        variant: Option<&Sku>,
        remarks: &mut Vec<Remark>,
    ) -> Result<(), Remark> {
        let position = self.position(row, remarks);
        let alt = alt(row, remarks);
        let mut invalid = None;
        for picture in &row.pictures {
            let alt = if row.pictures.len() == 1 { alt.as_str() } else { "" };
            match address(row, picture, Fact::Pictures) {
                Ok(url) => {
                    let own = variant.filter(|_| self.has_parent);
                    invalid = self.add_picture(row, url, alt, position, own).err().or(invalid);
                }
                Err(remark) => invalid = invalid.or(Some(remark)),
            }
        }
        let own = row.cell(Fact::VariantPicture);
        if let Some(sku) = variant.filter(|_| !own.is_empty()) {
            let picture = PictureCell { address: own.to_owned(), ..PictureCell::default() };
            let position = if self.has_positions { u32::MAX } else { self.last_position };
            let added = address(row, &picture, Fact::VariantPicture)
                .and_then(|url| self.add_picture(row, url, "", position, Some(sku)));
            remarks.extend(added.err());
        }
        invalid.map_or(Ok(()), Err)
    }

    /// Media of the product, in the order of their positions.
    pub(super) fn into_media(mut self) -> Vec<Media> {
        self.all.sort_by_key(|picture| picture.position);
        self.all.into_iter().map(|picture| picture.media).collect()
    }

    /// Position of the pictures in a row; one without a position follows the picture before it.
    fn position(&mut self, row: &Row, remarks: &mut Vec<Remark>) -> u32 {
        let text = row.cell(Fact::PicturePosition);
        if !row.pictures.is_empty() && !text.is_empty() {
            self.last_position = text.parse().unwrap_or_else(|_| {
                let reason = "is not a number; the picture is placed last";
                remarks.push(row.remark(Fact::PicturePosition, reason));
                u32::MAX
            });
        }
        // A product's own row leads, wherever it is in the file.
        let is_of_variant = self.has_parent && !row.is_parent() && !self.has_positions;
        self.last_position.saturating_add(u32::from(is_of_variant))
    }

    fn add_picture(
        &mut self,
        row: &Row,
        url: String,
        alt: &str,
        position: u32,
        variant: Option<&Sku>,
    ) -> Result<(), Remark> {
        let Some(known) = self.all.iter_mut().find(|picture| picture.media.image.url == url) else {
            return self.push(row, url, alt, position, variant.cloned().into_iter().collect());
        };
        // An earlier row of a variant named only the address.
        if known.media.image.alt.is_empty() {
            alt.clone_into(&mut known.media.image.alt);
        }
        known.media.skus.extend(variant.cloned());
        known.position = known.position.min(position);
        Ok(())
    }

    fn push(
        &mut self,
        row: &Row,
        url: String,
        alt: &str,
        position: u32,
        skus: Vec<Sku>,
    ) -> Result<(), Remark> {
        if self.all.len() == PICTURES_MAX {
            let reason = format!("a product has at most {PICTURES_MAX} pictures; skipped");
            return Err(row.remark(Fact::Pictures, reason));
        }
        let image = Image { url, alt: alt.to_owned(), width: 0, height: 0 };
        self.all.push(Picture { position, media: Media::new(image, skus) });
        Ok(())
    }
}

/// Normalised address of a picture: a URL that the shop fetches, or a path on the shop.
fn address(row: &Row, picture: &PictureCell, fact: Fact) -> Result<String, Remark> {
    let text = picture.address.as_str();
    let invalid = |reason: &str| {
        let mut remark = row.remark(fact, reason);
        if !picture.column.is_empty() {
            remark.field.clone_from(&picture.column);
        }
        Err(remark)
    };
    if text.chars().count() > URL_CHARACTERS_MAX {
        return invalid("is too long for an address; skipped");
    }
    if text.contains(' ') {
        return invalid("contains a space, so it is not an address; skipped");
    }
    let lower = text.to_ascii_lowercase();
    for scheme in ["https://", "http://"] {
        if lower.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()) {
            return Ok(format!("{scheme}{}", &text[scheme.len()..]));
        }
    }
    match text.strip_prefix("//") {
        Some(rest) => Ok(format!("https://{rest}")),
        None if picture.is_foreign => invalid(
            "is a path of another shop; give its address in a mapping file as `base`; skipped",
        ),
        None if text.starts_with('/') => Ok(text.to_owned()),
        None => {
            invalid("is not the address of a picture, such as https://example.com/mug.jpg; skipped")
        }
    }
}

fn alt(row: &Row, remarks: &mut Vec<Remark>) -> String {
    let alt = row.cell(Fact::PictureAlt);
    shorten(alt, ALT_CHARACTERS_MAX).map_or_else(
        || alt.to_owned(),
        |short| {
            let reason = format!("is longer than {ALT_CHARACTERS_MAX} characters; shortened");
            remarks.push(row.remark(Fact::PictureAlt, reason));
            short
        },
    )
}
