//! Step decorator that injects the faults of a plan.

use super::{
    CrashPoints,
    step_fault::{FaultPlan, FaultTiming, InjectedFault},
};
use crate::{Progress, Step, StepError};
use async_trait::async_trait;
use kernel::Problem;
use std::sync::Arc;

pub(crate) struct FaultInjectingStep<I: Sync> {
    pub(crate) step: Arc<dyn Step<I>>,
    pub(crate) index: usize,
    pub(crate) plan: Arc<FaultPlan>,
    pub(crate) points: Arc<CrashPoints>,
}

impl<I: Sync> FaultInjectingStep<I> {
    fn inject(&self, timing: FaultTiming) -> Option<Result<Progress, StepError>> {
        let waiting =
            Progress::Waiting { reason: "for the failure matrix".to_owned(), until: None };
        match self.plan.execute_fault(self.index, timing)? {
            InjectedFault::Error(error) => Some(Err(error)),
            InjectedFault::Wait => Some(Ok(waiting)),
        }
    }
}

#[async_trait]
impl<I: Send + Sync> Step<I> for FaultInjectingStep<I> {
    fn name(&self) -> &'static str {
        self.step.name()
    }

    fn must_succeed(&self) -> bool {
        self.step.must_succeed()
    }

    async fn execute(&self, input: &I) -> Result<Progress, StepError> {
        self.points.pass().await;
        if let Some(injected) = self.inject(FaultTiming::BeforeEffect) {
            return injected;
        }
        let executed = self.step.execute(input).await;
        if self.plan.executes_twice() {
            let again = self.step.execute(input).await;
            // What it waited for may have come meanwhile.
            let waits = matches!(executed, Ok(Progress::Waiting { .. }));
            assert!(waits || again == executed, "{}: {executed:?}, then {again:?}", self.name());
        }
        self.points.pass().await;
        // A failure of the step itself takes precedence.
        if executed.is_ok()
            && let Some(injected) = self.inject(FaultTiming::AfterEffect)
        {
            return injected;
        }
        executed
    }

    async fn undo(&self, input: &I, because: &Problem) -> Result<(), StepError> {
        self.points.pass().await;
        if let Some(error) = self.plan.undo_fault(self.index, FaultTiming::BeforeEffect) {
            return Err(error);
        }
        let undone = self.step.undo(input, because).await;
        if self.plan.undoes_twice() {
            let again = self.step.undo(input, because).await;
            assert_eq!(again, undone, "the second undo of {}", self.name());
        }
        self.points.pass().await;
        match self.plan.undo_fault(self.index, FaultTiming::AfterEffect) {
            Some(error) => Err(error),
            None => undone,
        }
    }
}
