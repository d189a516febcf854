//! Feed consumers: turn contract events of other services into activities.

use crate::application::{activity_write, into_chunks};
use async_trait::async_trait;
use contracts::{
    audit::Activity, cart::CartEvent, inventory::InventoryEvent, order::OrderEvent,
    payment::PaymentEvent, product::ProductEvent, shared::ActivityId,
};
use messaging::{FeedEvent, Handler, HandlerError, Message};
use runtime::{BuildContext, BuildError};
use serde_json::{Map, Value as Json};
use std::sync::Arc;
use storage::Write;

/// Consumer group of the audit service.
pub(crate) const GROUP: &str = "audit";
/// The services whose feeds it consumes.
pub(crate) const SOURCES: &[&str] = &[
    ProductEvent::SOURCE,
    CartEvent::SOURCE,
    InventoryEvent::SOURCE,
    PaymentEvent::SOURCE,
    OrderEvent::SOURCE,
];

/// Consumes the feeds of [`SOURCES`].
pub(crate) fn consume(context: &BuildContext) -> Result<(), BuildError> {
    fn from<E: AuditedEvent>(context: &BuildContext) -> Result<(), BuildError> {
        context.consume::<E>(GROUP, &context.bulk, Arc::new(ActivityRecorder))
    }
    from::<ProductEvent>(context)?;
    from::<CartEvent>(context)?;
    from::<InventoryEvent>(context)?;
    from::<PaymentEvent>(context)?;
    from::<OrderEvent>(context)
}

/// Message handler that records an activity for each event of a user's or operator's action.
#[derive(Debug)]
struct ActivityRecorder;

#[async_trait]
impl<E: AuditedEvent> Handler<E> for ActivityRecorder {
    async fn handle(&self, message: &Message<E>) -> Result<Vec<Write>, HandlerError> {
        let Some(action) = message.event.action() else { return Ok(Vec::new()) };
        let poison = |error: &dyn std::error::Error| HandlerError::Poison(error.to_string());
        let activity = activity(message, action).map_err(|error| poison(&error))?;
        Ok(vec![activity_write(&activity).map_err(|error| poison(&error))?])
    }

    fn coalesce(&self, writes: Vec<Write>) -> Vec<Write> {
        into_chunks(writes)
    }
}

/// Contract event that is audited.
trait AuditedEvent: FeedEvent {
    /// Action behind the event; `None` when the event is a consequence of others.
    fn action(&self) -> Option<AuditedAction>;
}

/// Audited action: what was done to which subject, and by whom.
struct AuditedAction {
    name: String,
    subject: String,
    actor: String,
    edge: &'static str,
}

impl AuditedAction {
    /// Action whose event does not say who caused it.
    fn by_system(name: String, subject: String) -> Self {
        Self { name, subject, actor: "system".to_owned(), edge: "internal" }
    }
}

impl AuditedEvent for ProductEvent {
    fn action(&self) -> Option<AuditedAction> {
        let (product_id, change) = match self {
            Self::ProductChanged { product_id, change, .. } => (product_id, change.as_str()),
            Self::PriceChanged { product_id, .. } => (product_id, "price_changed"),
        };
        let (name, subject) = (format!("product.{change}"), format!("product:{product_id}"));
        Some(AuditedAction::by_system(name, subject))
    }
}

impl AuditedEvent for CartEvent {
    fn action(&self) -> Option<AuditedAction> {
        let Self::CartChanged { cart_id, change, .. } = self;
        Some(AuditedAction {
            name: format!("cart.{change}"),
            subject: format!("cart:{cart_id}"),
            actor: format!("guest:{cart_id}"),
            edge: "shop",
        })
    }
}

impl AuditedEvent for InventoryEvent {
    fn action(&self) -> Option<AuditedAction> {
        match self {
            // Derived from orders and movements, which are published on their own.
            Self::AvailabilityChanged { .. } => None,
            Self::StockChanged { sku, .. } => Some(AuditedAction {
                name: "stock.changed".to_owned(),
                subject: format!("stock:{sku}"),
                actor: "operator".to_owned(),
                edge: "operator",
            }),
        }
    }
}

impl AuditedEvent for PaymentEvent {
    fn action(&self) -> Option<AuditedAction> {
        let Self::PaymentChanged { payment_id, state, .. } = self;
        let state = serde_json::to_value(state).unwrap_or_default();
        let name = format!("payment.{}", state.as_str().unwrap_or("changed"));
        Some(AuditedAction::by_system(name, format!("payment:{payment_id}")))
    }
}

impl AuditedEvent for OrderEvent {
    fn action(&self) -> Option<AuditedAction> {
        let Self::OrderChanged { order_id, change, .. } = self;
        let (name, subject) = (format!("order.{change}"), format!("order:{order_id}"));
        Some(AuditedAction::by_system(name, subject))
    }
}

fn activity<E: AuditedEvent>(
    message: &Message<E>,
    action: AuditedAction,
) -> Result<Activity, serde_json::Error> {
    let mut details: Map<String, Json> = match serde_json::to_value(&message.event)? {
        Json::Object(details) => details,
        _ => Map::new(),
    };
    details.remove("type");
    let AuditedAction { name, subject, actor, edge } = action;
    Ok(Activity {
        id: ActivityId(message.id),
        at: message.time,
        actor,
        edge: edge.to_owned(),
        action: name,
        subject,
        details,
        request_id: None,
    })
}
