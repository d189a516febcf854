//! Replay of the responses of order operations: an order is rendered again from its id and version.

use super::{customer_access::check_customer, view};
use crate::application::orders::{Orders, VersionedOrder};
use async_trait::async_trait;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use contracts::order::Order;
use kernel::{Problem, prefixed_id};
use std::sync::Arc;
use web::{ByReference, Caller, Created, Json, ReplayReference, ReplayRenderer};

/// Renderer of orders, as they were at their version.
pub(crate) struct OrderRenderer(pub(crate) Arc<Orders>);

#[async_trait]
impl ReplayRenderer for OrderRenderer {
    async fn render(
        &self,
        reference: ReplayReference,
        status: StatusCode,
    ) -> Result<Response, Problem> {
        let id = reference.id.into();
        // Whose it is now: a guest's order may have been claimed since.
        if let Some(present) = self.0.find(id).await? {
            check_customer(&Caller::current(), &present)?;
        }
        let found = self.0.at_version(id, reference.version).await?;
        Ok(if status == StatusCode::CREATED {
            created(&found).into_response()
        } else {
            changed(&found).into_response()
        })
    }
}

impl std::fmt::Debug for OrderRenderer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("OrderRenderer")
    }
}

/// Response with an order that the request created, or to which it added something.
pub(crate) fn created(found: &VersionedOrder) -> ByReference<Created<Order>> {
    let answer = Created::at(prefixed_id("/api/v1/orders/", found.id), view::order(found));
    ByReference { reference: reference(found), answer }
}

/// Response with an order that the request changed.
pub(crate) fn changed(found: &VersionedOrder) -> ByReference<Json<Order>> {
    ByReference { reference: reference(found), answer: Json(view::order(found)) }
}

fn reference(found: &VersionedOrder) -> ReplayReference {
    ReplayReference { id: found.id.into(), version: found.version }
}
