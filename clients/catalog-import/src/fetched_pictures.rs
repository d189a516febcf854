//! Pictures that the shop fetches after an import: progress until they are there, and what failed.

use crate::ImportError;
use contracts::product::{MediaFailure, MediaReport};
use shop_client::{EdgeClient, Progress, Unit};
use std::{fmt, time::Duration};
use tokio::time::{Instant, sleep};

/// Pause between two looks at the state.
const PAUSE: Duration = Duration::from_millis(500);
/// Time without any progress after which the rest is left to the shop.
const STALLED: Duration = Duration::from_mins(2);
/// Failures that are named.
const NAMED_MAX: usize = 10;

/// Outcome of fetching pictures. It displays as one line, and a line for each of the first failures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchedPictures {
    /// Pictures in the shop.
    pub stored: u64,
    /// Pictures that could not be fetched.
    pub failed: u64,
    /// Pictures that the shop goes on fetching, or that it does not fetch because a setting says so.
    pub pending: u64,
    /// The first failures.
    pub failures: Vec<MediaFailure>,
}

/// Waits until the shop behind this operator edge has fetched its pictures, or makes no progress any more.
///
/// # Errors
///
/// [`ImportError::Shop`] where the shop does not answer.
pub async fn wait_for_pictures(
    operator: &EdgeClient,
    progress: Progress,
) -> Result<FetchedPictures, ImportError> {
    let mut report = state(operator).await?;
    let total = report.pending;
    if total > 0 && report.fetching {
        let meter = progress.begin("pictures", total, Unit::Things);
        let (mut least, mut progressed_at) = (total, Instant::now());
        while report.pending > 0 && progressed_at.elapsed() < STALLED {
            sleep(PAUSE).await;
            report = state(operator).await?;
            if report.pending < least {
                meter.advance(least - report.pending);
                (least, progressed_at) = (report.pending, Instant::now());
            }
        }
    }
    let MediaReport { pending, stored, failed, failures, .. } = report;
    Ok(FetchedPictures { stored, failed, pending, failures })
}

async fn state(operator: &EdgeClient) -> Result<MediaReport, ImportError> {
    Ok(operator.get("/api/v1/media").send().await?)
}

impl fmt::Display for FetchedPictures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stored, failed, pending, failures } = self;
        write!(out, "pictures from elsewhere: {stored} in the shop, {failed} failed")?;
        if *pending > 0 {
            write!(out, ", {pending} not fetched yet")?;
        }
        for MediaFailure { slug, source, reason, .. } in failures.iter().take(NAMED_MAX) {
            write!(out, "\n  {slug}: {source} {reason}")?;
        }
        if failures.len() > NAMED_MAX {
            write!(out, "\n  and others; GET /api/v1/media on the operator edge names them")?;
        }
        Ok(())
    }
}
