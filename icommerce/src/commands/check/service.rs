//! Checks within one service: its invariants, read models and projections.

use super::{super::offline::JournalProgress, report::CheckReport};
use journal::maintenance::{
    EventVisitor, FoldComparison, Invariant, ReadModelComparison, rebuild_is_incomplete,
    visit_events,
};
use runtime::{Maintenance, OfflineContext};
use storage::StorageError;

const JOURNAL: &str = "the journal behind the derived data exists";

/// Service whose storage is checked.
#[derive(Debug)]
pub(super) struct ServiceCheck {
    pub(super) name: &'static str,
    pub(super) offline: OfflineContext,
    pub(super) maintenance: Maintenance,
}

impl ServiceCheck {
    /// Checks the service in a single pass over its journal.
    pub(super) async fn check(&mut self, report: &mut CheckReport) -> Result<(), StorageError> {
        let storage = &self.offline.storage;
        let journal = &*storage.journal;
        let length = journal.last_position().await?;
        if length == 0 {
            return self.check_without_journal(report).await;
        }
        let mut rebuilds = Invariant::new("no rebuild is incomplete");
        rebuilds.hold(!rebuild_is_incomplete(storage).await?, || {
            "run icommerce rebuild again".to_owned()
        });
        let mut models = Vec::new();
        for model in &self.maintenance.read_models {
            models.push(ReadModelComparison::begin(&**model, storage).await?);
        }
        let mut folds: Vec<FoldComparison> =
            self.maintenance.projections.iter().map(|make| FoldComparison::of(*make)).collect();
        let checkers = &mut self.maintenance.checkers;
        let mut visitors: Vec<&mut dyn EventVisitor> = Vec::new();
        visitors.extend(models.iter_mut().map(|it| it as &mut dyn EventVisitor));
        visitors.extend(folds.iter_mut().map(|it| it as &mut dyn EventVisitor));
        visitors.extend(checkers.iter_mut().map(|it| &mut **it as &mut dyn EventVisitor));
        let progress = JournalProgress::new(self.name, length);
        let visited =
            visit_events(journal, &mut visitors, &|position| progress.advance_to(position)).await?;
        report.add(self.name, visited.readable);
        for checker in &mut self.maintenance.checkers {
            checker.invariants().into_iter().for_each(|it| report.add(self.name, it));
        }
        for model in models {
            report.add(self.name, model.end().await?);
        }
        for fold in folds {
            report.add(self.name, fold.end(journal).await?);
        }
        report.add(self.name, rebuilds);
        Ok(())
    }

    /// Checks a service with an empty journal: any derived data is orphaned.
    async fn check_without_journal(&self, report: &mut CheckReport) -> Result<(), StorageError> {
        let storage = &self.offline.storage;
        let mut orphans = Vec::new();
        for model in &self.maintenance.read_models {
            let found = ReadModelComparison::begin(&**model, storage).await?.end().await?;
            orphans.extend((found.broken > 0).then(|| model.collection().name));
        }
        for make in &self.maintenance.projections {
            let name = make().name();
            orphans.extend(storage.journal.snapshot(name).await?.map(|_| name));
        }
        if !orphans.is_empty() {
            let mut journal = Invariant::new(JOURNAL);
            let orphans = orphans.join(", ");
            journal.hold(false, || {
                format!("the journal is empty, but there is derived data in {orphans}")
            });
            report.add(self.name, journal);
        }
        Ok(())
    }
}
