//! Start-up of the search index: loaded from its stored documents, which are rebuilt from the journal first if their
//! schema version differs.

use super::{ProductStream, product_document, product_of, streams::PREFIX};
use crate::domain::{Product, prior_price::Policy};
use crate::index::{Availability, SearchIndex, persistence};
use async_trait::async_trait;
use journal::{
    Aggregate, Position, RecordedEvent, ServiceStorage,
    maintenance::{Grain, ReadModel, refold},
};
use storage::{Collection, StorageError, Write};

/// Version of the layout of [`crate::index::ProductDocument`], raised with every change to it.
const DOCUMENT_SCHEMA_VERSION: u32 = 2;

/// The search index as of the last flush.
pub(crate) async fn open_index(
    storage: &ServiceStorage,
    policy: Policy,
) -> Result<SearchIndex, StorageError> {
    let documents = &*storage.documents;
    let read_model = ProductDocumentsReadModel { policy };
    let stored = persistence::schema_version(documents).await?;
    if stored.as_deref() != Some(&read_model.schema_version()) {
        refold(storage, &[Box::new(read_model)], &|_| ()).await?;
    }
    let buckets = persistence::load_buckets(&*storage.projections).await?;
    let documents = persistence::load_documents(documents).await?;
    Ok(SearchIndex::new(documents, Availability::from_buckets(buckets)))
}

/// Read model of the product documents: one document folded from each product's stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProductDocumentsReadModel {
    pub(crate) policy: Policy,
}

impl ProductDocumentsReadModel {
    /// Layout version and policy: documents contain reductions, which depend on the policy.
    fn schema_version(self) -> String {
        format!("{DOCUMENT_SCHEMA_VERSION} {:?}", self.policy)
    }
}

#[async_trait]
impl ReadModel for ProductDocumentsReadModel {
    fn collection(&self) -> &'static Collection {
        persistence::documents_collection()
    }

    fn grain(&self) -> Grain {
        Grain::Stream(PREFIX)
    }

    fn writes(&self, events: &[RecordedEvent]) -> Result<Vec<Write>, StorageError> {
        let mut product: Option<Product> = None;
        for recorded in events {
            let event = ProductStream::decode(recorded)
                .map_err(|error| StorageError::Corrupt(error.to_string()))?;
            product = Product::evolve(product, &event);
        }
        let id = events.first().and_then(|event| product_of(&event.stream));
        let document =
            id.zip(product).map(|(id, product)| product_document(id, &product, self.policy));
        Ok(document.as_ref().map(persistence::put_document).into_iter().collect())
    }

    fn checkpoint_writes(&self, _: Position) -> Vec<Write> {
        vec![persistence::put_schema_version(&self.schema_version())]
    }
}
