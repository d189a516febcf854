//! Prefilled checkout form: e-mail address and addresses of the last order of the customer who is signed in. They are kept in that order
//! alone, and with it they are erased.

use super::checkout_form::{AddressForm, CheckoutForm};
use crate::{app_state::AppState, form_fields::FormFields, request_context::RequestContext};
use contracts::order::{AccountOrderQuery, Order};

/// Form as a shopper finds it: of a guest it is empty.
pub(super) async fn form(state: &AppState, context: &RequestContext) -> CheckoutForm {
    let empty = CheckoutForm::read(&FormFields::default(), &state.settings.country);
    let Some(order) = last_order(state, context).await else { return empty };
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

/// Last order of the customer. The checkout does without it when it cannot be fetched.
async fn last_order(state: &AppState, context: &RequestContext) -> Option<Order> {
    context.customer?;
    let query = AccountOrderQuery { limit: Some("1".to_owned()), cursor: None };
    let page = state.orders.account_orders(&query).await.ok()?;
    let order = state.orders.order(page.items.first()?.id).await.ok()?;
    (!order.customer_erased).then_some(order)
}
