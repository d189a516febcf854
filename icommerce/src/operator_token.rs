//! Token with which a command uses the operator edge of a running shop.

use crate::error::CliError;
use kernel::Ids;
use shop_client::{EdgeClient, RetryPolicy, TokenSource};
use std::path::Path;

/// Variable with a token, or with the credentials of a client. It is no setting.
pub(crate) const VARIABLE: &str = "ICOMMERCE_TOKEN";

/// Client of the operator edge of a running shop, with a token of this file or of the variable. Without one it could do nothing, so
/// credentials that are wrong end the command before it begins.
pub(crate) async fn operator_client(
    address: &str,
    token_file: Option<&Path>,
    policy: RetryPolicy,
    ids: &Ids,
) -> Result<EdgeClient, CliError> {
    let tokens = operator_token(token_file)?;
    let client = EdgeClient::with_tokens(address, policy, ids.clone(), tokens.clone());
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
