//! HTTP routes: activity search for operators, batch ingestion for services.

use crate::application::{ActivityCursor, ActivityFilter, AuditLog};
use contracts::audit::{ACTIVITIES_MAX, Activity, ActivityBatch, AuditPage, AuditQuery};
use kernel::{Cursor, FieldError, Problem, Timestamp, Uuid, codes};
use std::sync::Arc;
use storage::StorageError;
use web::{
    ApiResult, ApiRouter, Json, NoContent, Paging, Query,
    routing::{get_with, post_with},
};

/// Upper bound of a batch, in bytes.
const BATCH_BYTES_MAX: usize = 4 << 20;
/// Upper bound of a name in an activity (actor, action, subject), in bytes.
const NAME_BYTES_MAX: usize = 300;
/// Upper bound of the details of an activity, in bytes.
const DETAILS_BYTES_MAX: usize = 32 << 10;

pub(crate) fn routes(audit_log: &Arc<AuditLog>) -> ApiRouter {
    let (reading, writing) = (Arc::clone(audit_log), Arc::clone(audit_log));
    let list = move |Query(query): Query<AuditQuery>| {
        let audit_log = Arc::clone(&reading);
        async move { ApiResult::Ok(Json(page(&audit_log, query).await?)) }
    };
    let record = move |Json(batch): Json<ActivityBatch>| {
        let audit_log = Arc::clone(&writing);
        async move {
            validate(&batch)?;
            audit_log.record(&batch).await.map_err(|error| storage_problem(&error))?;
            ApiResult::Ok(NoContent)
        }
    };
    ApiRouter::new()
        .api_route(
            "/api/v1/audit",
            get_with(list, |operation| {
                operation.id("listActivities").summary("List activities, newest first").tag("Audit")
            }),
        )
        .api_route(
            "/internal/v1/activities",
            web::body_limit(
                post_with(record, |operation| operation.summary("Record activities").tag("Audit")),
                BATCH_BYTES_MAX,
            ),
        )
}

async fn page(audit_log: &AuditLog, query: AuditQuery) -> Result<AuditPage, Problem> {
    let non_empty = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (limit, cursor) = (non_empty(query.limit), non_empty(query.cursor));
    let paging = Paging::new(limit, cursor.map(Cursor::from));
    let filter = ActivityFilter {
        actor: non_empty(query.actor),
        action: non_empty(query.action),
        subject: non_empty(query.subject),
        from: parse_time("from", non_empty(query.from))?,
        until: parse_time("to", non_empty(query.to))?,
    };
    if let (Some(from), Some(to)) = (filter.from, filter.until)
        && from > to
    {
        return Err(invalid_parameter("to", "is before from"));
    }
    let list = list_name(&filter);
    let after: Option<ActivityCursor> = paging.position(&list)?;
    let limit = paging.limit()?.get();
    let page =
        audit_log.page(&filter, after, limit).await.map_err(|error| storage_problem(&error))?;
    let next_cursor = page.next.map(|position| Cursor::encode(&list, &position));
    Ok(AuditPage { items: page.activities, lost: page.lost, next_cursor })
}

/// List name bound into cursors: a cursor of one filter is invalid for another.
fn list_name(filter: &ActivityFilter) -> String {
    let ActivityFilter { actor, action, subject, .. } = filter;
    let names = [actor, action, subject].map(|name| name.as_deref().unwrap_or_default());
    format!("audit {}", Uuid::new_v5(&Uuid::nil(), names.join("\n").as_bytes()))
}

fn parse_time(parameter: &str, text: Option<String>) -> Result<Option<Timestamp>, Problem> {
    let parsed = text.map(|text| text.parse()).transpose();
    parsed.map_err(|_| {
        invalid_parameter(parameter, "is not a timestamp such as 2026-11-22T09:30:00Z")
    })
}

fn invalid_parameter(parameter: &str, message: &str) -> Problem {
    let mut problem = Problem::new(400, codes::INVALID_QUERY, format!("{parameter} {message}"));
    problem.errors.push(FieldError { field: parameter.to_owned(), message: message.to_owned() });
    problem
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
        ("request_id", activity.request_id.as_ref()),
    ];
    for (field, name) in names {
        if let Some(name) = name {
            validate_name(&format!("activities[{index}].{field}"), name)?;
        }
    }
    let details = serde_json::to_vec(&activity.details).map_or(0, |details| details.len());
    if details > DETAILS_BYTES_MAX {
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

fn storage_problem(error: &StorageError) -> Problem {
    tracing::warn!(%error, "audit storage failed");
    match error {
        StorageError::Full => {
            let title = "the disk is nearly full: activities can be read but not recorded";
            Problem::new(503, codes::STORAGE_FULL, title).retry_after(60)
        }
        _ => Problem::unavailable(crate::NAME),
    }
}
