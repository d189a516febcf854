//! Migrations: SQL files in Liquibase's format, with Liquibase's tables, for each service's schema.
//!
//! The files are plain, so that Liquibase itself can read their state and apply them. A change set and the note of it are one
//! transaction, so a migration that was killed goes on where it was. Liquibase's own checksums are left empty, which
//! it fills in; ours, which detect that an applied change set was edited, are in a table of their own.

mod change_set;
mod rights;
mod schema;

pub use change_set::ChangeSet;
pub use rights::check_rights;
pub use schema::{Migration, migrate, pending};
pub(crate) use schema::{check, role_name, schema_name};

use change_set::MigrationFile;

/// Files, in the order in which they are applied.
const FILES: &[MigrationFile] = &[
    MigrationFile {
        name: "0001-initial.sql",
        text: include_str!("../migrations/0001-initial.sql"),
    },
    MigrationFile { name: "0002-lease.sql", text: include_str!("../migrations/0002-lease.sql") },
];

/// All change sets, in their order.
pub(crate) fn change_sets() -> Vec<ChangeSet> {
    FILES.iter().flat_map(MigrationFile::change_sets).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn liquibase_has_the_same_files_in_the_same_order() {
        let changelog = include_str!("../migrations/changelog.xml");
        let included: Vec<_> = changelog
            .split("<include file=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert_eq!(included, FILES.iter().map(|file| file.name).collect::<Vec<_>>());
    }
}
