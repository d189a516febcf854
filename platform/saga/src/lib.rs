//! Work across services that ends either done or undone: lists of steps, each with its way back, run from a durable
//! log.
//!
//! Every step is idempotent by identifiers that exist before the first one runs. So the log need not record each
//! step: it says that a saga was begun and with which case, that it waits, that it goes back and why, and how it
//! ended. A process that finds an unfinished saga runs it again from its first step, or goes on undoing it.
//!
//! A saga that meets no trouble runs in its caller's task, without a hop, and costs two appends.

#![warn(missing_docs)]

mod background;
mod events;
mod executor;
mod log;
mod retry_policy;
mod runner;
mod status;
mod status_cell;
mod step;

pub mod failure_matrix;
pub mod maintenance;

pub use log::{SagaLog, Spawn};
pub use retry_policy::RetryPolicy;
pub use runner::{BeginError, RetryError, Runner, Sagas};
pub use status::{SagaState, SagaStatus, SagaSummary};
pub use step::{Progress, Saga, SagaInput, Step, StepError};

/// The most unfinished sagas of one kind; the next one is refused until some have ended.
pub const UNFINISHED_MAX: usize = 100_000;
/// The most sagas of one kind that are driven in the background at the same time.
pub const BACKGROUND_MAX: usize = 64;
