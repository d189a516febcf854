//! Stored form of requests and notifications: JSON, whose fields are added to and never changed.

use crate::domain::{
    decision::{Kind, Request},
    log::{Log, LogEntry},
    notification::{Notification, State, StateName},
};
use bytes::Bytes;
use identifiers::{NotificationId, OrderId};
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use storage::{StorageError, StoredDocument};

/// Request, as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct StoredRequest {
    id: NotificationId,
    order: OrderId,
    kind: String,
    event_at: Timestamp,
}

/// Notification, as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct StoredNotification {
    #[serde(flatten)]
    request: StoredRequest,
    asked_at: Timestamp,
    state: String,
    /// When somebody has to look at it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due: Option<Timestamp>,
    changed_at: Timestamp,
    attempts: u32,
    copy: u32,
    log: Vec<StoredLogEntry>,
}

/// Entry of the log, as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct StoredLogEntry {
    at: Timestamp,
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Body of a request.
pub(super) fn request(request: &Request) -> Result<Bytes, StorageError> {
    body(&stored_request(request))
}

/// Body of a notification.
pub(super) fn notification(one: &Notification) -> Result<Bytes, StorageError> {
    let Notification { id, order, kind, event_at, .. } = *one;
    let entries = one.log.entries().iter().map(|entry| StoredLogEntry {
        at: entry.at,
        state: entry.state.as_str().to_owned(),
        reason: entry.reason.clone(),
    });
    body(&StoredNotification {
        request: stored_request(&Request { id, order, kind, event_at }),
        asked_at: one.asked_at,
        state: one.state.name().as_str().to_owned(),
        due: one.state.due(),
        changed_at: one.changed_at,
        attempts: one.attempts,
        copy: one.copy,
        log: entries.collect(),
    })
}

pub(super) fn decoded_request(document: &StoredDocument) -> Result<Request, StorageError> {
    let stored = serde_json::from_slice(&document.body).ok();
    stored.as_ref().and_then(of_request).ok_or_else(|| corrupt(document))
}

pub(super) fn decoded_notification(
    document: &StoredDocument,
) -> Result<Notification, StorageError> {
    let stored = serde_json::from_slice(&document.body).ok();
    stored.and_then(of_notification).ok_or_else(|| corrupt(document))
}

pub(super) fn corrupt(document: &StoredDocument) -> StorageError {
    StorageError::Corrupt(format!("the notification {} cannot be read", document.key))
}

fn stored_request(request: &Request) -> StoredRequest {
    let Request { id, order, kind, event_at } = *request;
    StoredRequest { id, order, kind: kind.name().to_owned(), event_at }
}

fn of_request(stored: &StoredRequest) -> Option<Request> {
    let StoredRequest { id, order, kind, event_at } = stored;
    let (id, order, event_at) = (*id, *order, *event_at);
    Some(Request { id, order, kind: Kind::of_name(kind)?, event_at })
}

fn of_notification(stored: StoredNotification) -> Option<Notification> {
    let StoredNotification { asked_at, changed_at, attempts, copy, .. } = stored;
    let Request { id, order, kind, event_at } = of_request(&stored.request)?;
    let state = match StateName::of_name(&stored.state)? {
        StateName::Pending => State::Pending { due: stored.due? },
        StateName::Sending => State::Sending { until: stored.due? },
        StateName::Delivered => State::Delivered,
        StateName::Failed => State::Failed,
        StateName::Suppressed => State::Suppressed,
    };
    let entry = |stored: StoredLogEntry| {
        let StoredLogEntry { at, state, reason } = stored;
        Some(LogEntry { at, state: StateName::of_name(&state)?, reason })
    };
    let log = Log::of(stored.log.into_iter().map(entry).collect::<Option<_>>()?);
    Some(Notification {
        id,
        order,
        kind,
        event_at,
        asked_at,
        state,
        changed_at,
        attempts,
        copy,
        log,
    })
}

fn body(value: &impl Serialize) -> Result<Bytes, StorageError> {
    let bytes = serde_json::to_vec(value);
    bytes.map(Into::into).map_err(|error| StorageError::Corrupt(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::notification::{Outcome, Retry};
    use kernel::Uuid;
    use std::time::Duration;

    const REQUEST: &str = r#"{"id":"00000000-0000-0000-0000-000000000001","order":"00000000-0000-0000-0000-000000000002","kind":"order_confirmed","event_at":"2026-11-30T12:00:00Z"}"#;
    const NOTIFICATION: &str = r#"{"id":"00000000-0000-0000-0000-000000000001","order":"00000000-0000-0000-0000-000000000002","kind":"order_confirmed","event_at":"2026-11-30T12:00:00Z","asked_at":"2026-11-30T12:00:00Z","state":"pending","due":"2026-11-30T12:00:05Z","changed_at":"2026-11-30T12:00:00Z","attempts":1,"copy":0,"log":[{"at":"2026-11-30T12:00:00Z","state":"pending"},{"at":"2026-11-30T12:00:00Z","state":"sending"},{"at":"2026-11-30T12:00:00Z","state":"pending","reason":"451 later"}]}"#;

    fn stored(body: &[u8]) -> StoredDocument {
        StoredDocument { key: "key".to_owned(), body: body.to_vec().into() }
    }

    #[test]
    fn what_is_stored_stays_readable_and_is_written_the_same() {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        let (id, order) = (NotificationId(Uuid::from_u128(1)), OrderId(Uuid::from_u128(2)));
        let asked = Request { id, order, kind: Kind::OrderConfirmed, event_at: now };
        assert_eq!(request(&asked).unwrap(), REQUEST);
        assert_eq!(decoded_request(&stored(REQUEST.as_bytes())).unwrap(), asked);
        let claimed = Notification::new(&asked, now).claim(now, Duration::from_mins(1)).unwrap();
        let retry = Retry { pause: Duration::from_secs(5), give_up_after: Duration::from_hours(1) };
        let later = claimed.ended(&Outcome::Postponed("451 later".to_owned()), now, retry);
        assert_eq!(notification(&later).unwrap(), NOTIFICATION);
        assert_eq!(decoded_notification(&stored(NOTIFICATION.as_bytes())).unwrap(), later);
        let sending = decoded_notification(&stored(&notification(&claimed).unwrap())).unwrap();
        assert_eq!(sending, claimed);
    }

    #[test]
    fn what_is_no_notification_is_corrupt() {
        let unknown = NOTIFICATION.replace("pending", "lost");
        for body in ["", "{}", &unknown, &NOTIFICATION.replace("order_confirmed", "order_eaten")] {
            let read = decoded_notification(&stored(body.as_bytes()));
            assert!(matches!(read, Err(StorageError::Corrupt(_))), "{body}");
        }
    }
}
