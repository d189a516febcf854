//! `icommerce move`: moves a stopped shop with all its history from one storage to another.

use crate::{
    cli::{MoveFlags, ProcessFlags},
    error::CliError,
    process::{self, ProcessSettings},
};
use settings::Flag;
use std::{path::PathBuf, process::ExitCode};

/// Storage, as the command line names it.
#[derive(Debug, PartialEq, Eq)]
enum StorageName {
    Folder(PathBuf),
    /// Database; that of the settings without a URL.
    Database(Option<String>),
}

/// What is moved: the folder, and in which direction.
#[derive(Debug, PartialEq, Eq)]
enum Direction {
    IntoDatabase(PathBuf),
    IntoFolder(PathBuf),
}

pub(crate) fn run(flags: &ProcessFlags, command: &MoveFlags) -> Result<ExitCode, CliError> {
    let (from, to) = (named("--from", &command.from)?, named("--to", &command.to)?);
    let (direction, flag, url) = match (from, to) {
        (StorageName::Folder(folder), StorageName::Database(url)) => {
            (Direction::IntoDatabase(folder), "--to", url)
        }
        (StorageName::Database(url), StorageName::Folder(folder)) => {
            (Direction::IntoFolder(folder), "--from", url)
        }
        _ => {
            return Err(CliError::usage(
                "--from and --to: one of them is a folder (embedded:FOLDER), the other a database (postgres://USER@HOST/DATABASE)",
            ));
        }
    };
    let mut given = vec![Flag::new(flag, "storage.engine", "postgres")];
    given.extend(url.map(|url| Flag::new(flag, "storage.url", url)));
    // What follows is about a storage that one of the two has named.
    moved_with(flags, &given, &direction).map_err(|error| error.naming(&given))
}

fn moved_with(
    flags: &ProcessFlags,
    given: &[Flag],
    direction: &Direction,
) -> Result<ExitCode, CliError> {
    let settings = process::settings(flags, given.to_vec())?;
    let process = ProcessSettings::with_master_secret(&settings)?;
    process.init_logging()?;
    let (Direction::IntoDatabase(folder) | Direction::IntoFolder(folder)) = direction;
    if super::backup::contains(folder, &process.data)
        || super::backup::contains(&process.data, folder)
    {
        return Err(CliError::usage(format!(
            "{} and {} lie in each other; give the folder that belongs to the database with --data",
            process.data.display(),
            folder.display()
        )));
    }
    moved(&process, direction)
}

fn named(flag: &str, text: &str) -> Result<StorageName, CliError> {
    let is_url = text.starts_with("postgres://") || text.starts_with("postgresql://");
    match text.strip_prefix("embedded:") {
        Some(folder) if !folder.is_empty() => Ok(StorageName::Folder(folder.into())),
        None if is_url => Ok(StorageName::Database(Some(text.to_owned()))),
        None if text == "postgres" => Ok(StorageName::Database(None)),
        _ => Err(CliError::usage(format!(
            "{flag}: expected embedded:FOLDER, postgres://USER@HOST/DATABASE, or postgres for the database of the settings"
        ))),
    }
}

#[cfg(feature = "postgres")]
fn moved(process: &ProcessSettings, direction: &Direction) -> Result<ExitCode, CliError> {
    use crate::{
        output::print,
        wiring::{move_into_database, move_into_folder},
    };
    let report = super::worker_runtime()?.block_on(async {
        match direction {
            Direction::IntoDatabase(folder) => move_into_database(folder, process).await,
            Direction::IntoFolder(folder) => move_into_folder(process, folder).await,
        }
    })?;
    super::transferred::print(&report)?;
    let check = match direction {
        Direction::IntoDatabase(_) => {
            format!("icommerce check --storage postgres://… --data \"{}\"", process.data.display())
        }
        Direction::IntoFolder(folder) => {
            format!("icommerce check --data \"{}\"", folder.display())
        }
    };
    print(format!("both sides are the same; `{check}` checks the invariants of the new one"))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(not(feature = "postgres"))]
fn moved(_: &ProcessSettings, _: &Direction) -> Result<ExitCode, CliError> {
    Err(crate::wiring::without_postgres())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storage_is_a_folder_or_a_database() {
        let of = |text| named("--from", text);
        assert_eq!(of("embedded:./a b").unwrap(), StorageName::Folder("./a b".into()));
        assert_eq!(of("postgres").unwrap(), StorageName::Database(None));
        let url = "postgres://shop@127.0.0.1/shop";
        assert_eq!(of(url).unwrap(), StorageName::Database(Some(url.to_owned())));
        for wrong in ["", "embedded", "embedded:", "./data", "mysql://a/b", "postgres:x"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
