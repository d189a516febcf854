//! How a saga stands, for its caller and for operators.

use kernel::{Problem, Timestamp, Uuid};
use std::sync::Arc;

/// Where a saga stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SagaState {
    /// Going forward.
    Running,
    /// For somebody outside.
    Waiting,
    /// Going back.
    Undoing,
    /// Failed often; still tried again, slowly.
    Stuck,
    /// Ended well.
    Done,
    /// Ended with everything undone.
    Undone,
}

impl SagaState {
    /// Whether nothing will happen any more.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Undone)
    }
}

/// A saga at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SagaStatus {
    /// Where it stands.
    pub state: SagaState,
    /// The step it is at.
    pub step: &'static str,
    /// How often it failed there in a row.
    pub tries: u32,
    /// What went wrong last, or what it waits for.
    pub error: Option<String>,
    /// When it goes on by itself.
    pub next_try_at: Option<Timestamp>,
    /// Why it goes back, or went back.
    pub refusal: Option<Arc<Problem>>,
    /// Whether somebody is driving it at this moment.
    pub(crate) driven: bool,
    /// How many wakes it had when it was last driven.
    pub(crate) wakes_seen: u64,
}

impl SagaStatus {
    pub(crate) fn running(step: &'static str) -> Self {
        Self {
            state: SagaState::Running,
            step,
            tries: 0,
            error: None,
            next_try_at: None,
            refusal: None,
            driven: true,
            wakes_seen: 0,
        }
    }

    pub(crate) fn ended(state: SagaState, refusal: Option<Arc<Problem>>) -> Self {
        Self { state, refusal, driven: false, ..Self::running("") }
    }

    /// Whether it stands still, having seen all of the first `wakes` wakes.
    pub(crate) fn has_settled(&self, wakes: u64) -> bool {
        self.state.has_ended() || (!self.driven && self.wakes_seen >= wakes)
    }
}

/// An unfinished saga in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SagaSummary {
    /// Identity.
    pub id: Uuid,
    /// Which kind.
    pub name: &'static str,
    /// The thing it is about.
    pub subject: Uuid,
    /// When it began.
    pub begun_at: Timestamp,
    /// How it stands.
    pub status: SagaStatus,
}
