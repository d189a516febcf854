//! Behaviour of the notification service through its routes, with a fake order service and a mail folder.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue should fail")]

mod fixture;
mod operators;
mod settings;
