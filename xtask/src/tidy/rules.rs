//! Rules that a machine can check, one small function each.

mod dependencies;
mod dependency_graph;
mod documents;
mod domain;
mod engines;
mod hygiene;
mod licence;
mod lockfile;
mod retired_names;
mod sizes;
mod unique_types;
mod vocabulary;

use super::rule::Rule;
pub(crate) use sizes::distribution;

/// Every rule, in the order in which its findings are printed.
pub(crate) const ALL: &[Rule] = &[
    hygiene::SYNTAX,
    dependencies::SERVICES_APART,
    vocabulary::PLATFORM_WORDS,
    dependencies::CONTRACTS_LEAN,
    dependencies::KERNEL_PURE,
    engines::ENGINES,
    dependencies::DRIVERS_WRAPPED,
    vocabulary::MODE_FLAGS,
    domain::DOMAIN_PURE,
    domain::DOMAIN_SERIALISABLE,
    sizes::FILES_SHORT,
    sizes::FUNCTIONS_SHORT,
    sizes::MAIN_SHORT,
    vocabulary::TYPE_NAMES,
    unique_types::UNIQUE_TYPES,
    retired_names::RETIRED_NAMES,
    hygiene::NO_MOD_RS,
    hygiene::UNFINISHED,
    hygiene::MACHINE_PATHS,
    dependencies::MANIFESTS,
    documents::MAP,
    documents::LINKS,
    dependency_graph::CRATE_COUNT,
    dependency_graph::LICENCES,
    lockfile::SOURCES,
    lockfile::ONE_VERSION,
];
