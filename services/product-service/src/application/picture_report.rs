//! State of the copies of pictures elsewhere, for operators.

use super::{Catalogue, CatalogueError, stream_of};
use crate::domain::PictureCopy;
use contracts::product::{MediaFailure, MediaReport};

/// Failures that are named.
const FAILURES_MAX: usize = 100;

impl Catalogue {
    /// Numbers of pictures by state, and the first failures.
    pub(crate) async fn picture_report(&self) -> Result<MediaReport, CatalogueError> {
        let (mut report, failed) = self.index.picture_numbers(FAILURES_MAX);
        report.fetching = self.fetching;
        for product_id in failed {
            let loaded = self.products.load(&stream_of(product_id)).await?;
            let Some(product) = loaded.state.as_deref().and_then(|stream| stream.0.as_ref()) else {
                continue;
            };
            for (source, copy) in product.copies.iter() {
                if let PictureCopy::Failed(reason) = copy
                    && report.failures.len() < FAILURES_MAX
                {
                    report.failures.push(MediaFailure {
                        product_id,
                        slug: product.slug.clone(),
                        source: source.clone(),
                        reason: reason.clone(),
                    });
                }
            }
        }
        Ok(report)
    }
}
