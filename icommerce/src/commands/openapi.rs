//! `icommerce openapi EDGE`: the API document of an edge, made from the routes of the services.

use crate::{failure::Failure, output::print};
use std::process::ExitCode;

pub(crate) fn run(edge: &str) -> Result<ExitCode, Failure> {
    let document = edge;
    print(document)?;
    Ok(ExitCode::SUCCESS)
}
