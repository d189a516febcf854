//! Forgets small values whose time has come, for every service, a little at a time.

use kernel::Ids;
use std::{sync::Arc, time::Duration};
use storage::KeyValue;
use tokio::time::sleep;

/// How long between two rounds.
const PAUSE: Duration = Duration::from_mins(1);
/// How many values one round forgets at once.
const VALUES_MAX: usize = 1_000;

/// Sweeps for ever. A store that cannot at the moment is asked again in the next round: what is not swept is not
/// shown either.
pub(crate) async fn sweep(service: &'static str, values: Arc<dyn KeyValue>, ids: Ids) {
    loop {
        sleep(PAUSE).await;
        loop {
            match values.sweep(ids.now(), VALUES_MAX).await {
                Ok(VALUES_MAX) => tokio::task::yield_now().await,
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(service, %error, "values whose time has come are kept for now");
                    break;
                }
            }
        }
    }
}
