//! Consumer of the order service's feed: writes requests for notifications, and notes whose customer was erased. It reads nothing, so
//! that an order costs one small write more, in the commit of the consumer's position.

use crate::{
    application::notifications::{erasure_write, request_write},
    domain::decision::{Decision, OrderChange, Window, decide},
};
use async_trait::async_trait;
use contracts::order::OrderEvent;
use kernel::Ids;
use messaging::{Handler, HandlerError, Message};
use std::fmt;
use storage::Write;
use telemetry::Counter;

/// Consumer group of the service.
pub(crate) const GROUP: &str = "notifications";

/// Message handler that requests notifications.
pub(crate) struct NotificationRequests {
    pub(crate) window: Window,
    pub(crate) ids: Ids,
    /// Events that were too old to be told.
    pub(crate) too_old: Counter,
}

#[async_trait]
impl Handler<OrderEvent> for NotificationRequests {
    async fn handle(&self, message: &Message<OrderEvent>) -> Result<Vec<Write>, HandlerError> {
        let (order, change) = match &message.event {
            OrderEvent::CustomerErased { order_id } => return Ok(vec![erasure_write(*order_id)]),
            OrderEvent::OrderChanged { order_id, change, .. } => (*order_id, change),
        };
        let change = OrderChange { order, change, event: message.id, at: message.time };
        match decide(&change, self.ids.now(), self.window) {
            Decision::Nothing => Ok(Vec::new()),
            Decision::TooOld => {
                self.too_old.inc_by(1);
                Ok(Vec::new())
            }
            Decision::Tell(request) => {
                let write = request_write(&request);
                write.map(|it| vec![it]).map_err(|error| HandlerError::Poison(error.to_string()))
            }
        }
    }
}

impl fmt::Debug for NotificationRequests {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("NotificationRequests")
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}
