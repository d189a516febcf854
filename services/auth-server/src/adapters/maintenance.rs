//! Offline maintenance.

use runtime::Maintenance;

/// Nothing is derived from the journal but what is in memory: the records beside it are primary.
pub(crate) fn maintenance() -> Maintenance {
    let primary = Some(
        "passwords, e-mail addresses and keys are records of their own, which no journal can bring back",
    );
    Maintenance { primary, ..Maintenance::default() }
}
