//! Cache of renditions: files that can be made again at any time, within a budget of bytes; those not asked for longest
//! go first.

use bytes::Bytes;
use images::Encoding;
use lru::LruCache;
use parking_lot::Mutex;
use std::sync::Arc;
use storage::{Blobs, StorageError};

/// Folder of the renditions.
const FOLDER: &str = "renditions";
/// Entries that are listed at once at a start.
const LISTED_MAX: usize = 1_000;

/// Name of a rendition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RenditionName(String);

impl RenditionName {
    pub(super) fn new(digest: &str, width: u32, encoding: Encoding) -> Self {
        Self(format!("{digest}-{width}.{}", encoding.extension()))
    }
}

/// Cache of renditions.
#[derive(Debug)]
pub(super) struct RenditionCache {
    blobs: Arc<dyn Blobs>,
    bytes_max: u64,
    known: Mutex<KnownRenditions>,
    /// What an earlier run has left is known.
    listed: tokio::sync::OnceCell<()>,
}

/// Sizes of the renditions, and their sum.
#[derive(Debug)]
struct KnownRenditions {
    bytes: u64,
    sizes: LruCache<String, u64>,
}

impl RenditionCache {
    pub(super) fn new(blobs: Arc<dyn Blobs>, bytes_max: u64) -> Self {
        let known = Mutex::new(KnownRenditions { bytes: 0, sizes: LruCache::unbounded() });
        Self { blobs, bytes_max, known, listed: tokio::sync::OnceCell::new() }
    }

    pub(super) async fn get(&self, name: &RenditionName) -> Result<Option<Bytes>, StorageError> {
        self.listed.get_or_try_init(|| self.list()).await?;
        if self.known.lock().sizes.get(&name.0).is_none() {
            return Ok(None);
        }
        let rendition = self.blobs.blob(FOLDER, &name.0).await?;
        if rendition.is_none() {
            self.known.lock().forget(&name.0);
        }
        Ok(rendition)
    }

    pub(super) async fn put(
        &self,
        name: &RenditionName,
        content: Bytes,
    ) -> Result<(), StorageError> {
        let bytes = content.len() as u64;
        match self.blobs.put(FOLDER, &name.0, content).await {
            // A nearly full disk takes no copies; the picture is shown all the same.
            Err(StorageError::Full) => return Ok(()),
            put => put?,
        }
        let evicted = self.known.lock().insert(&name.0, bytes, self.bytes_max);
        for name in evicted {
            self.blobs.remove(FOLDER, &name).await?;
        }
        Ok(())
    }

    /// Learns what an earlier run has left.
    async fn list(&self) -> Result<(), StorageError> {
        let mut after: Option<String> = None;
        loop {
            let page = self.blobs.list(FOLDER, after.as_deref(), LISTED_MAX).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.name.clone());
            for entry in page {
                let evicted = self.known.lock().insert(&entry.name, entry.bytes, self.bytes_max);
                for name in evicted {
                    self.blobs.remove(FOLDER, &name).await?;
                }
            }
        }
    }
}

impl KnownRenditions {
    /// Adds a rendition. The result are those that make way for it: never itself.
    fn insert(&mut self, name: &str, bytes: u64, bytes_max: u64) -> Vec<String> {
        self.forget(name);
        self.sizes.put(name.to_owned(), bytes);
        self.bytes += bytes;
        let mut evicted = Vec::new();
        while self.bytes > bytes_max && self.sizes.len() > 1 {
            let Some((oldest, bytes)) = self.sizes.pop_lru() else { break };
            self.bytes -= bytes;
            evicted.push(oldest);
        }
        evicted
    }

    fn forget(&mut self, name: &str) {
        if let Some(bytes) = self.sizes.pop(name) {
            self.bytes -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine_memory::MemoryEngine;

    fn name(digest: &str) -> RenditionName {
        RenditionName::new(digest, 640, Encoding::WebP)
    }

    async fn names(blobs: &Arc<dyn Blobs>) -> Vec<String> {
        let entries = blobs.list(FOLDER, None, 100).await.unwrap();
        entries.into_iter().map(|entry| entry.name[..2].to_owned()).collect()
    }

    #[tokio::test]
    async fn the_budget_of_bytes_holds_also_over_a_restart() {
        let blobs = MemoryEngine::new().service("example").blobs;
        let cache = RenditionCache::new(Arc::clone(&blobs), 100);
        for digest in ["aa", "bb", "cc"] {
            cache.put(&name(digest), vec![0; 30].into()).await.unwrap();
        }
        assert!(cache.get(&name("aa")).await.unwrap().is_some());
        // Of the other two, the one asked for longest ago makes way.
        cache.put(&name("dd"), vec![0; 40].into()).await.unwrap();
        assert_eq!(names(&blobs).await, ["aa", "cc", "dd"]);
        assert_eq!(cache.get(&name("bb")).await.unwrap(), None);
        // The same name again replaces its bytes.
        cache.put(&name("dd"), vec![0; 40].into()).await.unwrap();
        assert_eq!(names(&blobs).await.len(), 3);

        let smaller = RenditionCache::new(Arc::clone(&blobs), 70);
        assert!(smaller.get(&name("dd")).await.unwrap().is_some());
        assert_eq!(names(&blobs).await, ["cc", "dd"]);
    }
}
