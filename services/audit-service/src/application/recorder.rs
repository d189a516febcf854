//! Recorder of activities: minimises the data, keeps to the day's budget, and makes the write.

use super::{
    activity_kind::ActivityKind, chunk::activity_write, day_budget::DayBudget, privacy,
    privacy::Digests,
};
use contracts::audit::Activity;
use kernel::Ids;
use storage::{StorageError, Write};

/// Recorder of activities from every source.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) digests: Digests,
    pub(crate) budget: DayBudget,
    pub(crate) ids: Ids,
}

impl Recorder {
    /// Write of an activity; `None` when the budget of its kind is used up.
    pub(crate) fn write(&self, mut activity: Activity) -> Result<Option<Write>, StorageError> {
        let kind = ActivityKind::of(&activity);
        self.digests.redact(&mut activity);
        if kind == ActivityKind::Visit {
            privacy::thin_details(&mut activity);
        }
        let write = activity_write(kind, &activity)?;
        let bytes = match &write {
            Write::Put { document, .. } => document.body.len(),
            Write::Delete { .. } => 0,
        };
        Ok(self.budget.take(kind, bytes, self.ids.now()).then_some(write))
    }
}
