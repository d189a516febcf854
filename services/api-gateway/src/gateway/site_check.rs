//! Check of the site whose page a client shows.

use super::{Gateway, RequestInfo};
use crate::csrf;
use axum::http::request::Parts;
use kernel::{Problem, codes};
use transport::Edge;

const CROSS_SITE: &str = "pages of other sites may not do this; send the request from a program, or allow the site in the setting cors_origins";

impl Gateway {
    /// Refuses a change that a page of another site asks for, unless it may.
    pub(super) fn check_site(&self, info: &RequestInfo<'_>, head: &Parts) -> Result<(), Problem> {
        let forwarded_host = info.client.forwarded_host();
        if !csrf::is_cross_site_write(&head.method, &head.headers, forwarded_host) {
            return Ok(());
        }
        let is_shop = info.edge.edge == Edge::Shop;
        if is_shop && self.cors.allowed_origin(&head.headers).is_some() {
            return Ok(());
        }
        Err(Problem::of(codes::FORBIDDEN, CROSS_SITE))
    }
}
