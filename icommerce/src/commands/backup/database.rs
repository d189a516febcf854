//! Backup of a shop in a database: everything as of one moment, in the form of a data folder, so that it can be restored into either
//! storage. The shop may run meanwhile, and need not be asked.

use super::BackupManifest;
use crate::{error::CliError, process::ProcessSettings};
use kernel::Ids;
use std::path::Path;

#[cfg(feature = "postgres")]
pub(super) async fn back_up(
    process: &ProcessSettings,
    folder: &Path,
    config: Option<&Path>,
    ids: &Ids,
) -> Result<BackupManifest, CliError> {
    use super::manifest::{BackupPoint, describe};
    use shop_client::Progress;

    let taken_at = ids.now();
    let (report, keys) =
        crate::wiring::back_up_database(process, folder, Progress::on_standard_error()).await?;
    let point = BackupPoint { position: report.position, keys, taken_at };
    describe(folder, config, point).map_err(|error| super::failed(folder, &error))
}

#[cfg(not(feature = "postgres"))]
#[expect(clippy::unused_async, reason = "with the engine it reads a database")]
pub(super) async fn back_up(
    _: &ProcessSettings,
    _: &Path,
    _: Option<&Path>,
    _: &Ids,
) -> Result<BackupManifest, CliError> {
    Err(crate::wiring::without_postgres())
}
