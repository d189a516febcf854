//! The audit service's contract: who did what.

use kernel::{Cursor, Timestamp, Uuid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use transport::{CallError, Channel, Client};

/// Something somebody did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// Identity; a repeated one is stored once.
    pub id: Uuid,
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// Who: `guest`, `guest:<cart>`, `operator:<name>`, `system`.
    pub actor: String,
    /// Which door: `shop`, `operator`, `internal`.
    pub edge: String,
    /// What: `product.searched`, `product.listed`, `product.viewed`, `cart.line_added`, `order.confirmed`, …
    pub action: String,
    /// To what, such as `product:<id>`.
    pub subject: String,
    /// The rest, as facts.
    #[serde(default)]
    pub details: serde_json::Map<String, serde_json::Value>,
    /// The client's request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// The most activities of one batch.
pub const ACTIVITIES_MAX: usize = 512;

/// Activities to store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivityBatch {
    /// Who sends it.
    pub source: String,
    /// The activities, at most [`ACTIVITIES_MAX`].
    pub activities: Vec<Activity>,
    /// How many the source had to drop since its last batch.
    pub lost: u64,
}

/// Which activities.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// Who, whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// What, whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// To what, whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// From when, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Until when, exclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Items of the page, 1 to 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// Where to go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A page of activities, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditPage {
    /// The activities.
    pub items: Vec<Activity>,
    /// How many activities sources had to drop since the shop began.
    pub lost: u64,
    /// Where to go on.
    pub next_cursor: Option<Cursor>,
}

/// Speaks to the audit service.
#[derive(Clone, Debug)]
pub struct AuditClient(Client);

impl AuditClient {
    /// The service's name in the module table.
    pub const SERVICE: &'static str = "audit-service";

    /// A client over this transport.
    pub fn new(transport: Channel) -> Self {
        Self(Client::new(Self::SERVICE, transport))
    }

    /// Stores activities.
    pub async fn record(&self, batch: &ActivityBatch) -> Result<(), CallError> {
        self.0.post("/internal/v1/activities").json(batch).send_empty().await
    }
}
