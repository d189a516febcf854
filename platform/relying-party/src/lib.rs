//! OpenID Connect relying party (OpenID Connect Core 1.0; RFC 9700): signs people in by the authorization code flow with PKCE, and keeps
//! their session on the server (backend for frontend). The browser has two cookies and no token: one for the time of the sign-in, and one
//! that is the session. Everything is `HttpOnly`; over https the names begin with `__Host-`.
//!
//! A part of the shop that signs people in makes one [`RelyingParty`] and uses it in four places:
//!
//! * its page "sign in" answers with [`RelyingParty::begin`];
//! * its redirect URI answers with [`RelyingParty::finish`];
//! * every request is asked for its [`RelyingParty::session`], whose access token then says who it is;
//! * its form "sign out", by POST and guarded against other sites, answers with [`RelyingParty::end`].
//!
//! The provider is reached over a [`Registrar`], which says how the relying party is registered, and over a channel to its token
//! endpoint. Nothing is stored before somebody has signed in. A stored session is sealed under a key that only its cookie has: a copy of
//! the data signs nobody in.

#![warn(missing_docs)]

mod cookie;
mod id_token;
mod provider;
mod relying_party;
mod seal;
mod session_store;
mod sign_in_error;
mod sign_in_state;

pub use provider::{ClientRegistration, Provider, Registrar, RegistrationError};
pub use relying_party::{Redirect, RelyingParty, RelyingPartyParts, WebOrigin};
pub use session_store::Session;
pub use sign_in_error::SignInError;
