//! Checkout page (`/checkout`): a single page without an account, with all costs shown before payment.

mod checkout_form;
mod form_view;
mod order_summary;
mod place_order;
mod prefill;

pub(crate) use checkout_form::{AddressForm, FormErrors, address_errors};
pub(crate) use form_view::address_fields::AddressFields;
pub(crate) use place_order::place_order;

use crate::{
    app_state::AppState,
    cached_catalogue::DeliveryTerms,
    cart_cookie::CartCookie,
    components::{
        icon::Icon,
        layout::{self, Indexing, PageMeta},
    },
    form_fields::FormFields,
    page_error::{PageError, PageResult},
    page_response::{PageResponse, see_other},
    pages::{cart, payment},
    request_context::RequestContext,
};
use axum::{extract::State, response::Response};
use checkout_form::CheckoutForm;
use contracts::{
    cart::{Cart, CartQuoteRequest, CartStatus, Destination, PickupPlace, Quote, ShippingMethod},
    order::AddressBook,
    payment::OfferedMethod,
    shared::Totals,
};
use http::StatusCode;
use kernel::{Uuid, codes};
use maud::{Markup, html};
use std::sync::Arc;

/// `GET /checkout`
pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
) -> PageResult {
    let cart = match open_cart(&state, &context).await? {
        Ok(cart) => cart,
        Err(response) => return Ok(response),
    };
    if cart::has_problems(&cart) {
        // The cart page names all of them.
        return Ok(see_other(&context, "/cart", CartCookie::Unchanged));
    }
    let form = prefill::form(&state, &context).await;
    render(&state, &context, &cart, &form, Feedback::default()).await
}

/// Names of the buttons that fill in an address of the customer, for delivery and for the invoice.
const USE_ADDRESS: &str = "use_address";
const USE_BILLING: &str = "use_billing";

/// Addresses of the customer; none of a guest, nor where they cannot be had: the form works without them.
async fn address_book(state: &AppState, context: &RequestContext) -> AddressBook {
    if context.customer.is_none() {
        return AddressBook::default();
    }
    let book = state.orders.addresses().await;
    book.inspect_err(|error| tracing::warn!(%error, "a checkout goes on without the addresses"))
        .unwrap_or_default()
}

/// Cart that can be checked out, or the response to send instead.
async fn open_cart(
    state: &AppState,
    context: &RequestContext,
) -> Result<Result<Cart, Response>, PageError> {
    let to_cart = || see_other(context, "/cart", CartCookie::Unchanged);
    let Some(id) = context.cart else { return Ok(Err(to_cart())) };
    let cart = match state.carts.cart(id).await {
        Ok(cart) => cart,
        Err(error) if error.problem(&codes::NOT_FOUND).is_some() => return Ok(Err(to_cart())),
        Err(error) => return Err(error.into()),
    };
    Ok(match cart.status {
        // Its order is named by the answer to its checkout alone, and by the cookie that came with it.
        CartStatus::Ordered => Err(see_other(context, &order_address(context), CartCookie::Clear)),
        CartStatus::CheckingOut if context.paying_order.is_some() => {
            Err(see_other(context, &order_address(context), CartCookie::Unchanged))
        }
        CartStatus::CheckingOut => Err(waiting_page(state, context, &FormFields::default())),
        _ if cart.lines.is_empty() => Err(to_cart()),
        CartStatus::Open | CartStatus::Expired => Ok(cart),
    })
}

/// Address of the order that is being paid for; where it is not known, of the page that finds orders.
fn order_address(context: &RequestContext) -> String {
    context.paying_order.map_or_else(|| "/orders".to_owned(), |order| format!("/orders/{order}"))
}

/// Feedback on a submitted form, shown above it.
#[derive(Debug, Default)]
pub(crate) struct Feedback {
    pub(crate) field_errors: FormErrors,
    /// Messages about the order as a whole.
    pub(crate) notices: Vec<String>,
}

impl Feedback {
    fn notice(text: impl Into<String>) -> Self {
        Self { notices: vec![text.into()], ..Self::default() }
    }

    fn is_empty(&self) -> bool {
        self.field_errors.is_empty() && self.notices.is_empty()
    }
}

/// View model of the page.
struct CheckoutView<'a> {
    state: &'a AppState,
    context: &'a RequestContext,
    cart: &'a Cart,
    form: &'a CheckoutForm,
    feedback: &'a Feedback,
    delivery: &'a DeliveryTerms,
    methods: &'a [ShippingMethod],
    /// Shipping method that the totals are for.
    method: Option<&'a str>,
    /// Place where the order is collected, if that is the shipping method.
    pickup: Option<&'a PickupPlace>,
    /// Payment methods that the page offers.
    offered: &'a [OfferedMethod],
    totals: &'a Totals,
    /// Addresses of the customer.
    book: &'a AddressBook,
    /// Idempotency key of this form: submitting it twice places one order.
    key: Uuid,
}

/// Checkout page, with the form as filled in so far.
async fn render(
    state: &AppState,
    context: &RequestContext,
    cart: &Cart,
    form: &CheckoutForm,
    mut feedback: Feedback,
) -> PageResult {
    let (delivery, methods, quote, offered, book) = tokio::join!(
        state.cached_catalogue.delivery(),
        shipping_methods(state, cart, form),
        quote(state, cart, form),
        state.orders.payment_methods(),
        address_book(state, context),
    );
    let offered = payment::methods_with_a_form(&offered?.items);
    let messages = &context.locale.messages.checkout;
    let (totals, method) = match &quote {
        Ok(quote) => (quote.totals, Some(quote.shipping.method.as_str())),
        Err(error) => {
            if error.problem(&contracts::codes::NOT_DELIVERABLE).is_some() {
                feedback.notices.push(messages.not_deliverable.to_owned());
            }
            (cart.totals, None)
        }
    };
    let view = CheckoutView {
        state,
        context,
        cart,
        form,
        feedback: &feedback,
        delivery: &delivery,
        methods: &methods,
        method,
        pickup: pickup_place(&methods, method.unwrap_or_default()),
        offered: &offered,
        totals: &totals,
        book: &book,
        key: state.ids.next::<contracts::shared::OrderId>().into(),
    };
    Ok(view.response())
}

impl CheckoutView<'_> {
    fn response(&self) -> Response {
        let messages = &self.context.locale.messages.checkout;
        let (title, status) = if self.feedback.is_empty() {
            (messages.title, StatusCode::OK)
        } else {
            (messages.error_title, StatusCode::UNPROCESSABLE_ENTITY)
        };
        let meta = PageMeta { title, indexing: Indexing::NoIndex, ..PageMeta::default() };
        let tools = html! { a.back href="/cart" { (Icon::Back) (messages.back_to_cart) } };
        let page = layout::minimal_page(self.state, self.context, &meta, &tools, &self.main());
        PageResponse::private(self.state, self.context).status(status).html(page)
    }
}

/// Shipping methods to the country of the form; none where they cannot be had.
async fn shipping_methods(
    state: &AppState,
    cart: &Cart,
    form: &CheckoutForm,
) -> Vec<ShippingMethod> {
    let methods = state.carts.shipping_methods(&form.shipping.country, Some(cart.id)).await;
    methods.map(|methods| methods.items).unwrap_or_default()
}

/// Place where orders are collected by the shipping method with this code.
fn pickup_place<'a>(methods: &'a [ShippingMethod], code: &str) -> Option<&'a PickupPlace> {
    methods.iter().find(|method| method.code == code)?.pickup.as_ref()
}

/// Quote for the cart to the destination of the form. What the cart service refuses of the form is left out: it is an
/// error of its field, and the rest still has a price.
async fn quote(
    state: &AppState,
    cart: &Cart,
    form: &CheckoutForm,
) -> Result<Quote, transport::CallError> {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let mut request = CartQuoteRequest {
        destination: Destination {
            country: form.shipping.country.clone(),
            region: some(&form.shipping.region),
            postal_code: some(&form.shipping.postal_code),
        },
        shipping_method: some(&form.method),
    };
    loop {
        let error = match state.carts.quote(cart.id, &request).await {
            Ok(quote) => return Ok(quote),
            Err(error) => error,
        };
        let refused = request.clone();
        let problem = error.problem(&codes::INVALID_FIELD);
        for error in problem.iter().flat_map(|problem| &problem.errors) {
            match error.field.as_str() {
                "destination.region" => request.destination.region = None,
                "destination.postal_code" => request.destination.postal_code = None,
                "shipping_method" => request.shipping_method = None,
                _ => {}
            }
        }
        if request == refused {
            return Err(error);
        }
    }
}

/// Waiting page while the outcome of a payment is unknown. It submits the form again, whose key gets the outcome of the
/// first submission; without a form, it only looks whether the cart is free again.
fn waiting_page(state: &AppState, context: &RequestContext, fields: &FormFields) -> Response {
    let messages = &context.locale.messages.checkout;
    let again = context.locale.messages.cart.check_again;
    let meta = PageMeta {
        title: messages.waiting_title,
        indexing: Indexing::NoIndex,
        ..PageMeta::default()
    };
    let main = html! {
        main.wrap #main {
            div.nothing data-part="waiting" data-poll="/checkout" {
                h1 { (messages.waiting_title) }
                p.nothing-head { (messages.waiting_text) }
                @if fields.has("key") {
                    form action="/checkout" method="post" {
                        @for (name, value) in fields.pairs() { input type="hidden" name=(name) value=(value); }
                        button.button.quiet-button type="submit" { (again) }
                    }
                } @else {
                    p { a.button.quiet-button href="/checkout" { (again) } }
                }
            }
        }
    };
    let page: Markup = layout::minimal_page(state, context, &meta, &html! {}, &main);
    PageResponse::private(state, context).status(StatusCode::ACCEPTED).html(page)
}
