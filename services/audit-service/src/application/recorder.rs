//! Recorder of activities: minimises the data, keeps to the day's budget, and makes the write.

use super::{
    activity_kind::ActivityKind,
    chunk::{ActivityNames, activity_write},
    day_budget::DayBudget,
    privacy,
    privacy::Digests,
};
use contracts::{audit::Activity, shared::ActivityId};
use kernel::{Ids, Timestamp};
use serde::Serialize;
use storage::{StorageError, Write};

/// Recorder of activities from every source.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) digests: Digests,
    pub(crate) budget: DayBudget,
    pub(crate) ids: Ids,
}

/// Activity as it is stored: the fields of [`Activity`] in its order, with details of any type. Ids that open something are
/// digests already.
#[derive(Debug, Serialize)]
pub(crate) struct StoredActivity<'a, D> {
    pub(crate) id: ActivityId,
    #[serde(with = "kernel::rfc3339")]
    pub(crate) at: Timestamp,
    pub(crate) actor: String,
    pub(crate) edge: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_agent: Option<&'a str>,
    pub(crate) action: String,
    pub(crate) subject: String,
    pub(crate) details: D,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
}

impl Recorder {
    /// Write of an activity that another service sent; `None` when the budget of its kind is used up.
    pub(crate) fn write(&self, mut activity: Activity) -> Result<Option<Write>, StorageError> {
        self.digests.redact(&mut activity);
        if ActivityKind::of(&activity.action, &activity.edge) == ActivityKind::Visit {
            privacy::thin_details(&mut activity);
        }
        let Activity { id, at, actor, edge, address, user_agent, action, .. } = activity;
        let Activity { subject, details, request_id, .. } = activity;
        let (edge, user_agent) = (&*edge, user_agent.as_deref());
        let activity = StoredActivity {
            id,
            at,
            actor,
            edge,
            address,
            user_agent,
            action,
            subject,
            details,
            request_id,
        };
        // Not its own time, which another service has written: a flood of any dates has the budget of one day.
        self.write_stored(activity, || self.ids.now())
    }

    /// Write of an activity as it is stored; `None` when the budget of its kind, of the day at this time, is used up.
    pub(crate) fn write_stored<D: Serialize>(
        &self,
        activity: StoredActivity<'_, D>,
        of_day: impl FnOnce() -> Timestamp,
    ) -> Result<Option<Write>, StorageError> {
        let kind = ActivityKind::of(&activity.action, activity.edge);
        let body = kernel::json::to_vec(&activity)
            .map_err(|error| StorageError::Corrupt(error.to_string()))?;
        if !self.budget.take(kind, body.len(), of_day) {
            return Ok(None);
        }
        let StoredActivity { id, at, actor, action, subject, .. } = activity;
        let names = ActivityNames { actor, action, subject };
        Ok(Some(activity_write(kind, id, at, names, body.into())))
    }
}
