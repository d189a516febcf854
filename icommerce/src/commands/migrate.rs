//! `icommerce migrate`: brings the schemas of the database up to this program.

use crate::{
    cli::ProcessFlags,
    error::CliError,
    process::{self, EngineSetting, ProcessSettings},
};
use std::process::ExitCode;

pub(crate) fn run(flags: &ProcessFlags, is_dry_run: bool) -> Result<ExitCode, CliError> {
    let settings = process::settings(flags, Vec::new())?;
    let process: ProcessSettings = settings.top().map_err(CliError::usage)?;
    process.init_logging()?;
    match process.storage.engine {
        EngineSetting::Embedded => Err(CliError::usage(
            "a data folder is migrated when it is opened; `migrate` is for a database, as in `icommerce migrate --storage postgres://shop@127.0.0.1/shop`",
        )
        .about("storage.engine")),
        EngineSetting::Postgres => postgres(&process, is_dry_run),
    }
}

#[cfg(feature = "postgres")]
fn postgres(process: &ProcessSettings, is_dry_run: bool) -> Result<ExitCode, CliError> {
    use crate::{
        output::{LINE_COLUMNS, print, wrapped},
        wiring::{migrate_all, pending_migrations, sole_user},
    };
    let migrations = super::worker_runtime()?.block_on(async {
        if is_dry_run { pending_migrations(process).await } else { migrate_all(process).await }
    })?;
    let verb = if is_dry_run { "would apply" } else { "applied" };
    let mut count = 0;
    for migration in &migrations {
        for set in &migration.change_sets {
            count += 1;
            print(format_args!("{:<22} {verb} {}", migration.service, set.name()))?;
        }
    }
    if count == 0 {
        print("nothing to apply: every schema is up to date")?;
    }
    if let Some(user) = sole_user(process)? {
        print(wrapped(
            &format!(
                "No user but {user} is given the roles of the services. If the shop is to connect as another one, name that one in storage.url and {user} in storage.migrate_url."
            ),
            LINE_COLUMNS,
            "",
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(not(feature = "postgres"))]
fn postgres(_: &ProcessSettings, _: bool) -> Result<ExitCode, CliError> {
    Err(crate::wiring::without_postgres())
}
