//! Adapters: the contract, HTTP, journal, documents, and the test processor.

pub(crate) mod bank_transfer;
pub(crate) mod contract;
#[cfg(feature = "defects")]
pub(crate) mod defects;
pub(crate) mod http;
pub(crate) mod journal;
pub(crate) mod maintenance;
pub(crate) mod settings;
pub(crate) mod signature;
pub(crate) mod test_processor;
pub(crate) mod unsettled_documents;
pub(crate) mod view;
