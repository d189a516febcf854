//! Fetching of pictures elsewhere, in the background: each product with pictures that are pending is worked on by one of
//! several workers, and the outcome of every picture becomes an event of the product.
//!
//! What is pending is known from the products themselves, so nothing is lost with the process. A host that fails again and
//! again is left alone for a while: its pictures fail at once instead of holding a worker for their whole time.

use super::{Catalogue, CatalogueError, ChangeRequest, PictureLibrary, stream_of};
use crate::domain::{PictureCopy, ProductCommand};
use crate::ports::PictureSource;
use contracts::shared::ProductId;
use kernel::Timestamp;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use storage::durability;
use tokio::time::sleep;

/// Attempts at one picture.
const ATTEMPTS_MAX: u32 = 2;
/// Pause before another attempt, and after a failure of the storage.
const RETRY_PAUSE: Duration = Duration::from_secs(2);
/// Temporary failures of a host, one after the other, after which it is left alone.
const HOST_FAILURES_MAX: u32 = 4;
/// Seconds for which a host is left alone.
const HOST_REST_SECONDS: i64 = 600;
/// Hosts whose failures are remembered.
const HOSTS_MAX: usize = 1_000;

/// Worker that fetches pending pictures. Clones share what is known about hosts.
#[derive(Clone)]
pub(crate) struct PictureFetcher {
    catalogue: Arc<Catalogue>,
    library: Arc<PictureLibrary>,
    source: Arc<dyn PictureSource>,
    hosts: Arc<Mutex<HashMap<String, HostFailures>>>,
}

/// Temporary failures of a host since its last success.
#[derive(Clone, Copy, Debug)]
struct HostFailures {
    count: u32,
    last: Timestamp,
}

impl PictureFetcher {
    pub(crate) fn new(
        catalogue: Arc<Catalogue>,
        library: Arc<PictureLibrary>,
        source: Arc<dyn PictureSource>,
    ) -> Self {
        Self { catalogue, library, source, hosts: Arc::default() }
    }

    /// Works on one product after the other.
    pub(crate) async fn run(self) {
        loop {
            let id = self.catalogue.pictures.next().await;
            let (done, dependencies) = durability::scope(self.fetch_all(id)).await;
            let durable = dependencies.wait().await.is_ok();
            if let (Ok(()), true) = (&done, durable) {
                continue;
            }
            tracing::warn!(product = %id, error = ?done.err(), "pictures could not be recorded");
            sleep(RETRY_PAUSE).await;
            self.catalogue.pictures.push(id);
        }
    }

    /// Fetches the pending pictures of a product.
    async fn fetch_all(&self, id: ProductId) -> Result<(), CatalogueError> {
        let loaded = self.catalogue.products.load(&stream_of(id)).await?;
        let product = loaded.state.as_deref().and_then(|stream| stream.0.as_ref());
        let pending = product.map(crate::domain::Product::pending_pictures).unwrap_or_default();
        drop(loaded);
        for source in pending {
            let outcome = self.fetch(&source).await?;
            let command = ProductCommand::RecordPicture { source, outcome };
            self.catalogue.execute(ChangeRequest { id, command, if_match: None }).await?;
        }
        Ok(())
    }

    /// Outcome of fetching one picture.
    async fn fetch(&self, address: &str) -> Result<PictureCopy, CatalogueError> {
        let host = address.split('/').nth(2).map(str::to_ascii_lowercase);
        let host = host.unwrap_or_default();
        let mut attempt = 1;
        let file = loop {
            if self.is_resting(&host) {
                let reason = "its server failed several times in a row".to_owned();
                return Ok(PictureCopy::Failed(reason));
            }
            match self.source.fetch(address).await {
                Ok(file) => break file,
                Err(failure) if failure.is_temporary => {
                    self.record_failure(&host);
                    if attempt == ATTEMPTS_MAX {
                        return Ok(PictureCopy::Failed(failure.reason));
                    }
                    attempt += 1;
                    sleep(RETRY_PAUSE).await;
                }
                Err(failure) => return Ok(PictureCopy::Failed(failure.reason)),
            }
        };
        self.hosts.lock().remove(&host);
        self.keep(file).await
    }

    /// Copy of a file, as soon as there is a place to decode it.
    async fn keep(&self, file: bytes::Bytes) -> Result<PictureCopy, CatalogueError> {
        use super::PictureError;
        loop {
            return match self.library.store(file.clone()).await {
                Ok(picture) => Ok(PictureCopy::Stored(picture)),
                Err(PictureError::Unusable(error)) => Ok(PictureCopy::Failed(error.to_string())),
                Err(error @ PictureError::Failed) => Ok(PictureCopy::Failed(error.to_string())),
                Err(PictureError::Storage(error)) => Err(error.into()),
                Err(PictureError::Overloaded) => {
                    sleep(RETRY_PAUSE).await;
                    continue;
                }
            };
        }
    }

    /// Whether a host is left alone at present.
    fn is_resting(&self, host: &str) -> bool {
        let now = self.catalogue.ids.now();
        let failures = self.hosts.lock().get(host).copied();
        failures.is_some_and(|failures| {
            let rested = now.as_second() - failures.last.as_second() >= HOST_REST_SECONDS;
            failures.count >= HOST_FAILURES_MAX && !rested
        })
    }

    fn record_failure(&self, host: &str) {
        let now = self.catalogue.ids.now();
        let mut hosts = self.hosts.lock();
        if hosts.len() >= HOSTS_MAX && !hosts.contains_key(host) {
            hosts.clear();
        }
        let failures = hosts.entry(host.to_owned()).or_insert(HostFailures { count: 0, last: now });
        if now.as_second() - failures.last.as_second() >= HOST_REST_SECONDS {
            failures.count = 0;
        }
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
    }
}
