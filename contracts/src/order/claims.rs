//! Claims: a customer who ordered as a guest adds the order to the account, by a link to the e-mail address of the order.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Request for the link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderClaim {
    /// The order's number, with or without a leading `#`; spaces do not count.
    pub number: String,
    /// The e-mail address that the order was placed with, in upper or lower case.
    pub email: String,
    /// Language of the mail, as a tag such as `de`; English by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// Link that was mailed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderClaimLink {
    /// Secret of the link.
    pub token: String,
}

impl fmt::Debug for OrderClaimLink {
    /// Without the secret.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("OrderClaimLink").finish_non_exhaustive()
    }
}
