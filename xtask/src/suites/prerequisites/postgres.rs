//! PostgreSQL, from the system's packages.

use super::{Availability, installer};
use crate::process;
use std::path::Path;

/// Where Debian's packages put the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";
const VERSION_MIN: u32 = 15;

/// Finds the folder of the server's programs, or installs it.
pub(super) fn ensure() -> Availability {
    installer::system_packages("postgresql", programs)
}

/// Folder of the programs of the newest version.
fn programs() -> Option<String> {
    let versions = std::fs::read_dir(VERSIONS).ok().into_iter().flatten().flatten();
    let numbers = versions.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let newest = numbers.filter(|version| *version >= VERSION_MIN).max();
    let of_version = newest.map(|version| format!("{VERSIONS}/{version}/bin"));
    let folder = of_version.or_else(|| process::output_of("pg_config", "--bindir"))?;
    Path::new(&folder).join("postgres").is_file().then_some(folder)
}
