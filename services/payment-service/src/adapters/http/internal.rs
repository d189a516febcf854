//! Internal operations, for the order service.

use super::{AppState, responses};
use crate::{application::NewPayment, domain, ports};
use axum::extract::State;
use contracts::{
    cart::ForOrder,
    payment::{Authorisation, Capture, Payment, Refund},
    shared::{PaymentId, RefundId},
};
use kernel::Problem;
use web::{ApiResult, Json, NoContent, Path};

const REFERENCE_BYTES_MAX: usize = 200;
const REASON_BYTES_MAX: usize = 500;

pub(super) async fn authorise(
    State(app): State<AppState>,
    Path(id): Path<PaymentId>,
    Json(authorisation): Json<Authorisation>,
) -> ApiResult<Json<Payment>> {
    let Authorisation { order_id, amount, payment } = authorisation;
    let new = NewPayment {
        order_id: domain::OrderId(order_id.0),
        amount,
        method: payment.method,
        token: payment.token,
    };
    let payment = app.payments.authorise(ports::PaymentId(id.0), new).await?;
    Ok(Json(responses::full(id, &payment)?))
}

pub(super) async fn capture(
    State(app): State<AppState>,
    Path((id, reference)): Path<(PaymentId, String)>,
    Json(capture): Json<Capture>,
) -> ApiResult<Json<Payment>> {
    check_length("reference", &reference, REFERENCE_BYTES_MAX)?;
    let payment_id = ports::PaymentId(id.0);
    let payment = app.payments.capture(payment_id, &reference, capture.amount).await?;
    Ok(Json(responses::full(id, &payment)?))
}

pub(super) async fn cancel(
    State(app): State<AppState>,
    Path(id): Path<PaymentId>,
    Json(ForOrder { order_id }): Json<ForOrder>,
) -> ApiResult<NoContent> {
    app.payments.cancel(ports::PaymentId(id.0), domain::OrderId(order_id.0)).await?;
    Ok(NoContent)
}

pub(super) async fn refund(
    State(app): State<AppState>,
    Path((id, refund_id)): Path<(PaymentId, RefundId)>,
    Json(refund): Json<Refund>,
) -> ApiResult<Json<Payment>> {
    check_length("reason", &refund.reason, REASON_BYTES_MAX)?;
    let request = domain::RefundRequest {
        id: domain::RefundId(refund_id.0),
        amount: refund.amount,
        reason: refund.reason,
        at: app.payments.ids.now(),
    };
    let payment = app.payments.refund(ports::PaymentId(id.0), request).await?;
    Ok(Json(responses::full(id, &payment)?))
}

fn check_length(field: &str, text: &str, bytes_max: usize) -> Result<(), Problem> {
    if text.len() <= bytes_max {
        return Ok(());
    }
    Err(Problem::field(field, format!("must be at most {bytes_max} bytes")))
}
