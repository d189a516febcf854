//! Instances within messages between peers, which are not wrapped.

use super::{Detail, json::InstanceJson};
use crate::domain::instance::{Instance, LeaseTimes, LeasedInstance};
use serde_json::Value;
use std::sync::Arc;

/// An instance as a JSON object.
pub(crate) fn instance_value(instance: Instance, times: LeaseTimes) -> Value {
    let leased = LeasedInstance { instance: Arc::new(instance), times };
    // Maps with texts as keys, texts and numbers can always be written.
    serde_json::to_value(InstanceJson::new(&leased, Detail::Full)).unwrap_or_default()
}
