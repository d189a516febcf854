//! Domain: what becomes a notification, and the states that it goes through.

pub(crate) mod backoff;
pub(crate) mod decision;
pub(crate) mod log;
pub(crate) mod notification;

#[cfg(test)]
mod tests;
