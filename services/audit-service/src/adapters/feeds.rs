//! Feed consumers: turn contract events of other services into activities.

mod auth;

use crate::application::{Digests, IdDigest, OF_EVENTS, Recorder, StoredActivity, into_chunks};
use async_trait::async_trait;
use contracts::{
    auth_event::{AuthEvent, SignInOutcome},
    cart::CartEvent,
    inventory::InventoryEvent,
    order::{OrderEvent, OrderStatus},
    payment::{PaymentEvent, PaymentState},
    product::{ProductEvent, ProductStatus},
    shared::{ActivityId, ProductId, Sku},
};
use identifiers::{AccountId, GrantId};
use kernel::{Edge, Money, Origin, UnitPrice};
use messaging::{FeedEvent, Handler, HandlerError, Message};
use runtime::{BuildContext, BuildError};
use serde::Serialize;
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
    AuthEvent::SOURCE,
];

/// Consumes the feeds of [`SOURCES`].
pub(crate) fn consume(context: &BuildContext, recorder: &Arc<Recorder>) -> Result<(), BuildError> {
    fn from<E: AuditedEvent>(
        context: &BuildContext,
        recorder: &Arc<Recorder>,
    ) -> Result<(), BuildError> {
        let handler = ActivityRecorder(Arc::clone(recorder));
        context.consume::<E>(GROUP, &context.bulk.projected(), Arc::new(handler))
    }
    from::<ProductEvent>(context, recorder)?;
    from::<CartEvent>(context, recorder)?;
    from::<InventoryEvent>(context, recorder)?;
    from::<PaymentEvent>(context, recorder)?;
    from::<OrderEvent>(context, recorder)?;
    from::<AuthEvent>(context, recorder)
}

/// Message handler that records an activity for each event of a user's or operator's action.
#[derive(Debug)]
struct ActivityRecorder(Arc<Recorder>);

#[async_trait]
impl<E: AuditedEvent> Handler<E> for ActivityRecorder {
    async fn handle(&self, message: &Message<E>) -> Result<Vec<Write>, HandlerError> {
        let Some(action) = message.event.action(&self.0.digests) else { return Ok(Vec::new()) };
        // A feed that is read again has the budgets of the days that its messages are from.
        let write = self.0.write_stored(activity(message, action), || message.time);
        let write = write.map_err(|error| HandlerError::Poison(error.to_string()))?;
        Ok(write.into_iter().collect())
    }

    fn coalesce(&self, writes: Vec<Write>) -> Vec<Write> {
        into_chunks(writes, &OF_EVENTS)
    }
}

/// Contract event that is audited.
trait AuditedEvent: FeedEvent {
    /// Action behind the event; `None` when the event is a consequence of others.
    fn action(&self, digests: &Digests) -> Option<AuditedAction<'_>>;
}

/// Audited action: what was done to which subject, and by whom as far as the event says it.
struct AuditedAction<'a> {
    name: String,
    subject: String,
    actor: Actor,
    details: ActionDetails<'a>,
}

/// Actor as an event knows it; its origin may know more.
enum Actor {
    /// The event does not say who caused it.
    System,
    /// Some operator.
    Operator,
    /// This shopper.
    Shopper(String),
    /// This person, if the event comes from the shop. Operators and the system can do the same.
    Owner(String),
}

/// Details of an action: the fields of its event, in the order of the alphabet, with digests in place of ids that open
/// something.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ActionDetails<'a> {
    Product {
        change: &'a str,
        product_id: ProductId,
        status: ProductStatus,
    },
    Price {
        new: UnitPrice,
        old: Option<UnitPrice>,
        product_id: ProductId,
        sku: &'a Sku,
    },
    Cart {
        cart_id: IdDigest,
        change: &'a str,
        quantity: Option<i64>,
        sku: Option<&'a Sku>,
    },
    Stock {
        location: &'a str,
        quantity: i64,
        reason: Option<&'a str>,
        sku: &'a Sku,
    },
    StockPolicy {
        sku: &'a Sku,
        untracked: bool,
    },
    Payment {
        order_id: IdDigest,
        payment_id: IdDigest,
        state: PaymentState,
    },
    Order {
        change: &'a str,
        number: &'a str,
        order_id: IdDigest,
        status: OrderStatus,
        total: Money,
    },
    Erasure {
        order_id: IdDigest,
    },
    SignIn {
        account_id: Option<AccountId>,
        outcome: SignInOutcome,
    },
    Account {
        account_id: AccountId,
        change: &'a str,
        client_id: Option<&'a str>,
    },
    Client {
        change: &'a str,
        client_id: &'a str,
    },
    Grant {
        change: &'a str,
        grant_id: GrantId,
    },
    Keys {
        at_once: bool,
    },
}

impl<'a> AuditedAction<'a> {
    /// Action whose event does not say who caused it.
    fn by_system(name: String, subject: String, details: ActionDetails<'a>) -> Self {
        Self { name, subject, actor: Actor::System, details }
    }

    /// Action of an operator on the stock of a SKU.
    fn by_operator(name: &str, sku: &Sku, details: ActionDetails<'a>) -> Self {
        let subject = format!("stock:{sku}");
        Self { name: name.to_owned(), subject, actor: Actor::Operator, details }
    }
}

/// Actor and edge: those of an operator wherever one is known to be the origin. Of shoppers the event itself may know
/// more than the origin does.
fn actor_and_edge(actor: Actor, origin: Option<&Origin>) -> (String, Edge) {
    let edge = origin.map(|origin| origin.edge);
    match (actor, edge) {
        (_, Some(Edge::Operator)) => {
            let name = origin.and_then(|origin| origin.actor.as_deref());
            (name.unwrap_or("operator").to_owned(), Edge::Operator)
        }
        (Actor::Shopper(name), _) | (Actor::Owner(name), Some(Edge::Shop)) => (name, Edge::Shop),
        (Actor::System | Actor::Operator, Some(Edge::Shop)) => {
            let name = origin.and_then(|origin| origin.actor.as_deref());
            (name.unwrap_or("guest").to_owned(), Edge::Shop)
        }
        (Actor::Operator, _) => ("operator".to_owned(), Edge::Operator),
        (Actor::System | Actor::Owner(_), _) => ("system".to_owned(), Edge::Internal),
    }
}

impl AuditedEvent for ProductEvent {
    fn action(&self, _: &Digests) -> Option<AuditedAction<'_>> {
        let (id, change, details) = match self {
            Self::ProductChanged { product_id, change, status } => {
                let (product_id, status) = (*product_id, *status);
                (product_id, &**change, ActionDetails::Product { change, product_id, status })
            }
            Self::PriceChanged { product_id, sku, old, new } => {
                let (product_id, old, new) = (*product_id, *old, *new);
                (product_id, "price_changed", ActionDetails::Price { new, old, product_id, sku })
            }
        };
        let (name, subject) = (["product.", change].concat(), format!("product:{id}"));
        Some(AuditedAction::by_system(name, subject, details))
    }
}

impl AuditedEvent for CartEvent {
    fn action(&self, digests: &Digests) -> Option<AuditedAction<'_>> {
        let Self::CartChanged { cart_id, change, sku, quantity } = self;
        let (cart_id, quantity) = (digests.of(*cart_id), *quantity);
        Some(AuditedAction {
            name: ["cart.", change].concat(),
            subject: cart_id.named("cart:"),
            actor: Actor::Shopper(cart_id.named("guest:")),
            details: ActionDetails::Cart { cart_id, change, quantity, sku: sku.as_ref() },
        })
    }
}

impl AuditedEvent for InventoryEvent {
    fn action(&self, _: &Digests) -> Option<AuditedAction<'_>> {
        match self {
            // Derived from orders and movements, which are published on their own.
            Self::AvailabilityChanged { .. } => None,
            Self::StockChanged { sku, location, quantity, reason } => {
                let (quantity, reason) = (*quantity, reason.as_deref());
                let details = ActionDetails::Stock { location, quantity, reason, sku };
                Some(AuditedAction::by_operator("stock.changed", sku, details))
            }
            Self::StockPolicyChanged { sku, untracked } => {
                let details = ActionDetails::StockPolicy { sku, untracked: *untracked };
                Some(AuditedAction::by_operator("stock.policy_changed", sku, details))
            }
        }
    }
}

impl AuditedEvent for PaymentEvent {
    fn action(&self, digests: &Digests) -> Option<AuditedAction<'_>> {
        let Self::PaymentChanged { payment_id, order_id, state } = self;
        let (payment_id, order_id) = (digests.of(*payment_id), digests.of(*order_id));
        let details = ActionDetails::Payment { order_id, payment_id, state: *state };
        let name = ["payment.", state_name(*state)].concat();
        Some(AuditedAction::by_system(name, payment_id.named("payment:"), details))
    }
}

/// State as the contract spells it.
fn state_name(state: PaymentState) -> &'static str {
    match state {
        PaymentState::Created => "created",
        PaymentState::RequiresAction => "requires_action",
        PaymentState::Unknown => "unknown",
        PaymentState::Authorised => "authorised",
        PaymentState::PartiallyCaptured => "partially_captured",
        PaymentState::Captured => "captured",
        PaymentState::Refunded => "refunded",
        PaymentState::Voided => "voided",
        PaymentState::Failed => "failed",
    }
}

impl AuditedEvent for OrderEvent {
    fn action(&self, digests: &Digests) -> Option<AuditedAction<'_>> {
        let (change, order_id, details) = match self {
            Self::OrderChanged { order_id, number, change, status, total } => {
                let (order_id, status, total) = (digests.of(*order_id), *status, *total);
                (
                    &**change,
                    order_id,
                    ActionDetails::Order { change, number, order_id, status, total },
                )
            }
            Self::CustomerErased { order_id } => {
                let order_id = digests.of(*order_id);
                ("customer_erased", order_id, ActionDetails::Erasure { order_id })
            }
        };
        let (name, subject) = (["order.", change].concat(), order_id.named("order:"));
        Some(AuditedAction::by_system(name, subject, details))
    }
}

fn activity<'a, E: AuditedEvent>(
    message: &'a Message<E>,
    action: AuditedAction<'a>,
) -> StoredActivity<'a, ActionDetails<'a>> {
    let AuditedAction { name, subject, actor, details } = action;
    let origin = message.origin.as_ref();
    let (actor, edge) = actor_and_edge(actor, origin);
    // Of operators only: the address of a shopper is nobody's business.
    let origin = origin.filter(|origin| origin.edge == Edge::Operator);
    StoredActivity {
        id: ActivityId(message.id),
        at: message.time,
        actor,
        edge: edge.as_str(),
        address: origin.and_then(|origin| origin.address).map(|address| address.to_string()),
        user_agent: origin.and_then(|origin| origin.user_agent.as_deref()),
        action: name,
        subject,
        details,
        request_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_spelt_as_in_the_contract() {
        use PaymentState as State;
        for state in [
            State::Created,
            State::RequiresAction,
            State::Unknown,
            State::Authorised,
            State::PartiallyCaptured,
            State::Captured,
            State::Refunded,
            State::Voided,
            State::Failed,
        ] {
            assert_eq!(serde_json::to_value(state).unwrap(), state_name(state));
        }
    }
}
