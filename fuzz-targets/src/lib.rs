//! Fuzz targets: for every parser that takes bytes from outside a function that parses and asserts an invariant.
//!
//! The targets run in two ways. In `fuzz/`, outside the workspace, libFuzzer runs them under a nightly toolchain, led by coverage.
//! Everywhere else [`SeededRun`] feeds them with mutations of the same corpora: the tests of this crate a few hundred, and
//! `cargo xtask fuzz` as many as the time allows. A target never looks at the time and has no randomness of its own, so that the same bytes
//! always have the same outcome.

mod corpus;
mod headers;
mod imports;
mod messages;
mod mutation;
mod passkeys;
mod pictures;
mod provider;
mod registry;
mod seeded_run;
mod target;
mod tokens;

pub use corpus::{Corpus, INPUT_BYTES_MAX};
pub use headers::{accept_language, bearer_token, cookies, form_origin, host};
pub use imports::catalogue_import;
pub use messages::{mail_message, product_body};
pub use passkeys::{passkey_authentication, passkey_registration};
pub use pictures::picture;
pub use provider::{
    basic_credentials, claims_request, form_parameters, redirect_uri, scim_filter, scim_patch,
};
pub use registry::{registry_batch, registry_instance};
pub use seeded_run::{Failure, SeededRun};
pub use target::{TARGETS, Target};
pub use tokens::{dpop_proof, jwk_set, jwt, jwt_payload};
