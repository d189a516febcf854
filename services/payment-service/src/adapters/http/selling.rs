//! What the order service asks for.

use super::{Desk, answers};
use crate::{application::Wish, domain, ports};
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
    State(desk): State<Desk>,
    Path(id): Path<PaymentId>,
    Json(authorisation): Json<Authorisation>,
) -> ApiResult<Json<Payment>> {
    let Authorisation { order_id, amount, payment } = authorisation;
    let wish = Wish {
        order_id: domain::OrderId(order_id.0),
        amount,
        method: payment.method,
        token: payment.token,
    };
    let payment = desk.payments.authorise(ports::PaymentId(id.0), wish).await?;
    Ok(Json(answers::whole(id, &payment)?))
}

pub(super) async fn capture(
    State(desk): State<Desk>,
    Path((id, reference)): Path<(PaymentId, String)>,
    Json(capture): Json<Capture>,
) -> ApiResult<Json<Payment>> {
    short("reference", &reference, REFERENCE_BYTES_MAX)?;
    let id_here = ports::PaymentId(id.0);
    let payment = desk.payments.capture(id_here, &reference, capture.amount).await?;
    Ok(Json(answers::whole(id, &payment)?))
}

pub(super) async fn cancel(
    State(desk): State<Desk>,
    Path(id): Path<PaymentId>,
    Json(ForOrder { order_id }): Json<ForOrder>,
) -> ApiResult<NoContent> {
    desk.payments.cancel(ports::PaymentId(id.0), domain::OrderId(order_id.0)).await?;
    Ok(NoContent)
}

pub(super) async fn refund(
    State(desk): State<Desk>,
    Path((id, refund_id)): Path<(PaymentId, RefundId)>,
    Json(refund): Json<Refund>,
) -> ApiResult<Json<Payment>> {
    short("reason", &refund.reason, REASON_BYTES_MAX)?;
    let order = domain::RefundOrder {
        id: domain::RefundId(refund_id.0),
        amount: refund.amount,
        reason: refund.reason,
        at: desk.payments.ids.now(),
    };
    let payment = desk.payments.refund(ports::PaymentId(id.0), order).await?;
    Ok(Json(answers::whole(id, &payment)?))
}

fn short(field: &str, text: &str, bytes_max: usize) -> Result<(), Problem> {
    if text.len() <= bytes_max {
        return Ok(());
    }
    Err(Problem::field(field, format!("must be at most {bytes_max} bytes")))
}
