//! `/checkout`: one page, no account, every sum before the button.

mod entry;
mod form;
mod order;
mod place;

pub(crate) use place::place;

use crate::{
    http::{Answer, CartMemory, Reply, Visit, see_other},
    parts::{
        icon::Icon,
        shell::{self, Head, Indexed},
    },
    shelf::Delivery,
    shop::Shop,
};
use axum::{extract::State, response::Response};
use contracts::{
    cart::{Cart, CartStatus, Destination, Quote, QuoteRequest, ShippingMethod},
    shared::{Quantity, Totals},
};
use entry::{Entry, Wrong};
use http::StatusCode;
use kernel::{Uuid, codes};
use maud::{Markup, html};
use std::sync::Arc;

/// `/checkout`
pub(crate) async fn show(State(shop): State<Arc<Shop>>, visit: Visit) -> Answer {
    let cart = match open_cart(&shop, &visit).await? {
        Ok(cart) => cart,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let entry = Entry::read(&crate::http::Fields::default(), &shop.settings.country);
    Ok(render(&shop, &visit, &cart, &entry, Told::default()).await)
}

/// The shopper's cart, ready to be checked out, or where to go instead.
async fn open_cart(
    shop: &Shop,
    visit: &Visit,
) -> Result<Result<Cart, Response>, crate::http::Trouble> {
    let to_cart = || see_other(visit, "/cart", CartMemory::Untouched);
    let Some(id) = visit.cart else { return Ok(Err(to_cart())) };
    let cart = match shop.carts.cart(id).await {
        Ok(cart) => cart,
        Err(error) if error.problem(&codes::NOT_FOUND).is_some() => return Ok(Err(to_cart())),
        Err(error) => return Err(error.into()),
    };
    Ok(match (cart.status, cart.order_id) {
        (CartStatus::Ordered, Some(order)) => {
            Err(see_other(visit, &format!("/orders/{order}"), CartMemory::Untouched))
        }
        (CartStatus::CheckingOut, _) => Err(waiting(shop, visit)),
        _ if cart.lines.is_empty() => Err(to_cart()),
        _ => Ok(cart),
    })
}

/// What the shopper has to be told above the form.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) wrong: Wrong,
    /// Sentences about the order as a whole.
    pub(crate) notices: Vec<String>,
}

impl Told {
    fn notice(text: impl Into<String>) -> Self {
        Self { notices: vec![text.into()], ..Self::default() }
    }

    fn is_silent(&self) -> bool {
        self.wrong.is_empty() && self.notices.is_empty()
    }
}

/// Everything the page shows.
struct View<'a> {
    shop: &'a Shop,
    visit: &'a Visit,
    cart: &'a Cart,
    entry: &'a Entry,
    told: &'a Told,
    delivery: &'a Delivery,
    methods: &'a [ShippingMethod],
    /// The method the sums are for.
    method: Option<&'a str>,
    totals: &'a Totals,
    /// Identifies this form, so that sending it twice places one order.
    key: Uuid,
}

/// The page, with what was filled in so far.
async fn render(shop: &Shop, visit: &Visit, cart: &Cart, entry: &Entry, told: Told) -> Response {
    let ways = shop.carts.shipping_methods(&entry.shipping.country, Some(cart.id));
    let (delivery, methods, quote) = tokio::join!(shop.delivery(), ways, quote(shop, cart, entry));
    let methods = methods.map(|methods| methods.items).unwrap_or_default();
    let words = &visit.locale.words.checkout;
    let mut told = told;
    let (totals, method) = match &quote {
        Ok(quote) => (quote.totals, Some(quote.shipping.method.as_str())),
        Err(error) => {
            if error.problem(&contracts::codes::NOT_DELIVERABLE).is_some() {
                told.notices.push(words.not_deliverable.to_owned());
            }
            (cart.totals, None)
        }
    };
    let key = shop.ids.next::<contracts::shared::OrderId>().into();
    let (delivery, totals, methods) = (&*delivery, &totals, &*methods);
    let view =
        View { shop, visit, cart, entry, told: &told, delivery, methods, method, totals, key };
    let (title, status) = if told.is_silent() {
        (words.title, StatusCode::OK)
    } else {
        (words.error_title, StatusCode::UNPROCESSABLE_ENTITY)
    };
    let head = Head { title, indexed: Indexed::No, ..Head::default() };
    let tools = html! { a.back href="/cart" { (Icon::Back) (words.back_to_cart) } };
    let page = shell::narrow(shop, visit, &head, &tools, &view.main());
    Reply::own(shop, visit).status(status).send(page)
}

/// What the cart comes to where it goes.
async fn quote(shop: &Shop, cart: &Cart, entry: &Entry) -> Result<Quote, transport::CallError> {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let line = |line: &contracts::cart::CartLine| Quantity {
        sku: line.sku.clone(),
        quantity: line.quantity,
    };
    let request = |method: Option<String>| QuoteRequest {
        lines: cart.lines.iter().map(line).collect(),
        currency: Some(cart.currency),
        destination: Destination {
            country: entry.shipping.country.clone(),
            region: some(&entry.shipping.region),
            postal_code: some(&entry.shipping.postal_code),
        },
        shipping_method: method,
    };
    match (shop.carts.quote(&request(some(&entry.method))).await, entry.method.is_empty()) {
        // The delivery that was chosen does not go to the country that was chosen after it.
        (Err(_), false) => shop.carts.quote(&request(None)).await,
        (result, _) => result,
    }
}

/// The page while nobody knows yet what became of a payment.
fn waiting(shop: &Shop, visit: &Visit) -> Response {
    let words = &visit.locale.words.checkout;
    let head = Head { title: words.waiting_title, indexed: Indexed::No, ..Head::default() };
    let main = html! {
        main.wrap #main {
            div.nothing data-part="waiting" data-poll="/checkout" {
                h1 { (words.waiting_title) }
                p.nothing-head { (words.waiting_for_bank) }
                p { a.button.quiet-button href="/checkout" { (visit.locale.words.cart.look_again) } }
            }
        }
    };
    let page: Markup = shell::narrow(shop, visit, &head, &html! {}, &main);
    Reply::own(shop, visit).status(StatusCode::ACCEPTED).send(page)
}
