//! `icommerce events DIR`: a JSON Schema for each contract event, and an `AsyncAPI` index of them.

mod index;
mod schemas;

use crate::{
    error::CliError,
    output::{counted, print},
};
use schemas::EventSchema;
use serde_json::Value;
use std::{collections::BTreeMap, path::Path, process::ExitCode};

/// File name of the index.
const INDEX: &str = "asyncapi.json";

pub(crate) fn run(folder: &Path) -> Result<ExitCode, CliError> {
    let files = files();
    for (path, document) in &files {
        let path = folder.join(path);
        let write_error =
            |error| CliError::unavailable(format!("cannot write {}: {error}", path.display()));
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(write_error)?;
        }
        let text = serde_json::to_string_pretty(document).map_err(CliError::failed)?;
        std::fs::write(&path, text + "\n").map_err(write_error)?;
    }
    print(format_args!("{} in {}", counted(files.len(), "file"), folder.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// All files, by path relative to the folder.
fn files() -> BTreeMap<String, Value> {
    let events = schemas::all();
    let schemas = events.iter().map(|event: &EventSchema| (event.path(), event.schema.clone()));
    let mut files: BTreeMap<String, Value> = schemas.collect();
    files.insert(INDEX.to_owned(), index::build(&events));
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules;
    use std::collections::BTreeSet;

    /// Name parts of secrets, which no event may carry.
    const SECRETS: &[&str] =
        &["card", "token", "password", "secret", "cvc", "cvv", "security_code", "iban", "api_key"];

    fn committed(folder: &Path, below: &str, files: &mut BTreeMap<String, Value>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{below}{}", path.file_name().unwrap().to_str().unwrap());
            if path.is_dir() {
                committed(&path, &format!("{name}/"), files);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                files.insert(name, serde_json::from_str(&text).unwrap());
            }
        }
    }

    #[test]
    fn the_committed_schemas_are_up_to_date() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts/events");
        let mut existing = BTreeMap::new();
        committed(&folder, "", &mut existing);
        let generated = files();
        let names = |files: &BTreeMap<String, Value>| files.keys().cloned().collect::<Vec<_>>();
        let remedy = "regenerate them: icommerce events contracts/events";
        assert_eq!(names(&existing), names(&generated), "{remedy}");
        for (name, document) in &generated {
            assert!(
                existing[name] == *document,
                "contracts/events/{name} is out of date; {remedy}"
            );
        }
    }

    #[test]
    fn every_feed_that_a_service_follows_is_described() {
        let followed: BTreeSet<_> = modules::ALL
            .iter()
            .flat_map(|module| module.follows)
            .map(|it| (*it).to_owned())
            .collect();
        let described: BTreeSet<_> =
            schemas::all().iter().map(|event| event.service.to_owned()).collect();
        assert_eq!(described, followed);
    }

    #[test]
    fn no_event_carries_a_secret() {
        fn names(schema: &Value, found: &mut BTreeSet<String>) {
            match schema {
                Value::Object(members) => {
                    if let Some(Value::Object(properties)) = members.get("properties") {
                        found.extend(properties.keys().cloned());
                    }
                    members.values().for_each(|member| names(member, found));
                }
                Value::Array(items) => items.iter().for_each(|item| names(item, found)),
                _ => {}
            }
        }
        for event in schemas::all() {
            let mut found = BTreeSet::new();
            names(&event.schema, &mut found);
            assert!(found.contains("data") && found.contains("type"), "{found:?}");
            for name in found {
                let lower = name.to_lowercase();
                let secret = SECRETS.iter().find(|secret| lower.contains(**secret));
                assert_eq!(secret, None, "{} has a field {name}", event.path());
            }
        }
    }
}
