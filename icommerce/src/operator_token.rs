//! Token with which a command uses the operator edge of a running shop.

use crate::error::CliError;
use shop_client::TokenSource;
use std::path::Path;

/// Variable with a token, or with the credentials of a client. It is no setting.
pub(crate) const VARIABLE: &str = "ICOMMERCE_TOKEN";

/// Source of the tokens: a file, or else the variable; none without either, which is enough for a demonstration.
pub(crate) fn operator_token(file: Option<&Path>) -> Result<Option<TokenSource>, CliError> {
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
