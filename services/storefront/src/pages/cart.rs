//! Cart page (`/cart`): the lines of the shopper's cart and their totals.

mod line_problem;
mod update;

pub(crate) use line_problem::{LineProblem, has_problems, problems};
pub(crate) use update::{add, update};

use crate::{
    app_state::AppState,
    components::{
        icon::Icon,
        image::{self, ImageLoading, ImageSlot},
        layout::{self, Indexing, LayoutData, PageMeta},
        quantity_stepper::{QuantityStepper, quantity_stepper},
        totals,
    },
    locale::Locale,
    messages::{Messages, interpolate},
    page_error::PageResult,
    page_response::PageResponse,
    pages::payment,
    request_context::RequestContext,
};
use axum::{extract::State, response::Response};
use contracts::{
    cart::{Cart, CartLine, CartStatus, Notice, NoticeCode},
    shared::OrderId,
};
use http::StatusCode;
use maud::{Markup, PreEscaped, html};
use std::{collections::BTreeMap, sync::Arc};

/// `GET /cart`
pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
) -> PageResult {
    let (layout, cart) =
        tokio::join!(LayoutData::without_cart(&state), state.current_cart(&context));
    let layout = LayoutData { cart: cart?, ..layout };
    Ok(render(&state, &context, &layout, &[]).await)
}

/// Cart page, with messages if the last change was rejected.
async fn render(
    state: &AppState,
    context: &RequestContext,
    layout: &LayoutData,
    rejections: &[String],
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
    let view = CartView { locale: context.locale, layout, rejections, can_pay, paying_order };
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
    let page = layout::page(state, context, layout, &meta, &main);
    let page = match &layout.cart {
        Some(cart) => with_lines(&page.into_string(), context.locale, cart),
        None => page,
    };
    PageResponse::private(state, context).status(status).html(page)
}

/// Place of the lines in the page: a comment, which no text of a shopper or a merchant can become.
const LINES_PLACE: &str = "<!--lines-->";
/// Usual size of a line in HTML.
const LINE_BYTES: usize = 1_536;

/// Page with the lines of the cart in their place. Templates copy what is nested in them once for each level, which for
/// a cart of a thousand lines takes longer than all the rest.
fn with_lines(page: &str, locale: Locale, cart: &Cart) -> Markup {
    let Some((before, after)) = page.split_once(LINES_PLACE) else {
        return PreEscaped(page.to_owned());
    };
    let mut whole = String::with_capacity(page.len() + cart.lines.len() * LINE_BYTES);
    whole.push_str(before);
    for (position, it) in cart.lines.iter().enumerate() {
        whole.push_str(&line(locale, position, it, cart.status).into_string());
    }
    whole.push_str(after);
    PreEscaped(whole)
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
                    ul.lines role="list" { (PreEscaped(LINES_PLACE)) }
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

/// What stands in the way of a line, in a word or two.
fn problem_label(messages: &Messages, problem: NoticeCode) -> &'static str {
    match problem {
        NoticeCode::SoldOut => messages.product.sold_out,
        NoticeCode::AmountLimit => messages.cart.over_limit,
        NoticeCode::NotForSale
        | NoticeCode::NotSoldInCurrency
        | NoticeCode::FewerLeft
        | NoticeCode::PriceChanged => messages.cart.unavailable,
    }
}

fn line(locale: Locale, position: usize, line: &CartLine, status: CartStatus) -> Markup {
    let messages = locale.messages;
    html! {
        li.line {
            div.tile { (image::decorative_image(messages, line.image.as_ref(), ImageSlot::Thumbnail, ImageLoading::of_line(position))) }
            div.line-text {
                h3 { @if let Some(slug) = &line.slug { a href={ "/p/" (slug) } { (locale.shop_text(&line.name)) } } @else { (locale.shop_text(&line.name)) } }
                @if !line.options.is_empty() { p.quiet { (option_values(locale, &line.options)) } }
                @if let Some(problem) = line.problem && problem != NoticeCode::FewerLeft {
                    p.stock.none { (problem_label(messages, problem)) }
                } @else if let Some(left) = line.only_left {
                    p.stock.low { (messages.product.only_left.replace("{n}", &locale.count(left.unsigned_abs()))) }
                }
            }
            p.line-price {
                strong { (locale.money(line.total)) }
                @if line.quantity > 1 { span.quiet { (messages.cart.each.replace("{price}", &locale.price(line.unit_price))) } }
            }
            @if status == CartStatus::CheckingOut {
                p.line-form { "× " (locale.count(line.quantity.unsigned_abs())) }
            } @else { (line_form(locale, line)) }
        }
    }
}

/// Form that changes the quantity of a line or removes it.
fn line_form(locale: Locale, line: &CartLine) -> Markup {
    let messages = locale.messages;
    let id = format!("q-{}", crate::slug::identifier(line.sku.as_str()));
    html! {
            form.line-form action="/cart/change" method="post" data-swap {
                button.vh type="submit" tabindex="-1" aria-hidden="true" {}
                input type="hidden" name="sku" value=(line.sku);
                (quantity_stepper(&QuantityStepper {
                    id: &id, quantity: line.quantity,
                    label: &interpolate(messages.cart.quantity_of, &[("name", &line.name)]),
                    decrease_label: messages.product.decrease_quantity, increase_label: messages.product.increase_quantity, step_action: None,
                }))
                noscript { button.text-button type="submit" { (messages.cart.set_quantity) } }
                button.text-button type="submit" name="remove" value="1"
                    aria-label=(interpolate(messages.cart.remove_what, &[("name", &line.name)])) {
                    (messages.cart.remove)
                }
            }
    }
}

/// Cart page after the checkout removed the last line because it had sold out.
pub(crate) async fn render_emptied(
    state: &AppState,
    context: &RequestContext,
    cart: Cart,
    reasons: &[String],
) -> Response {
    let layout = LayoutData { cart: Some(cart), ..LayoutData::without_cart(state).await };
    render(state, context, &layout, reasons).await
}
