//! Use cases of the registry: it answers, replicates, and forgets.

pub(crate) mod maintenance;
pub(crate) mod node;
pub(crate) mod replication_link;
