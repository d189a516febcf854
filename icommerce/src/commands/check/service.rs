//! What has to be true within one service.

use super::{super::closed::Told, report::Report};
use journal::maintenance::{
    EventVisitor, FoldComparison, Invariant, ReadModelComparison, rebuild_is_incomplete,
    visit_events,
};
use runtime::{Maintenance, OfflineContext};
use storage::StorageError;

const JOURNAL: &str = "the journal is there that everything follows from";

/// A service whose storage is looked at.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) name: &'static str,
    pub(super) offline: OfflineContext,
    pub(super) maintenance: Maintenance,
}

impl Checked {
    /// Goes once through its journal, for everybody who wants to look.
    pub(super) async fn check(&mut self, report: &mut Report) -> Result<(), StorageError> {
        let storage = &self.offline.storage;
        let journal = &*storage.journal;
        let length = journal.last_position().await?;
        if length == 0 {
            return self.check_without_journal(report).await;
        }
        let mut rebuilds = Invariant::new("no rebuild was broken off");
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
        let mut surveyors: Vec<&mut dyn EventVisitor> = Vec::new();
        surveyors.extend(models.iter_mut().map(|it| it as &mut dyn EventVisitor));
        surveyors.extend(folds.iter_mut().map(|it| it as &mut dyn EventVisitor));
        surveyors.extend(checkers.iter_mut().map(|it| &mut **it as &mut dyn EventVisitor));
        let told = Told::of(self.name, length);
        let surveyed = visit_events(journal, &mut surveyors, &|position| told.at(position)).await?;
        report.add(self.name, surveyed.readable);
        for inspector in &mut self.maintenance.checkers {
            inspector.invariants().into_iter().for_each(|it| report.add(self.name, it));
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

    /// A service that was never here has nothing. One that has something has had a journal that it follows from.
    async fn check_without_journal(&self, report: &mut Report) -> Result<(), StorageError> {
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
            journal.hold(false, || format!("it is empty, and there is something in {orphans}"));
            report.add(self.name, journal);
        }
        Ok(())
    }
}
