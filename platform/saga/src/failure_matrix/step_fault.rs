//! What can go wrong with a saga's steps.

use crate::{SagaState, StepError};
use kernel::{Problem, codes};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What goes wrong in a run. Steps are meant by their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepFault {
    /// Nothing.
    None,
    /// Each act and each undo is done twice in a row.
    Twice,
    /// A step says no.
    Refused { step: usize, effect: Effect },
    /// A step that must succeed says no, a few times.
    RefusedForAWhile { step: usize, effect: Effect },
    /// A step does not answer, a few times.
    Unavailable { step: usize, effect: Effect },
    /// A step waits for somebody outside.
    Waiting { step: usize, effect: Effect },
    /// A step says no, and on the way back an undo fails a few times.
    UndoFails { refused: usize, undo: usize, effect: Effect },
    /// A step says no, and everything is undone twice.
    UndoneTwice { refused: usize, effect: Effect },
}

/// What a step is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    Refuses,
    /// When it says no it has certainly had no effect.
    RefusesCleanly,
    MustSucceed,
}

/// Whether the step has had its effect when it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    NotYet,
    Already,
}

/// How often something goes wrong that goes wrong for a while.
const TIMES: usize = 3;

impl StepFault {
    /// All there is, for steps of these natures.
    pub(crate) fn all(steps: &[Nature]) -> Vec<Self> {
        let mut all = vec![Self::None, Self::Twice];
        for (step, nature) in steps.iter().copied().enumerate() {
            for effect in [Effect::NotYet, Effect::Already] {
                all.push(Self::Unavailable { step, effect });
                all.push(Self::Waiting { step, effect });
                match (nature, effect) {
                    (Nature::MustSucceed, _) => all.push(Self::RefusedForAWhile { step, effect }),
                    (Nature::RefusesCleanly, Effect::Already) => {}
                    (Nature::Refuses | Nature::RefusesCleanly, _) => {
                        all.push(Self::Refused { step, effect });
                        all.push(Self::UndoneTwice { refused: step, effect });
                        let undos = 0..=step;
                        all.extend(undos.map(|undo| Self::UndoFails {
                            refused: step,
                            undo,
                            effect,
                        }));
                    }
                }
            }
        }
        all
    }

    /// How a saga with this trouble ends; `None` when its own steps decide.
    pub(crate) fn end(self) -> Option<SagaState> {
        match self {
            Self::Refused { .. } | Self::UndoFails { .. } | Self::UndoneTwice { .. } => {
                Some(SagaState::Undone)
            }
            _ => None,
        }
    }
}

/// A run's trouble, and how much of it was had already. It outlives the processes that crash.
#[derive(Debug)]
pub(crate) struct Plan {
    trouble: StepFault,
    had: AtomicUsize,
}

/// What a disturbed act comes to instead.
pub(crate) enum Disturbance {
    Error(StepError),
    Wait,
}

impl Plan {
    pub(crate) fn new(trouble: StepFault) -> Self {
        Self { trouble, had: 0.into() }
    }

    pub(crate) fn acts_twice(&self) -> bool {
        self.trouble == StepFault::Twice
    }

    pub(crate) fn undoes_twice(&self) -> bool {
        matches!(self.trouble, StepFault::Twice | StepFault::UndoneTwice { .. })
    }

    /// What goes wrong with the act of this step before, or after, it has its effect.
    pub(crate) fn act(&self, at: usize, now: Effect) -> Option<Disturbance> {
        match self.trouble {
            StepFault::Refused { step, effect } if step == at && effect == now => Some(refusal()),
            StepFault::UndoFails { refused, effect, .. } if refused == at && effect == now => {
                Some(refusal())
            }
            StepFault::UndoneTwice { refused, effect } if refused == at && effect == now => {
                Some(refusal())
            }
            StepFault::RefusedForAWhile { step, effect } if step == at && effect == now => {
                self.more(TIMES).then(refusal)
            }
            StepFault::Unavailable { step, effect } if step == at && effect == now => {
                self.more(TIMES).then(|| Disturbance::Error(silence()))
            }
            StepFault::Waiting { step, effect } if step == at && effect == now => {
                self.more(1).then_some(Disturbance::Wait)
            }
            _ => None,
        }
    }

    /// What goes wrong with the undo of this step before, or after, it has its effect.
    pub(crate) fn undo(&self, at: usize, now: Effect) -> Option<StepError> {
        match self.trouble {
            StepFault::UndoFails { undo, effect, .. } if undo == at && effect == now => {
                self.more(TIMES).then(silence)
            }
            _ => None,
        }
    }

    fn more(&self, times: usize) -> bool {
        self.had.fetch_add(1, Ordering::Relaxed) < times
    }
}

fn refusal() -> Disturbance {
    let problem = Problem::new(422, codes::INVALID_FIELD, "refused by the failure_matrix");
    Disturbance::Error(StepError::refused(problem))
}

fn silence() -> StepError {
    StepError::Unavailable("no answer, says the failure_matrix".to_owned())
}
