//! Guarded handler: panics, timeouts and invalid writes of a handler become [`HandlerError`]s.

use crate::{FeedEvent, Handler, HandlerError, Message};
use futures_util::FutureExt;
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use storage::Write;
use tokio::time::{Instant, timeout_at};
use transport::Context;

/// Timeout of handling one message, which is also the deadline of its calls.
const HANDLE_TIME_MAX: Duration = Duration::from_secs(30);

/// Handler behind its guard.
pub(crate) struct GuardedHandler<E>(Arc<dyn Handler<E>>);

impl<E: FeedEvent> GuardedHandler<E> {
    pub(crate) fn new(handler: Arc<dyn Handler<E>>) -> Self {
        Self(handler)
    }

    pub(crate) fn coalesce(&self, writes: Vec<Write>) -> Vec<Write> {
        self.0.coalesce(writes)
    }

    pub(crate) async fn handle(&self, message: &Message<E>) -> Result<Vec<Write>, HandlerError> {
        let deadline = Instant::now() + HANDLE_TIME_MAX;
        let context = Context { deadline: Some(deadline), ..Context::default() };
        let work = AssertUnwindSafe(context.scope(self.0.handle(message))).catch_unwind();
        let writes = match timeout_at(deadline, work).await {
            Ok(Ok(handled)) => handled?,
            // The panic hook has logged the cause.
            Ok(Err(_)) => return Err(HandlerError::Poison("its handler panicked".to_owned())),
            Err(_) => return Err(HandlerError::Retry("its handler took too long".to_owned())),
        };
        match writes.iter().try_for_each(Write::check) {
            Ok(()) => Ok(writes),
            Err(error) => Err(HandlerError::Poison(error.to_string())),
        }
    }
}
