//! Feed consumers: turn contract events of other services into activities.

use crate::application::{Recorder, into_chunks};
use async_trait::async_trait;
use contracts::{
    audit::Activity, cart::CartEvent, inventory::InventoryEvent, order::OrderEvent,
    payment::PaymentEvent, product::ProductEvent, shared::ActivityId,
};
use kernel::{Edge, Origin};
use messaging::{FeedEvent, Handler, HandlerError, Message};
use runtime::{BuildContext, BuildError};
use serde_json::Value as Json;
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
pub(crate) fn consume(context: &BuildContext, recorder: &Arc<Recorder>) -> Result<(), BuildError> {
    fn from<E: AuditedEvent>(
        context: &BuildContext,
        recorder: &Arc<Recorder>,
    ) -> Result<(), BuildError> {
        let handler = ActivityRecorder(Arc::clone(recorder));
        context.consume::<E>(GROUP, &context.bulk, Arc::new(handler))
    }
    from::<ProductEvent>(context, recorder)?;
    from::<CartEvent>(context, recorder)?;
    from::<InventoryEvent>(context, recorder)?;
    from::<PaymentEvent>(context, recorder)?;
    from::<OrderEvent>(context, recorder)
}

/// Message handler that records an activity for each event of a user's or operator's action.
#[derive(Debug)]
struct ActivityRecorder(Arc<Recorder>);

#[async_trait]
impl<E: AuditedEvent> Handler<E> for ActivityRecorder {
    async fn handle(&self, message: &Message<E>) -> Result<Vec<Write>, HandlerError> {
        let Some(action) = message.event.action() else { return Ok(Vec::new()) };
        let poison = |error: &dyn std::error::Error| HandlerError::Poison(error.to_string());
        let activity = activity(message, action).map_err(|error| poison(&error))?;
        let write = self.0.write(activity).map_err(|error| poison(&error))?;
        Ok(write.into_iter().collect())
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

/// Audited action: what was done to which subject, and by whom where the origin of the event does not say it.
struct AuditedAction {
    name: String,
    subject: String,
    actor: String,
    edge: Edge,
}

impl AuditedAction {
    /// Action whose event does not say who caused it.
    fn by_system(name: String, subject: String) -> Self {
        Self { name, subject, actor: "system".to_owned(), edge: Edge::Internal }
    }

    /// Actor and edge: those of an operator wherever one is known to be the origin. Of shoppers the event itself may know
    /// more than the origin does.
    fn actor_and_edge(self, origin: Option<&Origin>) -> (String, Edge) {
        match origin {
            Some(Origin { edge: Edge::Operator, actor, .. }) => {
                (actor.as_deref().unwrap_or("operator").to_owned(), Edge::Operator)
            }
            Some(Origin { edge: Edge::Shop, .. }) if self.edge != Edge::Shop => {
                ("guest".to_owned(), Edge::Shop)
            }
            _ => (self.actor, self.edge),
        }
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
            edge: Edge::Shop,
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
                edge: Edge::Operator,
            }),
        }
    }
}

impl AuditedEvent for PaymentEvent {
    fn action(&self) -> Option<AuditedAction> {
        let Self::PaymentChanged { payment_id, state, .. } = self;
        let state = serde_json::to_value(state).expect("a state is a word");
        let name = format!("payment.{}", state.as_str().expect("a state is a word"));
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
    let Json::Object(mut details) = serde_json::to_value(&message.event)? else {
        unreachable!("a contract's event has a type beside its fields")
    };
    details.remove("type");
    let (name, subject) = (action.name.clone(), action.subject.clone());
    let origin = message.origin.as_ref();
    let (actor, edge) = action.actor_and_edge(origin);
    // Of operators only: the address of a shopper is nobody's business.
    let origin = origin.filter(|origin| origin.edge == Edge::Operator);
    Ok(Activity {
        id: ActivityId(message.id),
        at: message.time,
        actor,
        edge: edge.as_str().to_owned(),
        address: origin.and_then(|origin| origin.address).map(|address| address.to_string()),
        user_agent: origin.and_then(|origin| origin.user_agent.as_deref()).map(str::to_owned),
        action: name,
        subject,
        details,
        request_id: None,
    })
}
