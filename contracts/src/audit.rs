//! Contract of the audit service: log of activities.

use identifiers::ActivityId;
use kernel::{Cursor, PageLimit, Timestamp};
use rpc::contract;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The service's name in the module table.
pub const SERVICE: &str = "audit-service";

/// Activity: an action of an actor on a subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// Identity; a repeated one is stored once.
    pub id: ActivityId,
    /// Time.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// Actor: `guest`, `guest:<digest of a cart's id>`, `account:<id>`, `client:<id>`, `operator`, `operator:<name>`, `system`.
    pub actor: String,
    /// Edge: `shop`, `operator`, `internal`.
    pub edge: String,
    /// Address of the client; of operators only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// User agent that the client named, shortened; of operators only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Action: `product.searched`, `product.listed`, `product.viewed`, `cart.line_added`, `order.confirmed`, …
    pub action: String,
    /// Subject, such as `product:<id>`. In place of an id by which a guest may see a cart, an order or a payment stands its
    /// digest, as in `order:digest-0123456789abcdef`.
    pub subject: String,
    /// Further facts.
    #[serde(default)]
    pub details: serde_json::Map<String, serde_json::Value>,
    /// Id of the client's request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// Maximum number of activities of one batch.
pub const ACTIVITIES_MAX: usize = 512;

/// Batch of activities to store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivityBatch {
    /// Name of the sending service.
    pub source: String,
    /// The activities, at most [`ACTIVITIES_MAX`].
    pub activities: Vec<Activity>,
    /// Number of activities that the source dropped since its last batch.
    pub lost: u64,
}

/// Filter of activities, and page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// Actor, exact match; `guest:<cart id>` also finds the digest of that cart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Action, exact match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Subject, exact match; `order:<id>` also finds the digest of that order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Earliest time, inclusive (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub from: Option<String>,
    /// Latest time, exclusive (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub to: Option<String>,
    /// Items of the page, 1 to 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<PageLimit>")]
    pub limit: Option<String>,
    /// Cursor of the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A page of activities, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditPage {
    /// The activities.
    pub items: Vec<Activity>,
    /// Total number of activities that sources dropped.
    pub lost: u64,
    /// Cursor of the next page.
    pub next_cursor: Option<Cursor>,
}

contract! {
    /// Contract of the audit service towards those whose activities it keeps.
    pub trait Audit in (SERVICE) {
        /// Stores activities, each once by its id. Sent once: `lost` of a repeated batch without activities would count
        /// twice.
        once fn record(batch: ActivityBatch) -> ();
    }
}
