//! Payments over HTTP: for the order service, for shoppers who must act, for operators, for processors.

mod answers;
mod public;
mod selling;
mod signed;

use super::signature::SigningKey;
use crate::application::Payments;
use std::sync::Arc;
use web::ApiRouter;
use web::routing::{get_with, post_with, put_with};

/// Where the test processor sends its webhooks.
pub(crate) const TEST_WEBHOOKS: &str = "/api/v1/webhooks/payments/test";

/// What handlers work with.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) payments: Arc<Payments>,
    /// What the test processor signs with.
    pub(crate) test_key: SigningKey,
}

/// The routes of the service.
pub(crate) fn routes(desk: Desk) -> ApiRouter {
    public_routes().merge(internal_routes()).with_state(desk)
}

fn public_routes() -> ApiRouter<Desk> {
    const TAG: &str = "Payments";
    ApiRouter::new()
        .api_route(
            "/api/v1/payments/{id}",
            get_with(public::show, |it| {
                let about =
                    "Operators see all of it; whoever else knows the id sees where it stands.";
                it.id("showPayment").summary("A payment as it stands").description(about).tag(TAG)
            }),
        )
        .api_route(
            "/api/v1/payments/{id}/action",
            post_with(public::act, |it| {
                it.id("actOnPayment").summary("What the customer did").tag(TAG)
            }),
        )
        .api_route(
            TEST_WEBHOOKS,
            post_with(public::take_test_webhook, |it| {
                let about =
                    "Signed: `icommerce-signature: sha256=` and the HMAC-SHA-256 of the body.";
                it.id("takeTestWebhook")
                    .summary("The test processor's webhook")
                    .description(about)
                    .tag(TAG)
            }),
        )
}

fn internal_routes() -> ApiRouter<Desk> {
    const TAG: &str = "Payments";
    ApiRouter::new()
        .api_route(
            "/internal/v1/payments/{id}",
            put_with(selling::authorise, |it| it.summary("Set money aside").tag(TAG)),
        )
        .api_route(
            "/internal/v1/payments/{id}/captures/{reference}",
            put_with(selling::capture, |it| it.summary("Take money").tag(TAG)),
        )
        .api_route(
            "/internal/v1/payments/{id}/cancellation",
            put_with(selling::cancel, |it| it.summary("Undo a payment").tag(TAG)),
        )
        .api_route(
            "/internal/v1/payments/{id}/refunds/{refund_id}",
            put_with(selling::refund, |it| it.summary("Give money back").tag(TAG)),
        )
}
