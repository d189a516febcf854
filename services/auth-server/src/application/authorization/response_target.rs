//! Target of an authorization response: where it goes, whatever it is (RFC 6749, section 4.1.2).

use crate::domain::events::{ClientId, TokenAlgorithm};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Way in which the response reaches the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ResponseMode {
    #[default]
    Query,
    Fragment,
    FormPost,
}

/// Where the response to a request goes, whatever it is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResponseTarget {
    pub(crate) redirect_uri: String,
    pub(crate) mode: ResponseMode,
    pub(crate) state: Option<String>,
    /// Whether and how the response is signed (JARM).
    pub(crate) signature: Option<ResponseSignature>,
    /// Whether the client registered itself, so that nobody vouches for its address.
    pub(crate) is_self_registered: bool,
}

/// Signature of a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResponseSignature {
    /// Audience of the signed response.
    pub(crate) client: ClientId,
    pub(crate) algorithm: TokenAlgorithm,
}

impl fmt::Debug for ResponseTarget {
    /// Without the state, which may be a secret of the client and the browser.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ResponseTarget")
            .field("redirect_uri", &self.redirect_uri)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
