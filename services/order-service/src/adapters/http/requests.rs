//! Conversion of requests into the input of use cases, with the name of the field that is invalid.

use super::{UseCases, input::check_reason};
use crate::{
    application::{
        checkout_input::{CheckoutInput, CheckoutSource, FirstAttempt},
        failure_limit::network,
    },
    domain::{
        contact_details::{check_address, check_email},
        events::{OrderStatus, PaymentTerms, RefundScope},
        order_number::OrderNumbers,
        refund::RefundRequest,
    },
    ports::order_index::{NumberFilter, OrderFilter, StatusFilter},
};
use contracts::{
    codes,
    inventory::HOLD_LINES_MAX,
    order::{
        self, AccountOrderQuery, Checkout, NewOrder, NewReceipt, NewRefund, OrderListStatus,
        OrderQuery,
    },
    payment::{INVOICE, PREPAYMENT, PaymentMethod},
    shared::{self, AccountId, CartId, CustomerActor, OrderId, Quantity, RefundId, Sku},
};
use kernel::{Currency, Ids, Money, Problem, Uuid};
use saga::SagaState;
use transport::{Context, Edge};
use web::{Caller, Paging};

/// Limit of units of one SKU in an order.
const LINE_UNITS_MAX: i64 = 100_000;
/// Limit of the reference of a bank transfer, in characters: that of SEPA.
const REFERENCE_CHARACTERS_MAX: usize = 140;
/// Limit of the name of a method, or a payment token, in bytes.
const TOKEN_BYTES_MAX: usize = 200;
/// Limit of the tag of a language, in bytes (RFC 5646, section 4.4.1).
const LANGUAGE_BYTES_MAX: usize = 35;

/// Input of the checkout of a cart. `operation` identifies the request.
pub(super) fn checkout(
    app: &UseCases,
    cart: CartId,
    operation: Uuid,
    checkout: Checkout,
) -> Result<CheckoutInput, Problem> {
    checkout_input(app, operation, CheckoutSource::Cart { cart_id: cart }, checkout)
}

/// Input of an order without a cart. `operation` identifies the request.
pub(super) fn new_order(
    app: &UseCases,
    operation: Uuid,
    new: NewOrder,
) -> Result<CheckoutInput, Problem> {
    let NewOrder {
        lines,
        email,
        shipping_address,
        billing_address,
        shipping_method,
        payment,
        currency,
        expected_total,
        language,
    } = new;
    let checkout = Checkout {
        email,
        shipping_address,
        billing_address,
        shipping_method,
        payment,
        expected_total,
        language,
    };
    checkout_input(app, operation, lines_source(lines, currency)?, checkout)
}

fn checkout_input(
    app: &UseCases,
    operation: Uuid,
    source: CheckoutSource,
    checkout: Checkout,
) -> Result<CheckoutInput, Problem> {
    let Checkout {
        email,
        shipping_address,
        billing_address,
        shipping_method,
        payment,
        expected_total,
        language,
    } = checkout;
    let mut errors = Vec::new();
    let email = check_email(&email).unwrap_or_else(|error| {
        errors.push(error);
        email
    });
    let mut checked = |field: &str, address: shared::Address| {
        check_address(field, &address).map_err(|found| errors.extend(found)).ok()
    };
    let shipping_address = checked("shipping_address", shipping_address);
    let billing_address = billing_address.map(|address| checked("billing_address", address));
    let (Some(shipping_address), true) = (shipping_address, errors.is_empty()) else {
        return Err(Problem::fields(errors));
    };
    check_payment(&payment)?;
    check_token("shipping_method", shipping_method.as_deref().unwrap_or("-"))?;
    check_language(language.as_deref())?;
    Ok(CheckoutInput {
        order_id: order_id(app, operation),
        source,
        email,
        shipping_address,
        billing_address: billing_address.flatten(),
        shipping_method,
        payment_method: payment.method,
        payment_token: payment.token,
        expected_total,
        begun_at: app.read.orders.now(),
        capture: app.capture,
        pay_by: None,
        terms: PaymentTerms::default(),
        clients: clients(app),
        customer: None,
        account: customer(&Caller::current()),
        language,
        first_attempt: FirstAttempt::pending(),
    })
}

/// Checks a language tag by its form (RFC 5646, section 2.1): words of letters and digits with hyphens in between.
fn check_language(tag: Option<&str>) -> Result<(), Problem> {
    let is_word = |word: &str| {
        (1..=8).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let is_tag = |tag: &str| tag.len() <= LANGUAGE_BYTES_MAX && tag.split('-').all(is_word);
    if tag.is_none_or(is_tag) {
        return Ok(());
    }
    Err(Problem::field("language", "is no tag of a language such as de"))
}

/// Filter of a list of orders.
pub(super) fn order_filter(
    query: OrderQuery,
    numbers: &OrderNumbers,
) -> Result<OrderFilter, Problem> {
    let status = query.status.as_deref().map(|word| -> Result<_, Problem> {
        Ok(match web::choice("status", word)? {
            OrderListStatus::Pending => StatusFilter::Order(OrderStatus::Pending),
            OrderListStatus::Confirmed => StatusFilter::Order(OrderStatus::Confirmed),
            OrderListStatus::Completed => StatusFilter::Order(OrderStatus::Completed),
            OrderListStatus::Cancelled => StatusFilter::Order(OrderStatus::Cancelled),
            OrderListStatus::Attempted => StatusFilter::Attempted,
        })
    });
    let paging = Paging::new(query.limit, query.cursor);
    Ok(OrderFilter {
        status: status.transpose()?,
        customers: Vec::new(),
        account: None,
        unerased: false,
        // A number is looked for among the attempts as well.
        attempts: query.number.is_some(),
        number: query.number.map(|number| NumberFilter::parse(&number, numbers)),
        limit: paging.limit()?,
        cursor: paging.cursor,
    })
}

/// Page of the orders of an account.
pub(super) fn account_filter(
    account: AccountId,
    query: AccountOrderQuery,
) -> Result<OrderFilter, Problem> {
    let paging = Paging::new(query.limit, query.cursor);
    Ok(OrderFilter {
        account: Some(account),
        limit: paging.limit()?,
        cursor: paging.cursor,
        ..OrderFilter::default()
    })
}

/// State of a saga by its name.
pub(super) fn saga_state(word: &str) -> Result<SagaState, Problem> {
    Ok(match web::choice("state", word)? {
        order::SagaState::Running => SagaState::Running,
        order::SagaState::Waiting => SagaState::Waiting,
        order::SagaState::Undoing => SagaState::Undoing,
        order::SagaState::Stuck => SagaState::Stuck,
        order::SagaState::Done => SagaState::Done,
        order::SagaState::Undone => SagaState::Undone,
    })
}

/// Request for a refund. `id` identifies the request.
pub(super) fn refund(id: RefundId, new: NewRefund) -> Result<RefundRequest, Problem> {
    let NewRefund { amount, lines, restock, reason, reference } = new;
    let reference = reference.map(|reference| check_reference(&reference)).transpose()?;
    let reason = check_reason(reason.trim())?;
    if reason.is_empty() {
        return Err(Problem::field("reason", "says why, in a few words"));
    }
    let scope = match (amount, lines) {
        (Some(_), Some(_)) => {
            return Err(Problem::field(
                "amount",
                "goes without lines: a refund is for units or of a sum",
            ));
        }
        (Some(sum), None) if restock => {
            let message = format!("needs lines: a sum of {sum} does not say which units come back");
            return Err(Problem::field("restock", message));
        }
        (Some(sum), None) if !sum.is_positive() => {
            return Err(Problem::field("amount.amount", "must be greater than 0"));
        }
        (Some(sum), None) => RefundScope::Sum(sum),
        (None, Some(lines)) if lines.is_empty() => {
            return Err(Problem::field("lines", "names at least one line"));
        }
        (None, Some(lines)) if lines.len() > HOLD_LINES_MAX => {
            let title = format!("at most {HOLD_LINES_MAX} lines");
            return Err(Problem::of(codes::LINE_LIMIT, title));
        }
        (None, Some(lines)) => {
            RefundScope::Units(lines.into_iter().map(|line| (line.sku, line.quantity)).collect())
        }
        (None, None) => RefundScope::Rest,
    };
    Ok(RefundRequest { id, scope, restock, reason, reference })
}

/// Amount and reference of money that arrived by bank transfer.
pub(super) fn receipt(new: NewReceipt) -> Result<(Money, String), Problem> {
    let NewReceipt { amount, reference } = new;
    if !amount.is_positive() {
        return Err(Problem::field("amount.amount", "must be greater than 0"));
    }
    Ok((amount, check_reference(&reference)?))
}

/// Reference of a bank transfer, as it is on the bank statement.
fn check_reference(reference: &str) -> Result<String, Problem> {
    let reference = reference.trim();
    let length = reference.chars().count();
    if !(1..=REFERENCE_CHARACTERS_MAX).contains(&length) || reference.chars().any(char::is_control)
    {
        let message = format!("is 1 to {REFERENCE_CHARACTERS_MAX} characters of plain text");
        return Err(Problem::field("reference", message));
    }
    Ok(reference.to_owned())
}

fn lines_source(
    lines: Vec<Quantity>,
    currency: Option<Currency>,
) -> Result<CheckoutSource, Problem> {
    if lines.is_empty() {
        return Err(Problem::field("lines", "names at least one line"));
    }
    let mut merged: Vec<(Sku, i64)> = Vec::new();
    for (index, line) in lines.into_iter().enumerate() {
        Sku::parse(line.sku.as_str())
            .map_err(|error| Problem::field(format!("lines[{index}].sku"), error.to_string()))?;
        let is_full = merged.len() == HOLD_LINES_MAX;
        let there = merged.iter_mut().find(|(sku, _)| *sku == line.sku);
        let units = there.as_ref().map_or(0, |(_, units)| *units).saturating_add(line.quantity);
        if line.quantity < 1 || units > LINE_UNITS_MAX {
            let message = format!("is a number from 1 to {LINE_UNITS_MAX}");
            return Err(Problem::field(format!("lines[{index}].quantity"), message));
        }
        match there {
            Some(there) => there.1 = units,
            None if is_full => {
                let title = format!("an order has at most {HOLD_LINES_MAX} lines");
                return Err(Problem::of(codes::LINE_LIMIT, title));
            }
            None => merged.push((line.sku, units)),
        }
    }
    Ok(CheckoutSource::Lines { lines: merged, currency })
}

/// Id of the order of a request: the same for the same request, and impossible to compute without the secret.
fn order_id(app: &UseCases, operation: Uuid) -> OrderId {
    Ids::derived(app.id_secret, &operation.to_string())
}

fn check_payment(payment: &PaymentMethod) -> Result<(), Problem> {
    check_token("payment.method", &payment.method)?;
    let is_transfer = [PREPAYMENT, INVOICE].contains(&payment.method.as_str());
    match (is_transfer, payment.token.as_str()) {
        (false, token) => check_token("payment.token", token),
        (true, "") => Ok(()),
        (true, _) => Err(Problem::field("payment.token", "is not for a payment by bank transfer")),
    }
}

/// Keyed hashes of who places an order at the shop edge: the address, and the visitor who signed in.
fn clients(app: &UseCases) -> Vec<Uuid> {
    let context = Context::current();
    if context.edge != Edge::Shop {
        return Vec::new();
    }
    let hash = |text: String| Uuid::new_v5(&app.id_secret, text.as_bytes());
    let address = context.client.map(|client| hash(format!("address {}", network(client))));
    // A guest is known by the cart, which has one order anyway.
    let visitor = context.actor.filter(|actor| !actor.starts_with("guest"));
    let visitor = visitor.map(|visitor| hash(format!("visitor {visitor}")));
    address.into_iter().chain(visitor).collect()
}

/// Account of the customer who makes a request at the shop edge.
pub(super) fn customer(caller: &Caller) -> Option<AccountId> {
    let CustomerActor(account) = caller.actor_as().filter(|_| caller.edge == Edge::Shop)?;
    Some(account)
}

fn check_token(field: &str, word: &str) -> Result<(), Problem> {
    if word.is_empty() || word.len() > TOKEN_BYTES_MAX || word.chars().any(char::is_control) {
        return Err(Problem::field(
            field,
            format!("is 1 to {TOKEN_BYTES_MAX} characters of plain text"),
        ));
    }
    Ok(())
}
