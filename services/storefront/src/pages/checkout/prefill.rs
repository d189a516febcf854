//! Prefilled checkout form of the customer who is signed in: the e-mail address of the account, and the default addresses of the address
//! book; without any there, those of the last order.

use super::{
    address_book,
    checkout_form::{AddressForm, CheckoutForm},
};
use crate::{app_state::AppState, form_fields::FormFields, request_context::RequestContext};
use contracts::order::{AccountOrderQuery, AddressBook, Order};

/// Form as a shopper finds it: of a guest it is empty.
pub(super) async fn form(state: &AppState, context: &RequestContext) -> CheckoutForm {
    let empty = CheckoutForm::read(&FormFields::default(), &state.settings.country);
    if context.customer.is_none() {
        return empty;
    }
    let (email, book) = tokio::join!(email(state), address_book(state, context));
    let form = match book.delivery() {
        Some(_) => of_book(empty, &book),
        None => match last_order(state).await {
            Some(order) => of_order(state, empty, order).await,
            None => empty,
        },
    };
    CheckoutForm { email: email.unwrap_or(form.email), ..form }
}

fn of_book(empty: CheckoutForm, book: &AddressBook) -> CheckoutForm {
    let (Some(delivery), Some(billing)) = (book.delivery(), book.billing()) else { return empty };
    let is_billed_elsewhere = billing.id != delivery.id;
    let shipping = AddressForm::of(&delivery.address);
    let billing = is_billed_elsewhere.then(|| AddressForm::of(&billing.address));
    CheckoutForm { shipping, billing, ..empty }
}

async fn of_order(state: &AppState, empty: CheckoutForm, order: Order) -> CheckoutForm {
    let methods = &state.cached_catalogue.delivery().await.methods;
    let is_collected =
        methods.iter().any(|it| it.code == order.shipping.method && it.pickup.is_some());
    let shipping = if is_collected {
        // The address is that of the shop.
        AddressForm { name: order.shipping_address.name.clone(), ..empty.shipping }
    } else {
        AddressForm::of(&order.shipping_address)
    };
    let is_billed_elsewhere = !is_collected && order.billing_address != order.shipping_address;
    let billing = is_billed_elsewhere.then(|| AddressForm::of(&order.billing_address));
    CheckoutForm { email: order.email, shipping, billing, ..empty }
}

/// E-mail address of the account. The checkout does without it when it cannot be had.
async fn email(state: &AppState) -> Option<String> {
    let profile = state.accounts.profile().await;
    let profile = profile
        .inspect_err(|error| tracing::warn!(%error, "a checkout goes on without the profile"));
    profile.ok()?.email
}

/// Last order of the customer. The checkout does without it when it cannot be fetched.
async fn last_order(state: &AppState) -> Option<Order> {
    let query = AccountOrderQuery { limit: Some("1".to_owned()), cursor: None };
    let page = state.orders.account_orders(&query).await.ok()?;
    let order = state.orders.order(page.items.first()?.id).await.ok()?;
    (!order.customer_erased).then_some(order)
}
