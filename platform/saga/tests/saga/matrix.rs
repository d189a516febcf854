//! Failure matrix of a small saga, and the defects that the matrix notices.

use crate::dinner::{Defect, Dinner, DinnerEnvironment};
use async_trait::async_trait;
use journal::Journal;
use kernel::{Ids, Uuid};
use saga::{Saga, SagaState, failure_matrix};
use std::sync::Arc;

impl failure_matrix::TestEnvironment for DinnerEnvironment {
    fn journal(&self) -> Arc<dyn Journal> {
        Self::journal(self)
    }

    fn ids(&self) -> Ids {
        crate::dinner::ids()
    }
}

struct DinnerUnderTest(Defect);

#[async_trait]
impl failure_matrix::SagaUnderTest for DinnerUnderTest {
    type Input = Dinner;
    type Environment = DinnerEnvironment;

    async fn environment(&self) -> DinnerEnvironment {
        DinnerEnvironment::new()
    }

    async fn saga(
        &self,
        environment: &DinnerEnvironment,
        _: Arc<dyn Journal>,
        points: &Arc<failure_matrix::CrashPoints>,
    ) -> Saga<Dinner> {
        environment.saga(self.0, Some(Arc::clone(points)))
    }

    fn input(&self) -> (Uuid, Dinner) {
        (Uuid::from_u128(1), crate::dinner::input())
    }

    async fn verify(&self, environment: &DinnerEnvironment, end: SagaState) -> Result<(), String> {
        environment.verify(end)
    }
}

#[tokio::test(start_paused = true)]
async fn a_good_saga_ends_done_or_undone_whatever_happens() {
    let runs = failure_matrix::prove(&DinnerUnderTest(Defect::None)).await;
    assert!(runs > 500, "only {runs} runs");
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "plates: 8")]
async fn the_matrix_notices_a_step_that_is_not_idempotent() {
    failure_matrix::prove(&DinnerUnderTest(Defect::IsNotIdempotent)).await;
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "crashes [")]
async fn the_matrix_notices_an_undo_that_believes_only_what_this_process_did() {
    failure_matrix::prove(&DinnerUnderTest(Defect::UndoesOnlyWhatItRemembers)).await;
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "Refused")]
async fn the_matrix_notices_an_undo_that_does_nothing() {
    failure_matrix::prove(&DinnerUnderTest(Defect::UndoesNothing)).await;
}
