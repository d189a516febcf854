//! Remote procedure calls (RPC): contracts between services as Rust traits.
//!
//! [`contract!`] turns a trait into four things: the trait itself, its [`WireClient`] over a [`transport::Channel`], its
//! [`Guarded`] provider, and the [`Operation`] table by which `web` routes to it under
//! `POST /internal/v1/<service>/<operation>`. A consumer holds an `Arc<dyn Trait>` and cannot tell which of them it
//! has: within one process a call goes straight to the provider, with typed values and in the caller's task (so
//! its durability scope is the caller's); between processes it is one HTTP request with a JSON body.
//!
//! [`Guard`] applies the cross-cutting concerns once, for both: deadline, concurrency limit, trace context, span,
//! metrics, panic to problem.
//!
//! ```
//! use rpc::{CallError, contract};
//! use std::sync::Arc;
//!
//! contract! {
//!     /// Greetings.
//!     pub trait Greeter in "greeter-service" {
//!         /// A greeting by name.
//!         idempotent fn greet(name: String) -> String;
//!     }
//! }
//!
//! #[derive(Debug)]
//! struct Polite;
//!
//! #[async_trait::async_trait]
//! impl Greeter for Polite {
//!     async fn greet(&self, name: String) -> Result<String, CallError> {
//!         Ok(format!("Good morning, {name}"))
//!     }
//! }
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! let greeter: Arc<dyn Greeter> = Arc::new(Polite);
//! assert_eq!(greeter.greet("Ada".to_owned()).await.unwrap(), "Good morning, Ada");
//! # });
//! ```

#![warn(missing_docs)]

mod client;
mod contract;
mod credential;
mod directory;
mod endpoint;
mod feed;
mod guard;
mod late_bound;
mod message;

pub use client::WireClient;
pub use contract::{Contract, Operation, Repeat};
pub use credential::{CREDENTIAL_HEADER, CREDENTIAL_REFUSED, FleetSecret, SECRET_BYTES_MIN};
pub use directory::ContractDirectory;
pub use endpoint::{CALL_BYTES_MAX, Endpoint, call_path, endpoints};
pub use feed::{Feed, FeedEvent, FeedPage};
pub use guard::{CALLS_MAX, Guard, GuardParts, Guarded};
pub use late_bound::LateBound;
pub use message::{
    CloudEvent, ContentType, EventData, Message, SpecVersion, event_type, version_of,
};
pub use transport::CallError;

/// Re-exports for the expansion of [`contract!`].
#[doc(hidden)]
pub mod private {
    pub use crate::endpoint::{decode, encode};
    pub use async_trait::async_trait;
    pub use bytes::Bytes;
    pub use futures_util::future::BoxFuture;
}
