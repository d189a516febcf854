//! Faults of a saga's steps, and the plan that injects one of them.

use crate::{SagaState, StepError};
use kernel::{Problem, codes};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Fault of a run. Steps are named by their index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepFault {
    /// No fault.
    None,
    /// Each step is executed, and undone, twice in a row.
    Twice,
    /// A step is refused.
    Refused { step: usize, timing: FaultTiming },
    /// A step that must succeed is refused a few times.
    RefusedForAWhile { step: usize, timing: FaultTiming },
    /// A step is unavailable a few times.
    Unavailable { step: usize, timing: FaultTiming },
    /// A step waits for something outside.
    Waiting { step: usize, timing: FaultTiming },
    /// A step is refused, and an undo then fails a few times.
    UndoFails { refused: usize, undo: usize, timing: FaultTiming },
    /// A step is refused, and every step is then undone twice.
    UndoneTwice { refused: usize, timing: FaultTiming },
}

/// Kind of a step, which decides the faults that are injected into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepKind {
    Refuses,
    /// Its refusal proves that it has had no effect.
    RefusesCleanly,
    MustSucceed,
}

/// Time of a fault relative to the step's effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultTiming {
    BeforeEffect,
    AfterEffect,
}

/// Repetitions of a transient fault.
const TRANSIENT_FAULTS: usize = 3;

impl StepFault {
    /// All faults for steps of these kinds.
    pub(crate) fn all(steps: &[StepKind]) -> Vec<Self> {
        let mut all = vec![Self::None, Self::Twice];
        for (step, nature) in steps.iter().copied().enumerate() {
            for timing in [FaultTiming::BeforeEffect, FaultTiming::AfterEffect] {
                all.push(Self::Unavailable { step, timing });
                all.push(Self::Waiting { step, timing });
                match (nature, timing) {
                    (StepKind::MustSucceed, _) => all.push(Self::RefusedForAWhile { step, timing }),
                    (StepKind::RefusesCleanly, FaultTiming::AfterEffect) => {}
                    (StepKind::Refuses | StepKind::RefusesCleanly, _) => {
                        all.push(Self::Refused { step, timing });
                        all.push(Self::UndoneTwice { refused: step, timing });
                        let undos = 0..=step;
                        all.extend(undos.map(|undo| Self::UndoFails {
                            refused: step,
                            undo,
                            timing,
                        }));
                    }
                }
            }
        }
        all
    }

    /// End of a saga with this fault; `None` when its own steps decide.
    pub(crate) fn expected_end(self) -> Option<SagaState> {
        match self {
            Self::Refused { .. } | Self::UndoFails { .. } | Self::UndoneTwice { .. } => {
                Some(SagaState::Undone)
            }
            _ => None,
        }
    }
}

/// Plan of a run: its fault, and how often it was injected already. It outlives the processes that crash.
#[derive(Debug)]
pub(crate) struct FaultPlan {
    fault: StepFault,
    injected: AtomicUsize,
}

/// Fault that replaces the result of a step.
pub(crate) enum InjectedFault {
    Error(StepError),
    Wait,
}

impl FaultPlan {
    pub(crate) fn new(fault: StepFault) -> Self {
        Self { fault, injected: 0.into() }
    }

    pub(crate) fn executes_twice(&self) -> bool {
        self.fault == StepFault::Twice
    }

    pub(crate) fn undoes_twice(&self) -> bool {
        matches!(self.fault, StepFault::Twice | StepFault::UndoneTwice { .. })
    }

    /// Fault of this step's action before, or after, its effect.
    pub(crate) fn execute_fault(&self, index: usize, now: FaultTiming) -> Option<InjectedFault> {
        match self.fault {
            StepFault::Refused { step, timing } if step == index && timing == now => {
                Some(refusal())
            }
            StepFault::UndoFails { refused, timing, .. } if refused == index && timing == now => {
                Some(refusal())
            }
            StepFault::UndoneTwice { refused, timing } if refused == index && timing == now => {
                Some(refusal())
            }
            StepFault::RefusedForAWhile { step, timing } if step == index && timing == now => {
                self.take(TRANSIENT_FAULTS).then(refusal)
            }
            StepFault::Unavailable { step, timing } if step == index && timing == now => {
                self.take(TRANSIENT_FAULTS).then(|| InjectedFault::Error(unavailable()))
            }
            StepFault::Waiting { step, timing } if step == index && timing == now => {
                self.take(1).then_some(InjectedFault::Wait)
            }
            _ => None,
        }
    }

    /// Fault of this step's undo before, or after, its effect.
    pub(crate) fn undo_fault(&self, index: usize, now: FaultTiming) -> Option<StepError> {
        match self.fault {
            StepFault::UndoFails { undo, timing, .. } if undo == index && timing == now => {
                self.take(TRANSIENT_FAULTS).then(unavailable)
            }
            _ => None,
        }
    }

    fn take(&self, times: usize) -> bool {
        self.injected.fetch_add(1, Ordering::Relaxed) < times
    }
}

fn refusal() -> InjectedFault {
    let problem = Problem::of(codes::INVALID_FIELD, "refused by the failure matrix");
    InjectedFault::Error(StepError::refused(problem))
}

fn unavailable() -> StepError {
    StepError::Unavailable("no answer, says the failure matrix".to_owned())
}
