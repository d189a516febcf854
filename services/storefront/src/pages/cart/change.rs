//! Putting things into the cart, changing how many, taking them out.

use super::render;
use crate::{
    http::{Answer, CartMemory, Fields, Reply, Trouble, Visit, Wants, see_other},
    pages::product::{self, Choice, Notice},
    parts::{
        shell::{self, Frame},
        stepper,
    },
    shop::Shop,
    words::fill,
};
use axum::{extract::State, response::Response};
use contracts::{
    cart::{Cart, NewCart},
    codes,
    shared::Quantity,
};
use kernel::Currency;
use maud::html;
use std::sync::Arc;
use transport::CallError;

/// `POST /cart/add`
pub(crate) async fn add(State(shop): State<Arc<Shop>>, visit: Visit, fields: Fields) -> Answer {
    let slug = fields.text("product").ok_or(Trouble::Gone)?;
    let product = shop.surroundings().product(slug).await?;
    let choice = Choice::read(&product, &fields);
    let Some(variant) = choice.variant.filter(|variant| variant.in_stock) else {
        // The page says itself that this cannot be bought.
        return Ok(see_other(&visit, &choice.address(), CartMemory::Untouched));
    };
    let quantity = stepper::wanted(&fields).max(1);
    let line = Quantity { sku: variant.sku.clone(), quantity };
    match put_in(&shop, &visit, line, variant.price.currency()).await {
        Ok(cart) if visit.wants == Wants::Part => Ok(added(&shop, &visit, &cart)),
        Ok(cart) => Ok(see_other(&visit, "/cart", CartMemory::Remember(cart.id))),
        Err(error) => {
            let why = refusal(&visit, &error).ok_or(error)?;
            let frame = shop.frame(&visit).await;
            Ok(product::render(&shop, &visit, &frame, &product, &fields, Notice::Refused(&why))
                .await)
        }
    }
}

/// `POST /cart/change`
pub(crate) async fn change(State(shop): State<Arc<Shop>>, visit: Visit, fields: Fields) -> Answer {
    let (Some(id), Some(sku)) = (visit.cart, fields.text("sku")) else {
        return Ok(see_other(&visit, "/cart", CartMemory::Untouched));
    };
    let quantity = if fields.has("remove") { 0 } else { stepper::wanted(&fields) };
    let changed = if quantity <= 0 {
        shop.carts.remove_line(id, sku).await
    } else {
        shop.carts.change_line(id, sku, quantity).await
    };
    match changed {
        Ok(cart) => Ok(see_other(&visit, "/cart", CartMemory::Remember(cart.id))),
        Err(error) => {
            // Gone in another window: the cart as it is now says so best.
            if error.problem(&kernel::codes::NOT_FOUND).is_some()
                || error.problem(&codes::ALREADY_ORDERED).is_some()
            {
                return Ok(see_other(&visit, "/cart", CartMemory::Untouched));
            }
            let why = refusal(&visit, &error).ok_or(error)?;
            let frame = shop.frame(&visit).await;
            Ok(render(&shop, &visit, &frame, Some(&why)))
        }
    }
}

/// Puts a line into the shopper's cart, or into a new one where there is none to put it into; that one is in the
/// currency of its first article.
async fn put_in(
    shop: &Shop,
    visit: &Visit,
    line: Quantity,
    currency: Currency,
) -> Result<Cart, CallError> {
    if let Some(id) = visit.cart {
        match shop.carts.add_line(id, &line).await {
            Err(error)
                if error.problem(&kernel::codes::NOT_FOUND).is_some()
                    || error.problem(&codes::ALREADY_ORDERED).is_some() => {}
            result => return result,
        }
    }
    shop.carts.create(&NewCart { lines: vec![line], currency: Some(currency) }).await
}

/// What the shopper can do something about, in words.
fn refusal(visit: &Visit, error: &CallError) -> Option<String> {
    let words = &visit.locale.words.cart;
    let CallError::Problem(problem) = error else { return None };
    let known = [
        (codes::QUANTITY_LIMIT, words.quantity_limit),
        (codes::LINE_LIMIT, words.line_limit),
        (codes::NOT_SOLD_IN_CURRENCY, words.other_currency),
        (codes::CHECKING_OUT, words.checking_out),
        (codes::OUT_OF_STOCK, visit.locale.words.goods.sold_out),
        (codes::UNKNOWN_SKU, visit.locale.words.goods.sold_out),
    ];
    let text =
        known.iter().find(|(code, _)| *code == problem.code).map(|(_, text)| (*text).to_owned());
    text.or_else(|| (problem.status == 422).then(|| problem.title.clone()))
}

/// What a script shows beside the cart, instead of leading to it.
fn added(shop: &Shop, visit: &Visit, cart: &Cart) -> Response {
    let locale = visit.locale;
    let words = &locale.words.cart;
    let amount = locale.money(cart.totals.items);
    let count = u64::try_from(cart.item_count).unwrap_or(0);
    let told = words.added.of(count, &cart.item_count.to_string());
    let told = fill(&told, &[("amount", &amount)]);
    let part = html! {
        (shell::cart_link(locale, Some(cart)))
        div data-part="toast" data-say=(told) {
            p { (told) }
            div.toast-ways {
                a.button.quiet-button href="/cart" { (words.view) }
                a.button href="/checkout" { (words.check_out) }
            }
        }
    };
    Reply::own(shop, visit).cart(CartMemory::Remember(cart.id)).send(part)
}

/// What [`Frame`] is without asking anybody.
impl Frame {
    pub(crate) fn seen(shop: &Shop) -> Self {
        Self { catalogue: shop.catalogue_seen(), ..Self::default() }
    }
}
