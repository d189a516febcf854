//! Public operations, for shoppers, operators and processors.

use super::{AppState, signed_body::SignedBody};
use crate::{
    adapters::view,
    application::{CustomerAction, WebhookMessage},
    domain::AuthorisationOutcome,
};
use contracts::{
    codes,
    payment::{
        ActionOutcome, PaymentAction, PaymentSummary, PaymentView, SIGNATURE_HEADER, Webhook,
        WebhookOutcome,
    },
    shared::PaymentId,
};
use kernel::Problem;
use transport::Edge;
use web::{ApiResult, Caller, Json, NoContent, Path, State};

const EVENT_ID_BYTES_MAX: usize = 200;

pub(super) async fn show(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<PaymentId>,
) -> ApiResult<Json<PaymentView>> {
    let payment = app.payments.payment(id).await?;
    let payment = payment.ok_or_else(|| view::not_found(id))?;
    Ok(Json(match caller.edge {
        Edge::Shop => PaymentView::Summary(view::summary(id, &payment)?),
        Edge::Operator | Edge::Internal => PaymentView::Whole(Box::new(view::full(id, &payment)?)),
    }))
}

pub(super) async fn apply_action(
    State(app): State<AppState>,
    Path(id): Path<PaymentId>,
    Json(action): Json<PaymentAction>,
) -> ApiResult<Json<PaymentSummary>> {
    let action = match action.outcome {
        ActionOutcome::Approve => CustomerAction::Approve,
        ActionOutcome::Decline => CustomerAction::Decline,
    };
    let payment = app.payments.apply_customer_action(id, action).await?;
    Ok(Json(view::summary(id, &payment)?))
}

pub(super) async fn handle_test_webhook(
    State(app): State<AppState>,
    webhook: SignedBody<Webhook>,
) -> ApiResult<NoContent> {
    if !webhook.is_signed_with(&app.test_key) {
        let title = format!("{SIGNATURE_HEADER} does not match the body");
        return Err(Problem::of(codes::WRONG_SIGNATURE, title).into());
    }
    let Webhook { event_id, payment_id, outcome } = webhook.parse().await?;
    if event_id.is_empty() || event_id.len() > EVENT_ID_BYTES_MAX {
        let message = format!("must be 1 to {EVENT_ID_BYTES_MAX} bytes");
        return Err(Problem::field("event_id", message).into());
    }
    let outcome = match outcome {
        WebhookOutcome::Authorised => AuthorisationOutcome::Authorised,
        WebhookOutcome::Declined => {
            AuthorisationOutcome::Declined { reason: "declined".to_owned() }
        }
    };
    let message = WebhookMessage { id: event_id, payment: payment_id, outcome };
    app.payments.handle_webhook(crate::TEST, &message).await?;
    Ok(NoContent)
}
