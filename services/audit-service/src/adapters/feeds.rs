//! Turns what services tell the world into activities.

use crate::application::{activity_write, bundled};
use async_trait::async_trait;
use contracts::{
    audit::Activity, cart::CartEvent, inventory::InventoryEvent, order::OrderEvent,
    payment::PaymentEvent, product::ProductEvent,
};
use messaging::{Handler, HandlerError, Message};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use storage::Write;

/// Stores an activity for each message that tells of something somebody did.
#[derive(Debug)]
pub(crate) struct ActivitiesOfFeeds;

#[async_trait]
impl Handler for ActivitiesOfFeeds {
    async fn handle(&self, message: &Message) -> Result<Vec<Write>, HandlerError> {
        let poison = |error: &dyn std::error::Error| HandlerError::Poison(error.to_string());
        let deed = deed(message).map_err(|error| poison(&error))?;
        let Some(deed) = deed else { return Ok(Vec::new()) };
        let activity = activity(message, deed);
        Ok(vec![activity_write(&activity).map_err(|error| poison(&error))?])
    }

    fn coalesce(&self, writes: Vec<Write>) -> Vec<Write> {
        bundled(writes)
    }
}

/// What was done to what.
struct Deed {
    action: String,
    subject: String,
    /// Who did it, where the message leaves no doubt.
    actor: Option<String>,
}

impl Deed {
    fn by_nobody_in_particular(action: String, subject: String) -> Self {
        Self { action, subject, actor: None }
    }
}

/// What a message tells; `None` when nobody did anything.
fn deed(message: &Message) -> Result<Option<Deed>, serde_json::Error> {
    Ok(match &*message.source {
        "product-service" => Some(of_product(told(message)?)),
        "shopping-cart-service" => Some(of_cart(told(message)?)),
        "inventory-service" => of_inventory(told(message)?),
        "payment-service" => Some(of_payment(&told(message)?)),
        "order-service" => Some(of_order(told(message)?)),
        _ => None,
    })
}

fn told<T: DeserializeOwned>(message: &Message) -> Result<T, serde_json::Error> {
    message.data.read()
}

fn of_product(event: ProductEvent) -> Deed {
    match event {
        ProductEvent::ProductChanged { product_id, change, .. } => Deed::by_nobody_in_particular(
            format!("product.{change}"),
            format!("product:{product_id}"),
        ),
        ProductEvent::PriceChanged { product_id, .. } => {
            let subject = format!("product:{product_id}");
            Deed::by_nobody_in_particular("product.price_changed".to_owned(), subject)
        }
    }
}

fn of_cart(event: CartEvent) -> Deed {
    let CartEvent::CartChanged { cart_id, change, .. } = event;
    Deed {
        action: format!("cart.{change}"),
        subject: format!("cart:{cart_id}"),
        actor: Some(format!("guest:{cart_id}")),
    }
}

fn of_inventory(event: InventoryEvent) -> Option<Deed> {
    match event {
        // Follows from orders and movements, which are told of themselves.
        InventoryEvent::AvailabilityChanged { .. } => None,
        InventoryEvent::StockChanged { sku, .. } => Some(Deed {
            action: "stock.changed".to_owned(),
            subject: format!("stock:{sku}"),
            actor: Some("operator".to_owned()),
        }),
    }
}

fn of_payment(event: &PaymentEvent) -> Deed {
    let PaymentEvent::PaymentChanged { payment_id, state, .. } = event;
    let state = serde_json::to_value(state).unwrap_or_default();
    let action = format!("payment.{}", state.as_str().unwrap_or("changed"));
    Deed::by_nobody_in_particular(action, format!("payment:{payment_id}"))
}

fn of_order(event: OrderEvent) -> Deed {
    let OrderEvent::OrderChanged { order_id, change, .. } = event;
    Deed::by_nobody_in_particular(format!("order.{change}"), format!("order:{order_id}"))
}

fn activity(message: &Message, deed: Deed) -> Activity {
    let mut details: Map<String, Json> = message.data.read().unwrap_or_default();
    details.remove("type");
    // A source that says who it was knows best.
    let named = match details.remove("actor") {
        Some(Json::String(actor)) => Some(actor),
        _ => None,
    };
    let actor = named.or(deed.actor).unwrap_or_else(|| "system".to_owned());
    let edge = match actor.split(':').next() {
        Some("guest") => "shop",
        Some("operator") => "operator",
        _ => "internal",
    };
    Activity {
        id: message.id,
        at: message.time,
        actor,
        edge: edge.to_owned(),
        action: deed.action,
        subject: deed.subject,
        details,
        request_id: None,
    }
}
