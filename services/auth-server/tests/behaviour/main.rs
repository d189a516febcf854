//! The provider through its HTTP interface, on the memory engine.

mod administration;
mod authorize;
mod clients;
mod harness;
mod introspection;
mod logout;
mod metadata;
mod races;
mod refresh;
mod set_up;
mod sign_in;
mod token;
mod userinfo;
