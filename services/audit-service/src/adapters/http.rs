//! HTTP routes: activity search for operators.

mod actions;

use crate::application::{ActivityCursor, ActivityFilter, AuditLog};
use contracts::audit::{AuditPage, AuditQuery};
use kernel::{Cursor, Problem, Timestamp, Uuid, codes};
use std::sync::Arc;
use web::{ApiResult, ApiRouter, Json, Paging, Query, routes};

pub(crate) fn routes(audit_log: Arc<AuditLog>) -> ApiRouter {
    let list = async move |Query(query): Query<AuditQuery>| {
        ApiResult::Ok(Json(page(&audit_log, query).await?))
    };
    routes! {
        tag "Audit";
        /// List activities, newest first
        get "/api/v1/audit" => list as listActivities;
    }
}

async fn page(audit_log: &AuditLog, query: AuditQuery) -> Result<AuditPage, Problem> {
    let non_empty = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (limit, cursor) = (non_empty(query.limit), non_empty(query.cursor));
    let paging = Paging::new(limit, cursor.map(Cursor::from));
    let filter = ActivityFilter {
        actor: non_empty(query.actor),
        action: non_empty(query.action).map(actions::known).transpose()?,
        subject: non_empty(query.subject),
        from: parse_time("from", non_empty(query.from))?,
        until: parse_time("to", non_empty(query.to))?,
        ..ActivityFilter::default()
    };
    if let (Some(from), Some(to)) = (filter.from, filter.until)
        && from > to
    {
        return Err(Problem::input(codes::INVALID_QUERY, "to", "is before from"));
    }
    let list = list_name(&filter);
    let after: Option<ActivityCursor> = paging.position(&list)?;
    let limit = paging.limit()?.get();
    let page = audit_log.page(filter, after, limit).await?;
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
        let message = "is not a timestamp such as 2026-11-22T09:30:00Z";
        Problem::input(codes::INVALID_QUERY, parameter, message)
    })
}
