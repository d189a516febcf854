//! Lease on the services of the process, where several processes share the storage.

#[cfg(feature = "postgres")]
use crate::process::EngineSetting;
use crate::{error::CliError, process::ProcessSettings};
use std::sync::Arc;
use storage::Lease;

/// Lease with the services that it is of, in the order of its parts; `None` where no other process can have them.
#[cfg(feature = "postgres")]
pub(crate) async fn lease(
    process: &ProcessSettings,
) -> Result<Option<(Arc<dyn Lease>, Vec<&'static str>)>, CliError> {
    if process.storage.engine != EngineSetting::Postgres {
        return Ok(None);
    }
    let lease = super::postgres::lease(process).await?;
    Ok(lease.map(|(lease, services)| (Arc::new(lease) as Arc<dyn Lease>, services)))
}

/// None: the embedded engine has its folder alone.
#[cfg(not(feature = "postgres"))]
pub(crate) async fn lease(
    _: &ProcessSettings,
) -> Result<Option<(Arc<dyn Lease>, Vec<&'static str>)>, CliError> {
    Ok(None)
}
