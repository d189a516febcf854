//! The shop's own copies of pictures that a product names elsewhere, in its media and in its description.

use super::Status;
use super::description::image_tags;
use super::events::{ProductEvent, StoredPicture};
use super::limits;
use super::picture_address::PictureAddress;
use super::product::Product;
use std::collections::{BTreeMap, BTreeSet};

/// State of the copy of one picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PictureCopy {
    /// It is there.
    Stored(StoredPicture),
    /// It could not be fetched, with the reason.
    Failed(String),
}

/// Copies by the address they come from; what is not among them is yet to be fetched.
pub(crate) type PictureCopies = BTreeMap<String, PictureCopy>;

/// Number of pictures by the state of their copies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PictureCounts {
    pub(crate) pending: u16,
    pub(crate) stored: u16,
    pub(crate) failed: u16,
}

impl Product {
    /// Addresses elsewhere of the pictures in media and description, each once.
    pub(crate) fn picture_sources(&self) -> BTreeSet<String> {
        let is_elsewhere = |text: &String| {
            matches!(PictureAddress::parse(text), Some(PictureAddress::Elsewhere(_)))
        };
        let in_media = self.media.iter().map(|media| media.url.clone()).filter(is_elsewhere);
        let in_text = image_tags(&self.description).into_iter().map(|tag| tag.source);
        let in_text = in_text.filter(is_elsewhere).take(limits::DESCRIPTION_PICTURES_MAX);
        in_media.chain(in_text).collect()
    }

    /// Addresses that are yet to be fetched.
    pub(crate) fn pending_pictures(&self) -> Vec<String> {
        let pending = |source: &String| !self.copies.contains_key(source);
        self.picture_sources().into_iter().filter(pending).collect()
    }

    /// Number of pictures by state.
    pub(crate) fn picture_counts(&self) -> PictureCounts {
        let mut counts = PictureCounts::default();
        for source in self.picture_sources() {
            let count = match self.copies.get(&source) {
                None => &mut counts.pending,
                Some(PictureCopy::Stored(_)) => &mut counts.stored,
                Some(PictureCopy::Failed(_)) => &mut counts.failed,
            };
            *count = count.saturating_add(1);
        }
        counts
    }

    /// Forgets the copies of pictures that the product no longer has.
    pub(super) fn retain_copies(&mut self) {
        if !self.copies.is_empty() {
            let sources = self.picture_sources();
            std::sync::Arc::make_mut(&mut self.copies).retain(|source, _| sources.contains(source));
        }
    }

    /// State after a copy was stored or failed.
    pub(super) fn put_copy(&mut self, source: &str, copy: PictureCopy) {
        std::sync::Arc::make_mut(&mut self.copies).insert(source.to_owned(), copy);
    }

    /// State after failed copies were given another attempt.
    pub(super) fn retry_copies(&mut self) {
        std::sync::Arc::make_mut(&mut self.copies)
            .retain(|_, copy| matches!(copy, PictureCopy::Stored(_)));
    }
}

/// Decision on the outcome of fetching a picture. One that the product no longer has, or has a copy of, leads to nothing.
pub(super) fn record(
    product: &Product,
    source: &str,
    outcome: &PictureCopy,
) -> Option<ProductEvent> {
    let wanted = product.picture_sources().contains(source);
    if !wanted || product.copies.contains_key(source) {
        return None;
    }
    let source = source.to_owned();
    Some(match outcome.clone() {
        PictureCopy::Stored(picture) => ProductEvent::PictureStored { source, picture },
        PictureCopy::Failed(reason) => ProductEvent::PictureFailed { source, reason },
    })
}

/// Another attempt at failed pictures, when the product is written again.
pub(super) fn retry(product: &Product) -> Option<ProductEvent> {
    let failed = product.copies.values().any(|copy| matches!(copy, PictureCopy::Failed(_)));
    let retried = failed && product.status() != Status::Archived;
    retried.then_some(ProductEvent::PicturesRetried {})
}
