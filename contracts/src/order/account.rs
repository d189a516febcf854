//! Orders of an account, as its customer asks for them.

use kernel::{Cursor, PageLimit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Page of the orders of the customer who is signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountOrderQuery {
    /// Items of the page, 1 to 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<PageLimit>")]
    pub limit: Option<String>,
    /// Cursor of the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
}
