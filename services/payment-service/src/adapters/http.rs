//! HTTP routes of payments: for shoppers, operators and processors.

mod public;
mod signed_body;

use super::signature::SigningKey;
use crate::application::Payments;
use std::sync::Arc;
use web::{ApiRouter, routes};

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
    routes! {
        tag "Payments";
        /// Get a payment
        ///
        /// Operators see all of it; whoever else knows the id sees where it stands.
        get "/api/v1/payments/{id}" => public::show as showPayment;
        /// Submit the customer's action
        post "/api/v1/payments/{id}/action" => public::apply_action as actOnPayment;
        /// Receive a webhook from the test processor
        ///
        /// Signed: `icommerce-signature: sha256=` and the HMAC-SHA-256 of the body.
        post TEST_WEBHOOKS => public::handle_test_webhook as takeTestWebhook;
    }
    .with_state(app)
}
