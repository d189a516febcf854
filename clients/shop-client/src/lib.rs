//! HTTP client for a running shop: JSON over pooled keep-alive connections, a retry policy with exponential backoff and
//! idempotency keys, and a progress meter for long work.
//!
//! Every request can be sent again without doing anything twice, so a client outlasts a shop that is busy or restarting.

mod authenticating_client;
mod edge_client;
mod http_transport;
mod human_readable;
mod progress;
mod retry_policy;
mod retrying_client;
mod spreadsheet_cell;
mod token_source;

pub use edge_client::{EdgeClient, InvalidAddress};
pub use human_readable::{Unit, duration_in_words, rate_per_second};
pub use progress::{Progress, ProgressMeter};
pub use retry_policy::RetryPolicy;
pub use spreadsheet_cell::spreadsheet_cell;
pub use token_source::{TokenSource, TokenSourceError};
/// The ways in which a request can fail.
pub use transport::CallError;
