//! `/orders/{id}`: where an order stands, and the way to cancel it. Knowing the address is the right to see it.

mod find;
mod progress;

pub(crate) use find::{find, find_form};

use crate::{
    http::{Answer, CartMemory, Fields, Reply, Trouble, Visit, see_other},
    pages::cart::options,
    parts::{
        address::address,
        icon::Icon,
        shell::{self, Frame, Head, Indexed},
        sums,
    },
    shop::Shop,
    words::fill,
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use contracts::{
    order::{Because, FulfilmentStatus, Order, OrderLine, OrderStatus, PaymentStatus},
    shared::{Address, OrderId},
};
use http::StatusCode;
use maud::{Markup, html};
use std::sync::Arc;
use transport::CallError;

/// `/orders/{id}`
pub(crate) async fn show(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    visit: Visit,
) -> Answer {
    let id: OrderId = id.parse().map_err(|_| Trouble::Gone)?;
    let (frame, order) = tokio::join!(shop.frame(&visit), shop.orders.order(id));
    Ok(render(&shop, &visit, &frame, &order?, None))
}

/// `POST /orders/{id}/cancel`
pub(crate) async fn cancel(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    visit: Visit,
    _: Fields,
) -> Answer {
    let id: OrderId = id.parse().map_err(|_| Trouble::Gone)?;
    match shop.orders.cancel(id, &Because::default()).await {
        Ok(_) => Ok(see_other(&visit, &format!("/orders/{id}"), CartMemory::Untouched)),
        Err(CallError::Problem(problem)) if problem.status == 409 => {
            let (frame, order) = tokio::join!(shop.frame(&visit), shop.orders.order(id));
            Ok(render(&shop, &visit, &frame, &order?, Some(visit.locale.words.order.too_late)))
        }
        Err(error) => Err(error.into()),
    }
}

fn render(
    shop: &Shop,
    visit: &Visit,
    frame: &Frame,
    order: &Order,
    refused: Option<&str>,
) -> Response {
    let view = View { visit, frame, order };
    let title = view.title();
    let head = Head { title: &title, indexed: Indexed::No, ..Head::default() };
    let page = shell::page(shop, visit, frame, &head, &view.main(&title, refused));
    let status = if refused.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    Reply::own(shop, visit).status(status).send(page)
}

struct View<'a> {
    visit: &'a Visit,
    frame: &'a Frame,
    order: &'a Order,
}

/// Where an order stands, for whoever placed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Placed,
    /// The customer has to confirm the payment.
    NeedsYou,
    /// The bank has not answered.
    Pending,
    Shipped,
    Declined,
    Cancelled,
}

impl View<'_> {
    fn standing(&self) -> Standing {
        let order = self.order;
        match order.status {
            OrderStatus::Pending if order.payment.action_url.is_some() => Standing::NeedsYou,
            OrderStatus::Pending => Standing::Pending,
            OrderStatus::Cancelled if order.payment_status == PaymentStatus::Failed => {
                Standing::Declined
            }
            OrderStatus::Cancelled => Standing::Cancelled,
            _ if order.fulfilment_status == FulfilmentStatus::Fulfilled => Standing::Shipped,
            OrderStatus::Confirmed | OrderStatus::Completed => Standing::Placed,
        }
    }

    fn title(&self) -> String {
        let words = &self.visit.locale.words.order;
        let first = self.order.shipping_address.name.split_whitespace().next().unwrap_or_default();
        match self.standing() {
            Standing::Placed => fill(words.thank_you, &[("name", first)]),
            Standing::Shipped => fill(words.completed, &[("name", first)]),
            Standing::NeedsYou => words.needs_you.to_owned(),
            Standing::Pending => words.confirming.to_owned(),
            Standing::Cancelled | Standing::Declined => words.cancelled.to_owned(),
        }
    }

    fn main(&self, title: &str, refused: Option<&str>) -> Markup {
        let words = &self.visit.locale.words.order;
        let waits = matches!(self.standing(), Standing::Pending | Standing::NeedsYou);
        let poll = waits.then(|| format!("/orders/{}", self.order.id));
        html! {
            main.wrap #main {
                div.order data-part="order-state" data-poll=[poll] {
                    div.page-head {
                        p.quiet { (fill(words.number, &[("number", &self.order.number)])) }
                        h1 { (title) }
                        (self.news())
                    }
                    @if let Some(refused) = refused { p.notice.warn role="alert" { (Icon::Cross) span { (refused) } } }
                    (self.progress())
                    div.order-columns {
                        section aria-labelledby="what" {
                            h2 #what { (words.lines) }
                            ul.ordered role="list" { @for line in &self.order.lines { (self.line(line)) } }
                        }
                        aside.summary aria-labelledby="sums" {
                            h2.vh #sums { (words.sums) }
                            (sums::sums(self.visit.locale, &self.order.totals))
                            @if self.order.payment.refunded.is_positive() {
                                p.quiet { (words.refunded) " " strong.number { (self.visit.locale.money(self.order.payment.refunded)) } }
                            }
                            (self.addresses())
                            (self.cancel())
                        }
                    }
                }
            }
        }
    }

    /// What happened, and what to do.
    fn news(&self) -> Markup {
        let locale = self.visit.locale;
        let words = &locale.words.order;
        let order = self.order;
        let total = locale.money(order.totals.total);
        html! {
            @match self.standing() {
                Standing::Placed | Standing::Shipped => p { (fill(words.news_to, &[("email", &order.email)])) " " (words.keep_link) },
                Standing::NeedsYou => {
                    p { (fill(words.confirm_text, &[("amount", &total)])) }
                    p { a.button.large href=[&order.payment.action_url] { (words.confirm_button) } }
                },
                Standing::Pending => p { (words.pending_text) },
                Standing::Declined => p { (words.declined_text) " " a href="/cart" { (locale.words.cart.view) } },
                Standing::Cancelled if order.payment.refunded.is_positive() => {
                    p { (fill(words.cancelled_refund_text, &[("amount", &locale.money(order.payment.refunded))])) }
                },
                Standing::Cancelled => p { (words.cancelled_text) },
            }
        }
    }

    fn line(&self, line: &OrderLine) -> Markup {
        let quoted = &line.quoted;
        html! {
            li {
                div {
                    strong { (quoted.name) }
                    p.quiet.small {
                        @if !quoted.options.is_empty() { (options(&quoted.options)) " " }
                        "× " (quoted.quantity)
                    }
                }
                span.number { (self.visit.locale.money(quoted.total)) }
            }
        }
    }

    fn addresses(&self) -> Markup {
        let words = &self.visit.locale.words.order;
        let order = self.order;
        let all = self.visit.locale.words;
        let country = |place: &Address| {
            let known = self.frame.delivery.countries.iter().find(|it| it.code == place.country);
            let name = known.map(|it| all.country(it)).or_else(|| all.country_of(&place.country));
            name.unwrap_or(&place.country).to_owned()
        };
        html! {
            div.addresses {
                div { h3 { (words.goes_to) } (address(&order.shipping_address, &country(&order.shipping_address))) }
                @if order.billing_address != order.shipping_address {
                    div { h3 { (words.bill_goes_to) } (address(&order.billing_address, &country(&order.billing_address))) }
                }
            }
        }
    }

    fn cancel(&self) -> Markup {
        let locale = self.visit.locale;
        let words = &locale.words.order;
        let order = self.order;
        let open = order.status == OrderStatus::Confirmed
            && order.fulfilment_status == FulfilmentStatus::Unfulfilled;
        let values =
            [("number", order.number.as_str()), ("amount", &*locale.money(order.totals.total))];
        html! {
            @if open || self.standing() == Standing::NeedsYou {
                button.text-button.bad type="button" popovertarget="cancel" { (words.cancel) }
                div.ask #cancel popover role="dialog" aria-labelledby="cancel-text" {
                    p #cancel-text { (fill(words.cancel_explained, &values)) }
                    form.ask-ways action={ "/orders/" (order.id) "/cancel" } method="post" data-once {
                        button.button.quiet-button type="button" popovertarget="cancel" popovertargetaction="hide" autofocus { (words.keep) }
                        button.button.danger type="submit" { (words.cancel) }
                    }
                }
            }
        }
    }
}
