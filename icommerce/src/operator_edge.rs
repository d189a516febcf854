//! Settings of the operator edge that follow from its listener and its process: whether it asks for a sign-in, its address, and the token
//! with which the process calls it itself.

use crate::{
    error::CliError,
    listeners::{ListenerAddress, Listeners},
    modules,
    process::ProcessSettings,
};
use jose::base64url_encode;
use kernel::Randomness;
use settings::{Secret, Settings};

/// Random bytes of the token.
const TOKEN_BYTES: usize = 32;

/// Token with which a process calls its own operator edge, as commands do that run a shop of their own, and the demonstration when it is
/// filled: that of the settings, or one that is made at each start and leaves the process only towards itself.
#[derive(Clone, Debug)]
pub(crate) struct ProcessToken(Secret);

impl ProcessToken {
    pub(crate) fn new(settings: &Settings, randomness: &dyn Randomness) -> Result<Self, CliError> {
        let given = modules::operator_token(settings).map_err(CliError::usage)?;
        if !given.is_empty() {
            return Ok(Self(given));
        }
        let mut bytes = [0; TOKEN_BYTES];
        randomness.fill(&mut bytes);
        Ok(Self(Secret::new(base64url_encode(bytes))))
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// Settings of the operator edge at its listener. One that is open asks nobody, unless the settings say that it does.
pub(crate) fn with_operator_edge(
    settings: Settings,
    process: &ProcessSettings,
    listeners: &Listeners,
    token: &ProcessToken,
) -> Result<Settings, CliError> {
    let preset = |settings: Settings, origin: &str, key: &str, value: &str| {
        settings.preset(origin, &[(key, value)]).map_err(CliError::usage)
    };
    let key = "api-gateway.operator_token";
    let mut settings = preset(settings, "this process", key, token.expose())?;
    if listeners.is_open_demonstration(process)? {
        let key = "api-gateway.operator_sign_in";
        settings = preset(settings, "the demonstration", key, "false")?;
    }
    let address = listeners.operator.as_ref().map(ListenerAddress::of).transpose()?;
    match address {
        Some(address) if address.socket.ip().is_loopback() => {
            let (key, address) = ("api-gateway.operator_url", address.to_string());
            preset(settings, "the address of the operator edge", key, &address)
        }
        _ => Ok(settings),
    }
}
