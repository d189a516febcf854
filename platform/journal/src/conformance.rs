//! What every engine's journal must do; engines run this suite against themselves.
