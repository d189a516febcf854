//! Replay of the responses of cart commands: a cart is rendered again from its id and version.

use super::http::access;
use crate::application::cart_service::CartService;
use async_trait::async_trait;
use axum::response::{IntoResponse, Response};
use contracts::cart::Cart;
use http::StatusCode;
use kernel::{Problem, prefixed_id};
use std::sync::Arc;
use web::{ByReference, Created, Json, ReplayReference, ReplayRenderer, Versioned};

/// Renderer of carts: with the lines and quantities of the version, at prices as of now.
#[derive(Debug)]
pub(crate) struct CartRenderer(pub(crate) Arc<CartService>);

#[async_trait]
impl ReplayRenderer for CartRenderer {
    async fn render(
        &self,
        reference: ReplayReference,
        status: StatusCode,
    ) -> Result<Response, Problem> {
        let cart = self.0.cart_at(reference.id.into(), reference.version, access()).await?;
        Ok(if status == StatusCode::CREATED {
            created(cart).into_response()
        } else {
            changed(cart).into_response()
        })
    }
}

/// Response to the creation of a cart.
pub(crate) fn created(cart: Cart) -> ByReference<Versioned<Created<Cart>>> {
    let location = prefixed_id("/api/v1/carts/", cart.id);
    let (reference, version) = (reference(&cart), cart.version);
    let answer = Versioned { version, answer: Created::at(location, cart) };
    ByReference { reference, answer }
}

/// Response to a change of a cart.
pub(crate) fn changed(cart: Cart) -> ByReference<Versioned<Json<Cart>>> {
    let (reference, version) = (reference(&cart), cart.version);
    ByReference { reference, answer: Versioned { version, answer: Json(cart) } }
}

fn reference(cart: &Cart) -> ReplayReference {
    ReplayReference { id: cart.id.into(), version: cart.version }
}
