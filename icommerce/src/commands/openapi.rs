//! `icommerce openapi EDGE`: the API document of an edge, made from the routes of the services.

use super::worker;
use crate::{
    cli::{EdgeName, ProcessFlags},
    failure::Failure,
    output::print,
    process, shop,
};
use std::process::ExitCode;
use transport::Edge;

pub(crate) fn run(flags: &ProcessFlags, edge: EdgeName) -> Result<ExitCode, Failure> {
    let settings = process::settings(flags, Vec::new())?;
    let edge = match edge {
        EdgeName::Shop => Edge::Shop,
        EdgeName::Operator => Edge::Operator,
    };
    let document = worker()?.block_on(shop::document(settings, edge))?;
    let text = serde_json::to_string_pretty(&document).map_err(Failure::work)?;
    print(text)?;
    Ok(ExitCode::SUCCESS)
}
