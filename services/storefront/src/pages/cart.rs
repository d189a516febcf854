//! Cart page (`/cart`): the lines of the shopper's cart and their totals.

mod line_problem;
mod lines;
mod update;

pub(crate) use line_problem::{LineProblem, has_problems, problems};
pub(crate) use update::{add, add_units, rejection_message, update};

use crate::{
    app_state::AppState,
    cart_cookie::CartCookie,
    components::{
        icon::Icon,
        layout::{self, Indexing, LayoutData, PageMeta},
        totals,
    },
    form_fields::FormFields,
    locale::Locale,
    messages::interpolate,
    page_error::PageResult,
    page_response::PageResponse,
    pages::payment,
    request_context::RequestContext,
};
use axum::{extract::State, response::Response};
use contracts::{
    cart::{Cart, CartStatus, Notice},
    shared::OrderId,
};
use http::StatusCode;
use maud::{Markup, html};
use std::{collections::BTreeMap, sync::Arc};

/// `GET /cart`
pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
) -> PageResult {
    let (layout, cart) =
        tokio::join!(LayoutData::without_cart(&state), state.account_cart(&context));
    let layout = LayoutData { cart: cart?, ..layout };
    let fields = FormFields::parse(context.uri.query().unwrap_or_default().as_bytes());
    Ok(render(&state, &context, &layout, &[], lines::first_line(&fields)).await)
}

/// Cart page, with messages if the last change was rejected.
async fn render(
    state: &AppState,
    context: &RequestContext,
    layout: &LayoutData,
    rejections: &[String],
    from: usize,
) -> Response {
    let messages = &context.locale.messages.cart;
    let meta =
        PageMeta { title: messages.title, indexing: Indexing::NoIndex, ..PageMeta::default() };
    // A shop without a way to pay says so here, not after the whole form. An unanswered question is no answer.
    let can_pay = match &layout.cart {
        Some(_) => {
            let offered = state.orders.payment_methods().await;
            offered.map_or(true, |it| !payment::methods_with_a_form(&it.items).is_empty())
        }
        None => true,
    };
    let paying_order = context.paying_order;
    let view = CartView { locale: context.locale, layout, rejections, can_pay, paying_order, from };
    let main = html! {
        main.wrap #main {
            div.cart data-part="cart" {
                @match layout.cart.as_ref().filter(|cart| !cart.lines.is_empty() || has_problems(cart)) {
                    Some(cart) => (view.filled_cart(cart))
                    None => (view.empty_cart())
                }
            }
        }
    };
    let status =
        if rejections.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    // The cart of an account is found without a cookie, and a guest's has another id once it was merged.
    let cookie = match &layout.cart {
        Some(cart) if context.cart != Some(cart.id) => CartCookie::Set(cart.id),
        _ => CartCookie::Unchanged,
    };
    PageResponse::private(state, context)
        .status(status)
        .cookie(cookie)
        .html(layout::page(state, context, layout, &meta, &main))
}

/// View model of the page.
struct CartView<'a> {
    locale: Locale,
    layout: &'a LayoutData,
    /// Why the last change did not happen.
    rejections: &'a [String],
    can_pay: bool,
    /// Order that is being paid for with the cart, if its id is known.
    paying_order: Option<OrderId>,
    /// Position of the first line that is asked for.
    from: usize,
}

impl CartView<'_> {
    fn empty_cart(&self) -> Markup {
        let messages = &self.locale.messages.cart;
        html! {
            div.nothing {
                h1 { (messages.title) }
                (self.rejections())
                p.nothing-head { (messages.empty) }
                p { a.button href="/new" { (messages.see_new) } }
            }
        }
    }

    fn filled_cart(&self, cart: &Cart) -> Markup {
        let messages = &self.locale.messages.cart;
        html! {
            h1 { (messages.title) }
            (self.notices(cart))
            div.cart-columns {
                section aria-labelledby="lines" {
                    h2.vh #lines { (messages.items) }
                    (self.lines(cart))
                    p.keep-shopping { a href="/products" { (Icon::Back) (messages.keep_shopping) } }
                }
                (self.summary(cart))
            }
        }
    }

    fn rejections(&self) -> Markup {
        html! { @for text in self.rejections { p.notice.bad role="alert" { (Icon::Alert) span { (text) } } } }
    }

    fn notices(&self, cart: &Cart) -> Markup {
        let messages = &self.locale.messages.cart;
        let problems = problems(cart);
        let other = cart.notices.iter().filter(|notice| !line_problem::is_problem(notice));
        html! {
            (self.rejections())
            @if cart.status == CartStatus::CheckingOut {
                p.notice.warn { (Icon::Clock) span { (messages.checking_out) " " (self.way_to_order()) } }
            }
            @for notice in other { p.notice.warn { (Icon::Bolt) span { (price_change(self.locale, cart, notice)) } } }
            @if !problems.is_empty() {
                section.problems aria-labelledby="problems" {
                    h2 #problems { (self.locale.plural(&messages.problems, problems.len() as u64)) }
                    ul role="list" { @for problem in &problems { li { (problem.with_remedy(self.locale)) } } }
                }
            }
        }
    }

    /// Link to the order that is being paid for, where its payment can be confirmed or the order cancelled.
    fn way_to_order(&self) -> Markup {
        let messages = &self.locale.messages.cart;
        html! {
            @match self.paying_order {
                Some(order) => a href={ "/orders/" (order) } { (messages.to_order) },
                None => a href="/cart" { (messages.check_again) },
            }
        }
    }

    fn summary(&self, cart: &Cart) -> Markup {
        let messages = &self.locale.messages.cart;
        let free_from =
            self.layout.delivery.free_from().filter(|free| free.currency == cart.currency);
        let until_free = free_from
            .and_then(|free| free.checked_sub(cart.totals.items).ok())
            .filter(|it| it.is_positive());
        let is_open = cart.status != CartStatus::CheckingOut && !has_problems(cart);
        html! {
            aside.summary aria-labelledby="summary" {
                h2 #summary { (messages.summary) }
                (totals::totals(self.locale, &cart.totals))
                @if let Some(until_free) = until_free && cart.totals.shipping.is_positive() {
                    p.quiet.small { (interpolate(messages.until_free, &[("amount", &self.locale.money(until_free))])) }
                }
                @if !self.can_pay {
                    p.notice.warn { (Icon::Bolt) span { (self.locale.messages.checkout.no_payment_method) } }
                } @else if is_open {
                    a.button.large href="/checkout" { (messages.check_out) }
                }
            }
        }
    }
}

/// Text of a notice of a changed price in the shopper's language.
fn price_change(locale: Locale, cart: &Cart, notice: &Notice) -> String {
    let line = cart.lines.iter().find(|line| notice.sku.as_ref() == Some(&line.sku));
    let (Some(line), Some(old), Some(new)) = (line, notice.previous_unit_price, notice.unit_price)
    else {
        return notice.message.clone();
    };
    let values =
        [("name", &*line.name), ("old", &*locale.price(old)), ("new", &*locale.price(new))];
    interpolate(locale.messages.cart.notice_price_changed, &values)
}

/// Option values of a line: `Brick, EU`.
pub(crate) fn option_values(locale: Locale, options: &BTreeMap<String, String>) -> Markup {
    html! {
        @for (position, value) in options.values().enumerate() {
            @if position > 0 { ", " }
            (locale.shop_text(value))
        }
    }
}

/// Cart page with the reasons why the cart is not as it was expected.
pub(crate) async fn render_with_reasons(
    state: &AppState,
    context: &RequestContext,
    cart: Option<Cart>,
    reasons: &[String],
) -> Response {
    let layout = LayoutData { cart, ..LayoutData::without_cart(state).await };
    render(state, context, &layout, reasons, 0).await
}
