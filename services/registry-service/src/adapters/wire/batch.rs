//! Batches of replicated changes, and the answers to them. Neither is wrapped.

use super::{instance_reader, json_value::instance_value};
use crate::domain::{
    instance::LeaseTimes,
    replication::{PeerAnswer, ReplicatedAction, ReplicatedChange},
    status::InstanceStatus,
};
use serde_json::{Map, Value, json};

/// Changes of one batch that are taken.
pub(crate) const CHANGES_MAX: usize = 10_000;

const ACTIONS: [(ReplicatedAction, &str); 5] = [
    (ReplicatedAction::Register, "Register"),
    (ReplicatedAction::Heartbeat, "Heartbeat"),
    (ReplicatedAction::Cancel, "Cancel"),
    (ReplicatedAction::StatusUpdate, "StatusUpdate"),
    (ReplicatedAction::DeleteStatusOverride, "DeleteStatusOverride"),
];

/// Batch of these changes.
pub(crate) fn write_batch<'a>(changes: impl Iterator<Item = &'a ReplicatedChange>) -> Vec<u8> {
    let list: Vec<Value> = changes.map(change_value).collect();
    json!({ "replicationList": list }).to_string().into_bytes()
}

fn change_value(change: &ReplicatedChange) -> Value {
    let name = ACTIONS.iter().find(|(action, _)| *action == change.action).map(|(_, name)| name);
    let mut members = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            members.insert(key.to_owned(), value);
        }
    };
    put("appName", Some(change.app.clone().into()));
    put("id", Some(change.id.clone().into()));
    put("lastDirtyTimestamp", change.last_dirty_ms.map(Value::from));
    put("overriddenStatus", change.overridden.map(|it| it.name().into()));
    put("status", change.status.map(|it| it.name().into()));
    let instance = change.instance.clone();
    put("instanceInfo", instance.map(|it| instance_value(it, LeaseTimes::default())));
    put("action", name.map(|name| (*name).into()));
    Value::Object(members)
}

/// Changes of a batch, in their order: `None` in the place of one that cannot be read.
pub(crate) fn read_batch(body: &[u8], lease_seconds: u32) -> Option<Vec<Option<ReplicatedChange>>> {
    let root: Value = serde_json::from_slice(body).ok()?;
    let list = root.get("replicationList")?.as_array()?;
    Some(list.iter().take(CHANGES_MAX).map(|value| read_change(value, lease_seconds)).collect())
}

fn read_change(value: &Value, lease_seconds: u32) -> Option<ReplicatedChange> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let status = |name: &str| {
        text(name).map(|it| InstanceStatus::parse(it).unwrap_or(InstanceStatus::Unknown))
    };
    let action = text("action")?;
    let (action, _) = ACTIONS.into_iter().find(|(_, name)| *name == action)?;
    let dirty = value.get("lastDirtyTimestamp");
    let instance = value.get("instanceInfo").filter(|it| !it.is_null());
    let instance = instance.map(|it| instance_reader::from_value(it, None, lease_seconds));
    Some(ReplicatedChange {
        action,
        app: text("appName")?.to_uppercase(),
        id: text("id")?.to_owned(),
        last_dirty_ms: dirty.and_then(|it| it.as_u64().or_else(|| it.as_str()?.parse().ok())),
        status: status("status"),
        overridden: status("overriddenStatus"),
        instance: instance.transpose().ok()?,
    })
}

/// Answers to the changes of a batch, in their order.
pub(crate) fn write_answers(answers: Vec<PeerAnswer>) -> Vec<u8> {
    let list: Vec<Value> = answers
        .into_iter()
        .map(|PeerAnswer { status, entity }| match entity {
            Some(entity) => json!({
                "statusCode": status,
                "responseEntity": instance_value(entity, LeaseTimes::default()),
            }),
            None => json!({ "statusCode": status }),
        })
        .collect();
    json!({ "responseList": list }).to_string().into_bytes()
}

/// Answers to a batch.
pub(crate) fn read_answers(body: &[u8], lease_seconds: u32) -> Option<Vec<PeerAnswer>> {
    let root: Value = serde_json::from_slice(body).ok()?;
    let answers = root.get("responseList")?.as_array()?.iter().map(|value| {
        let status = value.get("statusCode")?.as_u64()?;
        let entity = value.get("responseEntity").filter(|it| it.is_object());
        let entity = entity.map(|it| instance_reader::from_value(it, None, lease_seconds));
        let entity = entity.and_then(Result::ok);
        Some(PeerAnswer { status: u16::try_from(status).ok()?, entity })
    });
    answers.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instance::{Instance, samples};

    #[test]
    fn a_batch_is_read_as_it_was_written() {
        let instance = samples::instance("ORDERS", "a:orders:1", 7);
        let change = |action, instance: Option<Instance>| ReplicatedChange {
            action,
            app: "ORDERS".to_owned(),
            id: "a:orders:1".to_owned(),
            last_dirty_ms: Some(7),
            status: Some(InstanceStatus::Up),
            overridden: Some(InstanceStatus::Unknown),
            instance,
        };
        let changes = [
            change(ReplicatedAction::Heartbeat, Some(instance.clone())),
            change(ReplicatedAction::Cancel, None),
        ];
        let body = write_batch(changes.iter());
        let read: Option<Vec<_>> = read_batch(&body, 90).unwrap().into_iter().collect();
        assert_eq!(read.unwrap(), changes);
        let answers = vec![
            PeerAnswer { status: 409, entity: Some(instance) },
            PeerAnswer { status: 200, entity: None },
        ];
        let body = write_answers(answers.clone());
        assert_eq!(read_answers(&body, 90), Some(answers));
    }

    #[test]
    fn one_unreadable_change_spoils_no_other() {
        let body = br#"{"replicationList":[{"appName":"A","id":"a","action":"Dance"},
            {"appName":"a","id":"a","action":"Cancel"}]}"#;
        let read = read_batch(body, 90).unwrap();
        assert!(read[0].is_none());
        assert_eq!(read[1].as_ref().map(|it| &*it.app), Some("A"));
        assert!(read_batch(b"{}", 90).is_none() && read_batch(b"no", 90).is_none());
    }
}
