//! Auth scenario: tokens for programs and for people, sign-ins, and what the check of a token costs a service.

mod token_check;
mod user_sign_in;

use super::{compare_with_baseline, row};
use crate::{
    config::RunConfig,
    http_connection::HttpConnection,
    load_generator::{Sample, Workload, generate_load},
    numbers::float,
    process::{DataFolder, Server},
    report::Row,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use std::{path::Path, process::Command};
use tokio::time::Instant;

const TOKEN_PATH: &str = "/auth/token";

/// All rows of the scenario.
pub(super) async fn auth(config: RunConfig) -> Result<Vec<Row>, String> {
    Ok(vec![
        client_credentials(&config).await?,
        user_sign_in::refresh(&config).await?,
        user_sign_in::sign_in(&config).await?,
        token_check::checks(config.time).await?,
    ])
}

/// Tokens of a program, which authenticates itself by its secret; beside them, those of the provider for node.
async fn client_credentials(config: &RunConfig) -> Result<Row, String> {
    let data = DataFolder::new(&config.program)?;
    data.begin()?;
    let scopes = ["--grant", "client_credentials", "--scope", "orders.read"];
    let authorization = register(&data, "robot", &scopes)?;
    let shop = data.serve()?;
    let workload = || ClientCredentials { path: TOKEN_PATH, authorization: authorization.clone() };
    let row = row("client credentials, ES256", "token", config);
    let row = compare_with_baseline(row, config, shop, workload).await?;
    match &config.oidc_provider {
        None => Ok(row),
        Some(program) => with_oidc_provider(row, config, program).await,
    }
}

async fn with_oidc_provider(row: Row, config: &RunConfig, program: &Path) -> Result<Row, String> {
    let mut node = Command::new("node");
    node.arg(program);
    let server = Server::program(node)?;
    let authorization = basic("robot", "a-secret-of-a-measurement");
    let workload = ClientCredentials { path: "/token", authorization };
    let measured = generate_load(config, &server, workload).await?;
    let per_second = float(measured.iterations) / measured.took.as_secs_f64();
    let ratio = row.shop.as_ref().map_or(0.0, |shop| shop.per_second / per_second);
    Ok(row
        .with("npm oidc-provider", per_second, "/s")
        .with("npm oidc-provider: CPU", measured.used.cpu_us_each(measured.iterations), "µs")
        .with("the shop over npm oidc-provider", ratio, "×"))
}

/// Registers a client; the header by which it authenticates itself.
fn register(data: &DataFolder, id: &str, flags: &[&str]) -> Result<String, String> {
    let arguments = [&["auth", "client", "add", id, "--json"], flags].concat();
    let printed = data.run(&arguments, "")?;
    let client: serde_json::Value =
        serde_json::from_str(&printed).map_err(|error| error.to_string())?;
    let secret = client["client_secret"].as_str().ok_or("the client has no secret")?;
    Ok(basic(id, secret))
}

/// Value of the header `Authorization` (RFC 6749, section 2.3.1) of an identifier and a secret without special characters.
fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}")))
}

/// Workload: a token by client credentials.
struct ClientCredentials {
    path: &'static str,
    authorization: String,
}

impl Workload for ClientCredentials {
    async fn run(
        &self,
        connection: &mut HttpConnection,
        _: usize,
        _: u64,
    ) -> Result<Sample, String> {
        let headers = [("authorization", self.authorization.as_str())];
        let form = "grant_type=client_credentials&scope=orders.read";
        let started_at = Instant::now();
        let response = connection.submit_form(self.path, &headers, form).await?;
        response.expect_status(200)?;
        // {"alg":"ES256" in base64url: the row says so.
        if !response.body.windows(ES256_HEADER.len()).any(|part| part == ES256_HEADER) {
            return Err("the token is not signed with ES256".to_owned());
        }
        Ok(Sample { kind: "token", took: started_at.elapsed() })
    }
}

/// Begin of every token whose header begins with the algorithm ES256, in base64url.
const ES256_HEADER: &[u8] = b"eyJhbGciOiJFUzI1NiIs";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_authenticates_itself_as_the_rfc_shows() {
        assert_eq!(basic("s6BhdRkqt3", "gX1fBat3bV"), "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW");
    }
}
