//! Feed consumer: turns contract events of other services into activities.

use crate::application::{activity_write, into_chunks};
use async_trait::async_trait;
use contracts::{
    audit::Activity, cart::CartEvent, inventory::InventoryEvent, order::OrderEvent,
    payment::PaymentEvent, product::ProductEvent,
};
use messaging::{Handler, HandlerError, Message};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use storage::Write;

/// Message handler that records an activity for each event of a user's or operator's action.
#[derive(Debug)]
pub(crate) struct ActivityRecorder;

#[async_trait]
impl Handler for ActivityRecorder {
    async fn handle(&self, message: &Message) -> Result<Vec<Write>, HandlerError> {
        let poison = |error: &dyn std::error::Error| HandlerError::Poison(error.to_string());
        let action = action_of(message).map_err(|error| poison(&error))?;
        let Some(action) = action else { return Ok(Vec::new()) };
        let activity = activity(message, action);
        Ok(vec![activity_write(&activity).map_err(|error| poison(&error))?])
    }

    fn coalesce(&self, writes: Vec<Write>) -> Vec<Write> {
        into_chunks(writes)
    }
}

/// Audited action: what was done to which subject.
struct AuditedAction {
    name: String,
    subject: String,
    /// The actor, where the message determines it.
    actor: Option<String>,
}

impl AuditedAction {
    fn without_actor(name: String, subject: String) -> Self {
        Self { name, subject, actor: None }
    }
}

/// Action behind a message; `None` when the message is a consequence of other events.
fn action_of(message: &Message) -> Result<Option<AuditedAction>, serde_json::Error> {
    Ok(match &*message.source {
        "product-service" => Some(product_action(decode(message)?)),
        "shopping-cart-service" => Some(cart_action(decode(message)?)),
        "inventory-service" => inventory_action(decode(message)?),
        "payment-service" => Some(payment_action(&decode(message)?)),
        "order-service" => Some(order_action(decode(message)?)),
        _ => None,
    })
}

fn decode<T: DeserializeOwned>(message: &Message) -> Result<T, serde_json::Error> {
    message.data.read()
}

fn product_action(event: ProductEvent) -> AuditedAction {
    match event {
        ProductEvent::ProductChanged { product_id, change, .. } => AuditedAction::without_actor(
            format!("product.{change}"),
            format!("product:{product_id}"),
        ),
        ProductEvent::PriceChanged { product_id, .. } => {
            let subject = format!("product:{product_id}");
            AuditedAction::without_actor("product.price_changed".to_owned(), subject)
        }
    }
}

fn cart_action(event: CartEvent) -> AuditedAction {
    let CartEvent::CartChanged { cart_id, change, .. } = event;
    AuditedAction {
        name: format!("cart.{change}"),
        subject: format!("cart:{cart_id}"),
        actor: Some(format!("guest:{cart_id}")),
    }
}

fn inventory_action(event: InventoryEvent) -> Option<AuditedAction> {
    match event {
        // Derived from orders and movements, which are published on their own.
        InventoryEvent::AvailabilityChanged { .. } => None,
        InventoryEvent::StockChanged { sku, .. } => Some(AuditedAction {
            name: "stock.changed".to_owned(),
            subject: format!("stock:{sku}"),
            actor: Some("operator".to_owned()),
        }),
    }
}

fn payment_action(event: &PaymentEvent) -> AuditedAction {
    let PaymentEvent::PaymentChanged { payment_id, state, .. } = event;
    let state = serde_json::to_value(state).unwrap_or_default();
    let action = format!("payment.{}", state.as_str().unwrap_or("changed"));
    AuditedAction::without_actor(action, format!("payment:{payment_id}"))
}

fn order_action(event: OrderEvent) -> AuditedAction {
    let OrderEvent::OrderChanged { order_id, change, .. } = event;
    AuditedAction::without_actor(format!("order.{change}"), format!("order:{order_id}"))
}

fn activity(message: &Message, action: AuditedAction) -> Activity {
    let mut details: Map<String, Json> = message.data.read().unwrap_or_default();
    details.remove("type");
    // An actor named by the source takes precedence.
    let named = match details.remove("actor") {
        Some(Json::String(actor)) => Some(actor),
        _ => None,
    };
    let actor = named.or(action.actor).unwrap_or_else(|| "system".to_owned());
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
        action: action.name,
        subject: action.subject,
        details,
        request_id: None,
    }
}
