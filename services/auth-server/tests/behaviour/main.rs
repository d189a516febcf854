//! The provider through its HTTP interface, on the memory engine.

mod administration;
mod authorize;
mod back_channel;
mod claims;
mod clients;
mod device;
mod dpop;
mod harness;
mod introspection;
mod logout;
mod metadata;
mod proofs;
mod pushed;
mod races;
mod refresh;
mod registration;
mod request_objects;
mod set_up;
mod sign_in;
mod token;
mod token_exchange;
mod userinfo;
