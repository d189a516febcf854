//! Forgets what is older than an operator wants it kept, a little at a time.

use super::Trail;
use kernel::Ids;
use std::{sync::Arc, time::Duration};

/// How often old activities are looked for.
const SWEEP_EVERY: Duration = Duration::from_mins(10);
/// How many bundles are forgotten at once.
const SWEEP_BUNDLES_MAX: usize = 500;
/// The pause between two of these: new activities come first.
const SWEEP_PAUSE: Duration = Duration::from_millis(100);

/// Forgets for ever, whenever something is older than `kept`.
pub(crate) async fn keep_within(trail: Arc<Trail>, ids: Ids, kept: Duration) {
    loop {
        // A clock that stands before the beginning of time keeps everything.
        let forgotten = match ids.now().checked_sub(kept) {
            Ok(until) => trail.forget_before(until, SWEEP_BUNDLES_MAX).await,
            Err(_) => Ok(0),
        };
        let pause = match forgotten {
            Ok(SWEEP_BUNDLES_MAX..) => SWEEP_PAUSE,
            Ok(_) => SWEEP_EVERY,
            Err(error) => {
                tracing::warn!(%error, "old activities could not be forgotten");
                SWEEP_EVERY
            }
        };
        tokio::time::sleep(pause).await;
    }
}
