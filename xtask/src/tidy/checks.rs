//! The rules a machine can check, one small function each.

mod dependencies;
mod documents;
mod domain;
mod engines;
mod leftovers;
mod licence;
mod lock;
mod sizes;
mod vocabulary;
mod weight;

use super::finding::Check;
pub(crate) use sizes::distribution;

/// Every rule, in the order in which its findings are printed.
pub(crate) const ALL: &[Check] = &[
    leftovers::READABLE,
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
    leftovers::NO_MOD_RS,
    leftovers::FINISHED,
    leftovers::MACHINE_PATHS,
    dependencies::MANIFESTS,
    documents::MAP,
    documents::LINKS,
    weight::LIGHT,
    weight::LICENCES,
    lock::SOURCES,
    lock::ONE_VERSION,
];
