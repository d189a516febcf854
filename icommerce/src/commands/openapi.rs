//! `icommerce openapi EDGE`: OpenAPI document of an edge, generated from the routes of the services.

use super::worker_runtime;
use crate::{
    cli::{EdgeName, ProcessFlags},
    error::CliError,
    modules,
    output::print,
    process, shop,
};
use std::process::ExitCode;
use transport::Edge;

pub(crate) fn run(flags: &ProcessFlags, edge: EdgeName) -> Result<ExitCode, CliError> {
    let settings = process::settings(flags, Vec::new())?;
    let edge = match edge {
        EdgeName::Shop => Edge::Shop,
        EdgeName::Operator => Edge::Operator,
    };
    let documents = worker_runtime()?.block_on(shop::documents(settings))?;
    let document = modules::openapi(edge, &documents);
    let text = serde_json::to_string_pretty(&document).map_err(CliError::failed)?;
    print(text)?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    /// Method and path of every documented operation.
    fn operations(document: &Value) -> BTreeSet<String> {
        // The gateway and the storefront document no operations.
        let Some(paths) = document["paths"].as_object() else { return BTreeSet::new() };
        let methods = |(path, item): (&String, &Value)| {
            let methods = item.as_object().unwrap().keys().filter(|key| key.len() <= 6);
            methods.map(|method| format!("{method} {path}")).collect::<Vec<_>>()
        };
        paths.iter().flat_map(methods).collect()
    }

    #[test]
    fn every_consumer_exposes_its_parked_messages_to_operators() {
        let settings = process::settings(&ProcessFlags::default(), Vec::new()).unwrap();
        let documents = worker_runtime().unwrap().block_on(shop::documents(settings)).unwrap();
        let reached = operations(&modules::openapi(Edge::Operator, &documents));
        for module in modules::ALL.iter().filter(|module| !module.follows.is_empty()) {
            let list = format!("get /api/v1/parked/{}", module.name);
            let replay = format!("post /api/v1/parked/{}/{{key}}/replay", module.name);
            assert!(reached.contains(&list) && reached.contains(&replay), "{}", module.name);
        }
    }

    #[test]
    fn every_public_route_is_reachable_through_an_edge_and_the_documents_are_up_to_date() {
        let settings = process::settings(&ProcessFlags::default(), Vec::new()).unwrap();
        let documents = worker_runtime().unwrap().block_on(shop::documents(settings)).unwrap();
        let [shop, operator] =
            [Edge::Shop, Edge::Operator].map(|edge| modules::openapi(edge, &documents));
        let reached = &operations(&shop) | &operations(&operator);
        for (service, document) in &documents {
            let document = serde_json::to_value(document).unwrap();
            for operation in operations(&document) {
                let public = operation.contains(" /api/") || operation.contains(" /media/");
                assert_eq!(reached.contains(&operation), public, "{service}: {operation}");
            }
        }
        for (name, document) in [("shop", shop), ("operator", operator)] {
            let path = format!("{}/../contracts/openapi/{name}.json", env!("CARGO_MANIFEST_DIR"));
            let committed: Value =
                serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            let remedy =
                format!("regenerate it: icommerce openapi {name} > contracts/openapi/{name}.json");
            assert!(
                committed == document,
                "contracts/openapi/{name}.json is out of date; {remedy}"
            );
        }
    }
}
