//! LRU cache of search results, limited by memory and invalidated by the generation of the index.

use super::query::ResolvedQuery;
use super::search_result::SearchResult;
use lru::LruCache;
use std::sync::Arc;

/// Memory that the cached results may take together, in bytes.
const CACHE_BYTES_MAX: usize = 64 << 20;
/// Number of results that may be cached.
const CACHE_RESULTS_MAX: usize = 1_024;

/// LRU cache of search results by resolved query.
#[derive(Debug)]
pub(crate) struct ResultCache {
    results: LruCache<ResolvedQuery, Arc<SearchResult>>,
    bytes: usize,
}

impl Default for ResultCache {
    fn default() -> Self {
        Self { results: LruCache::unbounded(), bytes: 0 }
    }
}

impl ResultCache {
    /// Cached result of `query`, if it was computed for this generation of the index.
    pub(crate) fn get(
        &mut self,
        query: &ResolvedQuery,
        generation: u64,
    ) -> Option<Arc<SearchResult>> {
        self.results.get(query).filter(|result| result.generation == generation).map(Arc::clone)
    }

    /// Insertion of a result; evicts the least recently used ones while a limit is exceeded.
    pub(crate) fn insert(&mut self, query: ResolvedQuery, result: Arc<SearchResult>) {
        self.bytes += result.bytes();
        if let Some((_, old)) = self.results.push(query, result) {
            self.bytes = self.bytes.saturating_sub(old.bytes());
        }
        while self.bytes > CACHE_BYTES_MAX || self.results.len() > CACHE_RESULTS_MAX {
            let Some((_, old)) = self.results.pop_lru() else { return };
            self.bytes = self.bytes.saturating_sub(old.bytes());
        }
    }
}
