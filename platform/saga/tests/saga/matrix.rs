//! The failure matrix breaks a small saga in every way it knows, and notices when a saga is wrong.

use crate::evening::{Evening, Evenings, Flaw};
use async_trait::async_trait;
use journal::Journal;
use kernel::{Ids, Uuid};
use saga::{Saga, SagaState, failure_matrix};
use std::sync::Arc;

impl failure_matrix::World for Evenings {
    fn journal(&self) -> Arc<dyn Journal> {
        Self::journal(self)
    }

    fn ids(&self) -> Ids {
        crate::evening::ids()
    }
}

struct EveningSubject(Flaw);

#[async_trait]
impl failure_matrix::Subject for EveningSubject {
    type SagaInput = Evening;
    type World = Evenings;

    async fn world(&self) -> Evenings {
        Evenings::new()
    }

    async fn saga(
        &self,
        world: &Evenings,
        _: Arc<dyn Journal>,
        points: &Arc<failure_matrix::Points>,
    ) -> Saga<Evening> {
        world.saga(self.0, Some(Arc::clone(points)))
    }

    fn case(&self) -> (Uuid, Evening) {
        (Uuid::from_u128(1), crate::evening::case())
    }

    async fn judge(&self, world: &Evenings, end: SagaState) -> Result<(), String> {
        world.judge(end)
    }
}

#[tokio::test(start_paused = true)]
async fn a_good_saga_ends_done_or_undone_whatever_happens() {
    let runs = failure_matrix::prove(&EveningSubject(Flaw::None)).await;
    assert!(runs > 500, "only {runs} runs");
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "plates: 8")]
async fn the_kit_notices_a_step_that_is_not_idempotent() {
    failure_matrix::prove(&EveningSubject(Flaw::ActsAnewEachTime)).await;
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "crashes [")]
async fn the_kit_notices_an_undo_that_believes_only_what_this_process_did() {
    failure_matrix::prove(&EveningSubject(Flaw::UndoesOnlyWhatItRemembers)).await;
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "Refused")]
async fn the_kit_notices_an_undo_that_does_nothing() {
    failure_matrix::prove(&EveningSubject(Flaw::UndoesNothing)).await;
}
