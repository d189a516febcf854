//! Token with which a command uses the operator edge of a running shop.

use crate::{error::CliError, process::ProcessSettings};
use kernel::Ids;
use shop_client::{EdgeClient, RetryPolicy, TokenSource};
use std::path::{Path, PathBuf};
use tls_files::{ClientTls, TlsFiles};

/// Variable with a token, or with the credentials of a client. It is no setting.
pub(crate) const VARIABLE: &str = "ICOMMERCE_TOKEN";

/// How a command reaches the operator edge of a running shop.
#[derive(Clone, Debug)]
pub(crate) struct OperatorAccess {
    pub(crate) address: String,
    /// File with a token, in place of the variable.
    token_file: Option<PathBuf>,
    tls: ClientTls,
}

impl OperatorAccess {
    /// Access to the edge at this address, or else to that of the settings. Over https the authorities in a file are trusted, and without
    /// one the public ones; the certificate of the settings is known.
    pub(crate) fn new(
        address: Option<&str>,
        process: &ProcessSettings,
        token_file: Option<&Path>,
        authority: Option<&Path>,
    ) -> Result<Self, CliError> {
        let own = address.is_none().then(|| process.own_operator_tls()).transpose()?.flatten();
        let tls = match (own, authority) {
            (Some(own), None) => own,
            (_, authority) => trusting(authority)?,
        };
        let address = address.map_or_else(|| process.own_operator(), str::to_owned);
        Ok(Self { address, token_file: token_file.map(Path::to_owned), tls })
    }

    /// Access to the edge at this address.
    pub(crate) fn named(
        address: &str,
        token_file: Option<&Path>,
        authority: Option<&Path>,
    ) -> Result<Self, CliError> {
        let (address, token_file) = (address.to_owned(), token_file.map(Path::to_owned));
        Ok(Self { address, token_file, tls: trusting(authority)? })
    }
}

/// TLS that trusts the authorities in a file (PEM), or the public ones.
pub(crate) fn trusting(authority: Option<&Path>) -> Result<ClientTls, CliError> {
    let certificate_authorities = authority.map(Path::to_owned);
    let tls = ClientTls::open(TlsFiles { certificate_authorities, ..TlsFiles::default() });
    tls.map_err(|error| CliError::unavailable(format!("--authority: {error}")))
}

/// Client of the operator edge of a running shop, with a token of the file or of the variable. Without one it could do nothing, so
/// credentials that are wrong end the command before it begins.
pub(crate) async fn operator_client(
    access: &OperatorAccess,
    policy: RetryPolicy,
    ids: &Ids,
) -> Result<EdgeClient, CliError> {
    let OperatorAccess { address, token_file, tls } = access.clone();
    let tokens = operator_token(token_file.as_deref())?.map(|it| it.with_tls(tls.clone()));
    let client = EdgeClient::with_tls(&address, policy, ids.clone(), tokens.clone(), tls);
    let client = client.map_err(CliError::usage)?;
    if let Some(tokens) = tokens {
        tokens.begin().await.map_err(CliError::usage)?;
    }
    Ok(client)
}

/// Source of the tokens: a file, or else the variable; none without either, which is enough for a demonstration.
fn operator_token(file: Option<&Path>) -> Result<Option<TokenSource>, CliError> {
    if let Some(file) = file {
        let source = TokenSource::of_file(file);
        return source.map(Some).map_err(|error| CliError::usage(format!("--token-file: {error}")));
    }
    let environment = settings::environment().map_err(CliError::usage)?;
    let variable = environment.iter().find(|(name, _)| name == VARIABLE);
    let Some((_, text)) = variable else { return Ok(None) };
    let source = TokenSource::of_text(text);
    source.map(Some).map_err(|error| CliError::usage(format!("{VARIABLE}: {error}")))
}
