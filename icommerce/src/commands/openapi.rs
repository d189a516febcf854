//! `icommerce openapi EDGE`: the API document of an edge, made from the routes of the services.

use super::worker;
use crate::{
    cli::{EdgeName, ProcessFlags},
    failure::Failure,
    modules,
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
    let documents = worker()?.block_on(shop::documents(settings))?;
    let document = modules::openapi(edge, &documents);
    let text = serde_json::to_string_pretty(&document).map_err(Failure::work)?;
    print(text)?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    /// Method and path of everything a document describes.
    fn operations(document: &Value) -> BTreeSet<String> {
        // The gateway and the pages describe nothing.
        let Some(paths) = document["paths"].as_object() else { return BTreeSet::new() };
        let methods = |(path, item): (&String, &Value)| {
            let methods = item.as_object().unwrap().keys().filter(|key| key.len() <= 6);
            methods.map(|method| format!("{method} {path}")).collect::<Vec<_>>()
        };
        paths.iter().flat_map(methods).collect()
    }

    #[test]
    fn whoever_follows_a_feed_shows_operators_what_it_has_parked() {
        let settings = process::settings(&ProcessFlags::default(), Vec::new()).unwrap();
        let documents = worker().unwrap().block_on(shop::documents(settings)).unwrap();
        let reached = operations(&modules::openapi(Edge::Operator, &documents));
        for module in modules::ALL.iter().filter(|module| !module.follows.is_empty()) {
            let list = format!("get /api/v1/parked/{}", module.name);
            let replay = format!("post /api/v1/parked/{}/{{key}}/replay", module.name);
            assert!(reached.contains(&list) && reached.contains(&replay), "{}", module.name);
        }
    }

    #[test]
    fn whatever_is_public_is_reached_by_an_edge_and_the_documents_are_fresh() {
        let settings = process::settings(&ProcessFlags::default(), Vec::new()).unwrap();
        let documents = worker().unwrap().block_on(shop::documents(settings)).unwrap();
        let [shop, operator] =
            [Edge::Shop, Edge::Operator].map(|edge| modules::openapi(edge, &documents));
        let reached = &operations(&shop) | &operations(&operator);
        for (service, document) in &documents {
            let document = serde_json::to_value(document).unwrap();
            for operation in operations(&document) {
                let public = operation.contains(" /api/");
                assert_eq!(reached.contains(&operation), public, "{service}: {operation}");
            }
        }
        for (name, document) in [("shop", shop), ("operator", operator)] {
            let path = format!("{}/../contracts/openapi/{name}.json", env!("CARGO_MANIFEST_DIR"));
            let committed: Value =
                serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            let do_this =
                format!("write it anew: icommerce openapi {name} > contracts/openapi/{name}.json");
            assert!(committed == document, "contracts/openapi/{name}.json is old; {do_this}");
        }
    }
}
