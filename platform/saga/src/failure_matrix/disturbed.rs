//! A step with trouble around it.

use super::{
    Points,
    step_fault::{Disturbance, Effect, Plan},
};
use crate::{Progress, Step, StepError};
use async_trait::async_trait;
use kernel::Problem;
use std::sync::Arc;

pub(crate) struct Disturbed<C: Sync> {
    pub(crate) step: Arc<dyn Step<C>>,
    pub(crate) at: usize,
    pub(crate) plan: Arc<Plan>,
    pub(crate) points: Arc<Points>,
}

impl<C: Sync> Disturbed<C> {
    fn disturb(&self, now: Effect) -> Option<Result<Progress, StepError>> {
        let waiting =
            Progress::Waiting { reason: "for the failure_matrix".to_owned(), until: None };
        match self.plan.act(self.at, now)? {
            Disturbance::Error(error) => Some(Err(error)),
            Disturbance::Wait => Some(Ok(waiting)),
        }
    }
}

#[async_trait]
impl<C: Send + Sync> Step<C> for Disturbed<C> {
    fn name(&self) -> &'static str {
        self.step.name()
    }

    fn must_succeed(&self) -> bool {
        self.step.must_succeed()
    }

    async fn execute(&self, case: &C) -> Result<Progress, StepError> {
        self.points.pass().await;
        if let Some(disturbed) = self.disturb(Effect::NotYet) {
            return disturbed;
        }
        let acted = self.step.execute(case).await;
        if self.plan.acts_twice() {
            let again = self.step.execute(case).await;
            // What is waited for may have come meanwhile.
            let waits = matches!(acted, Ok(Progress::Waiting { .. }));
            assert!(waits || again == acted, "{}: {acted:?}, then {again:?}", self.name());
        }
        self.points.pass().await;
        // Its own refusal or silence stands.
        if acted.is_ok()
            && let Some(disturbed) = self.disturb(Effect::Already)
        {
            return disturbed;
        }
        acted
    }

    async fn undo(&self, case: &C, because: &Problem) -> Result<(), StepError> {
        self.points.pass().await;
        if let Some(error) = self.plan.undo(self.at, Effect::NotYet) {
            return Err(error);
        }
        let undone = self.step.undo(case, because).await;
        if self.plan.undoes_twice() {
            let again = self.step.undo(case, because).await;
            assert_eq!(again, undone, "the second undo of {}", self.name());
        }
        self.points.pass().await;
        match self.plan.undo(self.at, Effect::Already) {
            Some(error) => Err(error),
            None => undone,
        }
    }
}
