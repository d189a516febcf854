//! HTTP routes of payments: for shoppers, operators and processors.

mod public;
mod signed_body;

use super::signature::SigningKey;
use crate::application::Payments;
use std::sync::Arc;
use web::ApiRouter;
use web::routing::{get_with, post_with};

/// Path to which the test processor sends its webhooks.
pub(crate) const TEST_WEBHOOKS: &str = "/api/v1/webhooks/payments/test";

/// State that the handlers share.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) payments: Arc<Payments>,
    /// Key with which the test processor signs.
    pub(crate) test_key: SigningKey,
}

/// Routes of the service.
pub(crate) fn routes(app: AppState) -> ApiRouter {
    const TAG: &str = "Payments";
    ApiRouter::new()
        .api_route(
            "/api/v1/payments/{id}",
            get_with(public::show, |it| {
                let about =
                    "Operators see all of it; whoever else knows the id sees where it stands.";
                it.id("showPayment").summary("Get a payment").description(about).tag(TAG)
            }),
        )
        .api_route(
            "/api/v1/payments/{id}/action",
            post_with(public::apply_action, |it| {
                it.id("actOnPayment").summary("Submit the customer's action").tag(TAG)
            }),
        )
        .api_route(
            TEST_WEBHOOKS,
            post_with(public::handle_test_webhook, |it| {
                let about =
                    "Signed: `icommerce-signature: sha256=` and the HMAC-SHA-256 of the body.";
                it.id("takeTestWebhook")
                    .summary("Receive a webhook from the test processor")
                    .description(about)
                    .tag(TAG)
            }),
        )
        .with_state(app)
}
