//! What shoppers, operators and processors ask for.

use super::{Desk, answers, signed::Signed};
use crate::{
    application::{Action, Message},
    domain::Outcome,
    ports,
};
use axum::extract::State;
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
use web::{ApiResult, Caller, Json, NoContent, Path};

const EVENT_ID_BYTES_MAX: usize = 200;

pub(super) async fn show(
    State(desk): State<Desk>,
    caller: Caller,
    Path(id): Path<PaymentId>,
) -> ApiResult<Json<PaymentView>> {
    let payment = desk.payments.payment(ports::PaymentId(id.0)).await?;
    let payment = payment.ok_or_else(|| answers::not_found(id))?;
    Ok(Json(match caller.edge {
        Edge::Shop => PaymentView::Summary(answers::summary(id, &payment)?),
        Edge::Operator | Edge::Internal => {
            PaymentView::Whole(Box::new(answers::whole(id, &payment)?))
        }
    }))
}

pub(super) async fn act(
    State(desk): State<Desk>,
    Path(id): Path<PaymentId>,
    Json(action): Json<PaymentAction>,
) -> ApiResult<Json<PaymentSummary>> {
    let action = match action.outcome {
        ActionOutcome::Approve => Action::Approve,
        ActionOutcome::Decline => Action::Decline,
    };
    let payment = desk.payments.act(ports::PaymentId(id.0), action).await?;
    Ok(Json(answers::summary(id, &payment)?))
}

pub(super) async fn take_test_webhook(
    State(desk): State<Desk>,
    webhook: Signed<Webhook>,
) -> ApiResult<NoContent> {
    if !webhook.is_signed_with(&desk.test_key) {
        let title = format!("{SIGNATURE_HEADER} does not fit the body");
        return Err(Problem::new(401, codes::WRONG_SIGNATURE, title).into());
    }
    let Webhook { event_id, payment_id, outcome } = webhook.content().await?;
    if event_id.is_empty() || event_id.len() > EVENT_ID_BYTES_MAX {
        let message = format!("must be 1 to {EVENT_ID_BYTES_MAX} bytes");
        return Err(Problem::field("event_id", message).into());
    }
    let outcome = match outcome {
        WebhookOutcome::Authorised => Outcome::Authorised,
        WebhookOutcome::Declined => Outcome::Declined { reason: "declined".to_owned() },
    };
    let message = Message { id: event_id, payment: ports::PaymentId(payment_id.0), outcome };
    desk.payments.take_message(crate::TEST, &message).await?;
    Ok(NoContent)
}
