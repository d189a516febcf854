//! Saga orchestration: work across services as a list of steps, each with a compensation (its *undo*), run from a
//! durable log so that it ends either done or undone.
//!
//! The pattern is that of Garcia-Molina and Salem (*Sagas*, 1987) in its orchestrated form: one service holds the list
//! of steps, and a step that is refused sends the saga back through the undos of the steps before it. Steps that
//! [must succeed](Step::must_succeed) lie behind the pivot, after which nothing is undone.
//!
//! Every step is idempotent by identifiers that exist before the first one runs. So the log need not record each
//! step: it says that a saga was started and with which input, that it waits, that it is being undone and why, and how
//! it ended. A process that finds an unfinished saga runs it again from its first step, or continues to undo it.
//!
//! A saga in which nothing fails runs in its caller's task and costs two appends.
//!
//! # Example
//!
//! A saga of one step, run, and requested again under the same id:
//!
//! ```
//! use kernel::{Ids, Problem, SystemClock, SystemRandomness, Uuid};
//! use saga::{Progress, RetryPolicy, Runner, Saga, SagaInput, SagaLog, SagaState, Step, StepError};
//! use std::sync::{Arc, Mutex};
//!
//! #[derive(Debug, serde::Serialize, serde::Deserialize, minicbor::Encode, minicbor::Decode)]
//! struct Trip {
//!     #[cbor(n(0), with = "kernel::cbor")]
//!     id: Uuid,
//!     #[n(1)]
//!     seats: u32,
//! }
//!
//! impl SagaInput for Trip {
//!     fn subject(&self) -> Uuid {
//!         self.id
//!     }
//!
//!     fn repeats(&self, earlier: &Self) -> bool {
//!         self.seats == earlier.seats
//!     }
//! }
//!
//! /// Seats of a train, by the trip that they are kept for.
//! struct KeepSeats(Arc<Mutex<std::collections::HashMap<Uuid, u32>>>);
//!
//! #[async_trait::async_trait]
//! impl Step<Trip> for KeepSeats {
//!     fn name(&self) -> &'static str {
//!         "keep_seats"
//!     }
//!
//!     async fn execute(&self, trip: &Trip) -> Result<Progress, StepError> {
//!         // Idempotent: the trip's id is the key.
//!         self.0.lock().unwrap().insert(trip.id, trip.seats);
//!         Ok(Progress::Done)
//!     }
//!
//!     async fn undo(&self, trip: &Trip, _: &Problem) -> Result<(), StepError> {
//!         self.0.lock().unwrap().remove(&trip.id);
//!         Ok(())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let journal = engine_memory::MemoryEngine::new().service("trips").journal;
//! let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness));
//! let spawn: saga::Spawn = Arc::new(|task| drop(tokio::spawn(task)));
//! let log = SagaLog::open(journal, ids, spawn).await?;
//!
//! let seats = Arc::default();
//! let saga = Saga::new("trip", vec![Arc::new(KeepSeats(Arc::clone(&seats)))]);
//! let runner = Runner::start(&log, saga, RetryPolicy::default()).await?;
//!
//! let id = Uuid::from_u128(1);
//! let status = runner.begin(id, Trip { id, seats: 2 }).await?;
//! assert_eq!(status.state, SagaState::Done);
//! assert_eq!(seats.lock().unwrap()[&id], 2);
//!
//! let repeated = runner.begin(id, Trip { id, seats: 2 }).await?;
//! assert_eq!(repeated.state, SagaState::Done);
//! assert!(runner.begin(id, Trip { id, seats: 3 }).await.is_err(), "another input under the same id");
//! # Ok(())
//! # }
//! ```

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
mod uncertain;

pub mod failure_matrix;
pub mod maintenance;

pub use events::personal_input;
pub use log::{SagaLog, Spawn};
pub use retry_policy::RetryPolicy;
pub use runner::{BeginError, RetryError, Runner, Sagas};
pub use status::{SagaState, SagaStatus, SagaSummary};
pub use step::{Progress, Saga, SagaInput, Step, StepError};

/// Limit of unfinished sagas of one kind in a process; [`Runner::begin`] answers [`BeginError::Overloaded`] beyond it.
pub const UNFINISHED_MAX: usize = 100_000;
/// Limit of sagas of one kind that are executed in the background at the same time.
pub const BACKGROUND_MAX: usize = 64;
