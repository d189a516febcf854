//! Order page (`/orders/{id}`): status, cancellation. Knowing the address is the right to see it.

mod again;
mod lookup;
mod payment_instructions;
mod pictures;
mod progress;
mod receipt;

pub(crate) use again::order_again;
pub(crate) use lookup::{look_up, lookup_form};
pub(crate) use receipt::show as show_receipt;

use crate::{
    app_state::AppState,
    cart_cookie::CartCookie,
    components::{
        address::address,
        icon::Icon,
        image::{ImageLoading, ImageSlot, decorative_image},
        layout::{self, Indexing, LayoutData, PageMeta},
        totals,
    },
    form_fields::FormFields,
    locale::Locale,
    messages::interpolate,
    page_error::{PageError, PageResult},
    page_response::{PageResponse, see_other},
    pages::{account, cart::option_values, payment},
    request_context::RequestContext,
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use contracts::{
    cart::PickupPlace,
    codes,
    order::{Because, FulfilmentStatus, Order, OrderLine, OrderStatus, PaymentStatus},
    shared::{Address, OrderId},
};
use http::StatusCode;
use kernel::Timestamp;
use maud::{Markup, html};
use pictures::LinePictures;
use std::sync::Arc;
use transport::CallError;

/// `GET /orders/{id}`
pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    context: RequestContext,
) -> PageResult {
    let id: OrderId = id.parse().map_err(|_| PageError::NotFound)?;
    let (layout, order) = tokio::join!(LayoutData::load(&state, &context), state.orders.order(id));
    match order {
        // The order of an account.
        Err(error) if error.problem(&kernel::codes::UNAUTHENTICATED).is_some() => {
            let address = account::sign_in_address(&format!("/orders/{id}"));
            Ok(see_other(&context, &address, CartCookie::Unchanged))
        }
        order => Ok(render(&state, &context, &layout, &order?, None).await),
    }
}

/// `POST /orders/{id}/cancel`
pub(crate) async fn cancel(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    context: RequestContext,
    _: FormFields,
) -> PageResult {
    let id: OrderId = id.parse().map_err(|_| PageError::NotFound)?;
    match state.orders.cancel(id, &Because::default()).await {
        Ok(_) => Ok(see_other(&context, &format!("/orders/{id}"), CartCookie::Unchanged)),
        Err(CallError::Problem(problem)) if problem.status == 409 => {
            let (layout, order) =
                tokio::join!(LayoutData::load(&state, &context), state.orders.order(id));
            let rejection = context.locale.messages.order.cancel_too_late;
            Ok(render(&state, &context, &layout, &order?, Some(rejection)).await)
        }
        Err(error) => Err(error.into()),
    }
}

async fn render(
    state: &AppState,
    context: &RequestContext,
    layout: &LayoutData,
    order: &Order,
    rejection: Option<&str>,
) -> Response {
    let pictures = LinePictures::load(state, order).await;
    let (shop, has_mail) = (&*state.settings.name, state.settings.order_mails);
    let view = OrderView { context, layout, order, pictures, shop, has_mail };
    let title = view.title();
    let meta = PageMeta { title: &title, indexing: Indexing::NoIndex, ..PageMeta::default() };
    let page = layout::page(state, context, layout, &meta, &view.main(&title, rejection));
    let status = if rejection.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    let is_shown = context.paying_order == Some(order.id) && needs_no_cart(order);
    let cookie = if is_shown { CartCookie::Clear } else { CartCookie::Unchanged };
    PageResponse::private(state, context).status(status).cookie(cookie).html(page)
}

/// Whether the cart of the order is not needed again: its payment cannot fail any more, or is a bank transfer, which is a
/// promise.
fn needs_no_cart(order: &Order) -> bool {
    match order.status {
        OrderStatus::Pending => order.payment.bank_details.is_some(),
        OrderStatus::Confirmed | OrderStatus::Completed => true,
        OrderStatus::Cancelled => false,
    }
}

/// Moment in the time zone of the shop, which a script replaces by the time of the visitor's zone.
fn local_time(locale: Locale, at: Timestamp) -> Markup {
    html! { time datetime=(at) data-local { (locale.date(at)) ", " (locale.time(at)) } }
}

struct OrderView<'a> {
    context: &'a RequestContext,
    layout: &'a LayoutData,
    order: &'a Order,
    pictures: LinePictures,
    /// Name of the shop, which a printed page needs.
    shop: &'a str,
    /// Whether the customer is told by mail what becomes of the order.
    has_mail: bool,
}

/// Stage of an order from the shopper's point of view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OrderStage {
    Placed,
    /// The shopper has to transfer the money, or a part of it.
    TransferDue,
    /// The shopper has to confirm the payment.
    ActionRequired,
    /// The bank has not answered.
    Pending,
    Shipped,
    Declined,
    Cancelled,
}

impl OrderView<'_> {
    fn stage(&self) -> OrderStage {
        let order = self.order;
        match order.status {
            OrderStatus::Pending if order.payment.action_url.is_some() => {
                OrderStage::ActionRequired
            }
            OrderStatus::Pending if self.is_transfer_due() => OrderStage::TransferDue,
            OrderStatus::Pending => OrderStage::Pending,
            OrderStatus::Cancelled if self.is_declined() => OrderStage::Declined,
            OrderStatus::Cancelled => OrderStage::Cancelled,
            _ if order.fulfilment_status == FulfilmentStatus::Fulfilled => OrderStage::Shipped,
            OrderStatus::Confirmed | OrderStatus::Completed => OrderStage::Placed,
        }
    }

    fn is_declined(&self) -> bool {
        self.order.payment_status == PaymentStatus::Failed
            || self.order.cancel_reason.as_deref() == Some(codes::PAYMENT_DECLINED.as_str())
    }

    fn title(&self) -> String {
        let messages = &self.context.locale.messages.order;
        let first = self.order.shipping_address.name.split_whitespace().next().unwrap_or_default();
        match self.stage() {
            OrderStage::Placed | OrderStage::TransferDue => {
                interpolate(messages.thank_you, &[("name", first)])
            }
            OrderStage::Shipped if self.pickup().is_some() => {
                interpolate(messages.collectable_title, &[("name", first)])
            }
            OrderStage::Shipped => interpolate(messages.shipped_title, &[("name", first)]),
            OrderStage::ActionRequired => messages.action_required.to_owned(),
            OrderStage::Pending => messages.pending.to_owned(),
            OrderStage::Cancelled | OrderStage::Declined => messages.cancelled.to_owned(),
        }
    }

    fn main(&self, title: &str, rejection: Option<&str>) -> Markup {
        let messages = &self.context.locale.messages.order;
        let is_waiting = matches!(self.stage(), OrderStage::Pending | OrderStage::ActionRequired);
        let poll = is_waiting.then(|| format!("/orders/{}", self.order.id));
        html! {
            main.wrap #main {
                div.order data-part="order-state" data-poll=[poll] {
                    p.print-only { strong { (self.shop) } }
                    div.page-head {
                        p.quiet { (interpolate(messages.number, &[("number", &self.order.number)])) }
                        h1 { (title) }
                        (self.status_message())
                    }
                    @if let Some(rejection) = rejection { p.notice.warn role="alert" { (Icon::Alert) span { (rejection) } } }
                    (self.payment_instructions())
                    (self.progress())
                    div.order-columns {
                        section aria-labelledby="what" {
                            h2 #what { (messages.items_title) }
                            ul.ordered role="list" { @for (position, line) in self.order.lines.iter().enumerate() { (self.line(position, line)) } }
                        }
                        aside.summary aria-labelledby="sums" {
                            h2.vh #sums { (messages.totals_title) }
                            (totals::totals(self.context.locale, &self.order.totals))
                            @if self.order.payment.refunded.is_positive() {
                                p.quiet { (messages.refunded) " " strong.number { (self.context.locale.money(self.order.payment.refunded)) } }
                            }
                            (self.facts())
                            (self.addresses())
                            (self.again())
                            (self.cancel())
                        }
                    }
                }
            }
        }
    }

    /// Message about the current stage, and what to do next.
    fn status_message(&self) -> Markup {
        let locale = self.context.locale;
        let messages = &locale.messages.order;
        let order = self.order;
        let total = locale.money(order.totals.total);
        html! {
            @match self.stage() {
                OrderStage::Placed | OrderStage::TransferDue | OrderStage::Shipped if self.context.customer.is_some() => {
                    p { a.link-line href="/account" { (locale.messages.account.in_account) } }
                },
                OrderStage::Placed | OrderStage::TransferDue | OrderStage::Shipped => p { (messages.bookmark) " " (interpolate(messages.find_again, &[("email", &order.email)])) },
                OrderStage::ActionRequired => {
                    p { (interpolate(messages.confirm_text, &[("amount", &total)])) }
                    p { a.button.large href=[payment::action_address(order)] { (messages.confirm_button) } }
                },
                OrderStage::Pending => p { (messages.pending_text) },
                OrderStage::Declined => p { (messages.declined_text) },
                OrderStage::Cancelled if order.payment.refunded.is_positive() => {
                    p { (interpolate(messages.cancelled_refund_text, &[("amount", &locale.money(order.payment.refunded))])) }
                },
                OrderStage::Cancelled => p { (messages.cancelled_text) },
            }
            @if self.has_mail && matches!(self.stage(), OrderStage::Placed | OrderStage::TransferDue | OrderStage::Shipped) {
                p.quiet { (interpolate(messages.mailed, &[("email", &order.email)])) }
            }
            // What was not paid for is in the cart again.
            @if matches!(self.stage(), OrderStage::Declined | OrderStage::Cancelled) && self.layout.cart.as_ref().is_some_and(|cart| !cart.lines.is_empty()) {
                p { a.button.large href="/cart" { (locale.messages.cart.view) } }
            }
        }
    }

    fn line(&self, position: usize, line: &OrderLine) -> Markup {
        let quoted = &line.quoted;
        let locale = self.context.locale;
        let messages = locale.messages;
        html! {
            li {
                div.tile { (decorative_image(messages, self.pictures.of(&quoted.sku), ImageSlot::Thumbnail, ImageLoading::of_line(position))) }
                div {
                    strong { (locale.shop_text(&quoted.name)) }
                    p.quiet.small {
                        @if !quoted.options.is_empty() { (option_values(locale, &quoted.options)) " " }
                        "× " (locale.count(quoted.quantity.unsigned_abs()))
                    }
                }
                span.number { (self.context.locale.money(quoted.total)) }
            }
        }
    }

    /// Date, delivery, payment and contact of the order.
    fn facts(&self) -> Markup {
        let locale = self.context.locale;
        let messages = &locale.messages.order;
        let order = self.order;
        html! {
            dl.order-facts {
                dt { (messages.order_date) } dd { (local_time(locale, order.placed_at)) }
                dt { (messages.delivery_method) } dd { (locale.messages.shipping_method(&order.shipping.label)) }
                dt { (messages.payment_method) } dd { (payment::method_name(locale.messages, &order.payment.method)) }
                dt { (messages.contact) } dd { (order.email) }
            }
        }
    }

    /// Place where the order is collected, if it is not delivered.
    fn pickup(&self) -> Option<&PickupPlace> {
        let methods = &self.layout.delivery.methods;
        methods.iter().find(|method| method.code == self.order.shipping.method)?.pickup.as_ref()
    }

    fn addresses(&self) -> Markup {
        let messages = &self.context.locale.messages.order;
        let order = self.order;
        let all = self.context.locale.messages;
        let country = |address: &Address| {
            let known = self.layout.delivery.countries.iter().find(|it| it.code == address.country);
            let name = known.map(|it| all.country(it)).or_else(|| all.country_of(&address.country));
            name.unwrap_or(&address.country).to_owned()
        };
        let block = |it: &Address| address(it, &country(it));
        html! {
            div.addresses {
                @if let Some(place) = self.pickup() {
                    div {
                        h3 { (messages.collect_from) } (block(&place.address))
                        @for line in &place.hours { p.quiet.small { (line) } }
                    }
                } @else {
                    div { h3 { (messages.delivery_address) } (block(&order.shipping_address)) }
                }
                @if order.billing_address != order.shipping_address {
                    div { h3 { (messages.billing_address) } (block(&order.billing_address)) }
                }
            }
        }
    }

    fn cancel(&self) -> Markup {
        let messages = &self.context.locale.messages.order;
        let order = self.order;
        let cancellable = order.status == OrderStatus::Confirmed
            && order.fulfilment_status == FulfilmentStatus::Unfulfilled;
        let question = interpolate(messages.cancel_explained, &[("number", &order.number)]);
        html! {
            @if cancellable || matches!(self.stage(), OrderStage::ActionRequired | OrderStage::TransferDue) {
                button.text-button.bad type="button" popovertarget="cancel" { (messages.cancel) }
                div.ask #cancel popover role="dialog" aria-labelledby="cancel-text" {
                    p #cancel-text { (question) }
                    form.ask-ways action={ "/orders/" (order.id) "/cancel" } method="post" data-once {
                        button.button.quiet-button type="button" popovertarget="cancel" popovertargetaction="hide" autofocus { (messages.keep_order) }
                        button.button.danger type="submit" { (messages.cancel) }
                    }
                }
            }
        }
    }
}
