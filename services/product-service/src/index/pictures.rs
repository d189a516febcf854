//! Pictures elsewhere, over all products.

use super::SearchIndex;
use contracts::product::MediaReport;
use contracts::shared::ProductId;

impl SearchIndex {
    /// Products with pictures that are yet to be fetched.
    pub(crate) fn products_with_pending_pictures(&self) -> Vec<ProductId> {
        let state = self.state.read();
        let documents = state.entries.iter().map(|entry| &entry.document);
        documents.filter(|document| document.pictures_pending > 0).map(|it| it.id).collect()
    }

    /// Numbers of pictures by state, without the failures themselves, and up to `failed_max` products with failures.
    pub(crate) fn picture_numbers(&self, failed_max: usize) -> (MediaReport, Vec<ProductId>) {
        let mut report = MediaReport::default();
        let mut failed = Vec::new();
        let state = self.state.read();
        for document in state.entries.iter().map(|entry| &entry.document) {
            report.pending += u64::from(document.pictures_pending);
            report.stored += u64::from(document.pictures_stored);
            report.failed += u64::from(document.pictures_failed);
            if document.pictures_failed > 0 && failed.len() < failed_max {
                failed.push(document.id);
            }
        }
        (report, failed)
    }
}
