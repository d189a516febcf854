//! The routes of the audit service.

use crate::application::{Filter, Place, Trail};
use contracts::audit::{ACTIVITIES_MAX, Activity, ActivityBatch, AuditPage, AuditQuery};
use kernel::{Cursor, FieldError, Problem, Timestamp, Uuid, codes};
use std::sync::Arc;
use storage::StorageError;
use web::{
    ApiResult, ApiRouter, Json, NoContent, Paging, Query,
    routing::{get_with, post_with},
};

/// The largest batch, in bytes.
const BATCH_BYTES_MAX: usize = 4 << 20;
/// The longest name in an activity: of an actor, an action, a subject.
const NAME_BYTES_MAX: usize = 300;
/// The most facts of an activity, in bytes.
const DETAILS_BYTES_MAX: usize = 32 << 10;

pub(crate) fn routes(trail: &Arc<Trail>) -> ApiRouter {
    let (reading, writing) = (Arc::clone(trail), Arc::clone(trail));
    let list = move |Query(query): Query<AuditQuery>| {
        let trail = Arc::clone(&reading);
        async move { ApiResult::Ok(Json(page(&trail, query).await?)) }
    };
    let record = move |Json(batch): Json<ActivityBatch>| {
        let trail = Arc::clone(&writing);
        async move {
            check(&batch)?;
            trail.record(&batch).await.map_err(|error| failed(&error))?;
            ApiResult::Ok(NoContent)
        }
    };
    ApiRouter::new()
        .api_route(
            "/api/v1/audit",
            get_with(list, |operation| {
                operation.id("listActivities").summary("Who did what, newest first").tag("Audit")
            }),
        )
        .api_route(
            "/internal/v1/activities",
            web::body_limit(
                post_with(record, |operation| operation.summary("Stores activities").tag("Audit")),
                BATCH_BYTES_MAX,
            ),
        )
}

async fn page(trail: &Trail, query: AuditQuery) -> Result<AuditPage, Problem> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (limit, cursor) = (given(query.limit), given(query.cursor));
    let paging = Paging::new(limit, cursor.map(Cursor::from));
    let filter = Filter {
        actor: given(query.actor),
        action: given(query.action),
        subject: given(query.subject),
        from: time("from", given(query.from))?,
        until: time("to", given(query.to))?,
    };
    if let (Some(from), Some(to)) = (filter.from, filter.until)
        && from > to
    {
        return Err(refused("to", "is before from"));
    }
    let list = list_of(&filter);
    let after: Option<Place> = paging.position(&list)?;
    let limit = paging.limit()?.get();
    let page = trail.page(&filter, after, limit).await.map_err(|error| failed(&error))?;
    let next_cursor = page.next.map(|place| Cursor::encode(&list, &place));
    Ok(AuditPage { items: page.activities, lost: page.lost, next_cursor })
}

/// The name of the list in its cursors: the cursor of one filter is not that of another.
fn list_of(filter: &Filter) -> String {
    let Filter { actor, action, subject, .. } = filter;
    let names = [actor, action, subject].map(|name| name.as_deref().unwrap_or_default());
    format!("audit {}", Uuid::new_v5(&Uuid::nil(), names.join("\n").as_bytes()))
}

fn time(parameter: &str, text: Option<String>) -> Result<Option<Timestamp>, Problem> {
    let parsed = text.map(|text| text.parse()).transpose();
    parsed.map_err(|_| refused(parameter, "is not a time such as 2026-11-22T09:30:00Z"))
}

fn refused(parameter: &str, message: &str) -> Problem {
    let mut problem = Problem::new(400, codes::INVALID_QUERY, format!("{parameter} {message}"));
    problem.errors.push(FieldError { field: parameter.to_owned(), message: message.to_owned() });
    problem
}

fn check(batch: &ActivityBatch) -> Result<(), Problem> {
    if batch.activities.len() > ACTIVITIES_MAX {
        let message = format!("has more than {ACTIVITIES_MAX} activities");
        return Err(Problem::field("activities", message));
    }
    check_name("source", &batch.source)?;
    batch
        .activities
        .iter()
        .enumerate()
        .try_for_each(|(index, activity)| check_activity(index, activity))
}

fn check_activity(index: usize, activity: &Activity) -> Result<(), Problem> {
    let names = [
        ("actor", Some(&activity.actor)),
        ("edge", Some(&activity.edge)),
        ("action", Some(&activity.action)),
        ("subject", Some(&activity.subject)),
        ("request_id", activity.request_id.as_ref()),
    ];
    for (field, name) in names {
        if let Some(name) = name {
            check_name(&format!("activities[{index}].{field}"), name)?;
        }
    }
    let details = serde_json::to_vec(&activity.details).map_or(0, |details| details.len());
    if details > DETAILS_BYTES_MAX {
        let message = format!("is more than {DETAILS_BYTES_MAX} bytes");
        return Err(Problem::field(format!("activities[{index}].details"), message));
    }
    Ok(())
}

fn check_name(field: &str, name: &str) -> Result<(), Problem> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Err(Problem::field(
            field,
            format!("is empty or longer than {NAME_BYTES_MAX} bytes"),
        ));
    }
    Ok(())
}

fn failed(error: &StorageError) -> Problem {
    tracing::warn!(%error, "the trail of activities cannot be reached");
    match error {
        StorageError::Full => {
            let title = "the disk is nearly full: activities are shown, but no more are stored";
            Problem::new(503, codes::STORAGE_FULL, title).retry_after(60)
        }
        _ => Problem::unavailable(crate::NAME),
    }
}
