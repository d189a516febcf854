//! Provider of the audit contract: batches of activities that other services observed.

use crate::application::AuditLog;
use async_trait::async_trait;
use contracts::audit::{ACTIVITIES_MAX, Activity, ActivityBatch, Audit};
use kernel::Problem;
use rpc::CallError;
use std::sync::Arc;

/// Upper bound of a name in an activity (actor, action, subject), in bytes.
const NAME_BYTES_MAX: usize = 300;
/// Upper bound of the details of an activity, in bytes.
const DETAILS_BYTES_MAX: usize = 32 << 10;

/// Provider of [`Audit`] over the audit log.
#[derive(Debug)]
pub(crate) struct AuditProvider(pub(crate) Arc<AuditLog>);

#[async_trait]
impl Audit for AuditProvider {
    async fn record(&self, batch: ActivityBatch) -> Result<(), CallError> {
        validate(&batch)?;
        Ok(self.0.record(&batch).await.map_err(Problem::from)?)
    }
}

fn validate(batch: &ActivityBatch) -> Result<(), Problem> {
    if batch.activities.len() > ACTIVITIES_MAX {
        let message = format!("has more than {ACTIVITIES_MAX} activities");
        return Err(Problem::field("activities", message));
    }
    validate_name("source", &batch.source)?;
    batch
        .activities
        .iter()
        .enumerate()
        .try_for_each(|(index, activity)| validate_activity(index, activity))
}

fn validate_activity(index: usize, activity: &Activity) -> Result<(), Problem> {
    let names = [
        ("actor", Some(&activity.actor)),
        ("edge", Some(&activity.edge)),
        ("action", Some(&activity.action)),
        ("subject", Some(&activity.subject)),
        ("address", activity.address.as_ref()),
        ("user_agent", activity.user_agent.as_ref()),
        ("request_id", activity.request_id.as_ref()),
    ];
    for (field, name) in names {
        if let Some(name) = name {
            validate_name(&format!("activities[{index}].{field}"), name)?;
        }
    }
    let details = serde_json::to_vec(&activity.details).expect("a JSON object can be written");
    if details.len() > DETAILS_BYTES_MAX {
        let message = format!("is more than {DETAILS_BYTES_MAX} bytes");
        return Err(Problem::field(format!("activities[{index}].details"), message));
    }
    Ok(())
}

fn validate_name(field: &str, name: &str) -> Result<(), Problem> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Err(Problem::field(
            field,
            format!("is empty or longer than {NAME_BYTES_MAX} bytes"),
        ));
    }
    Ok(())
}
