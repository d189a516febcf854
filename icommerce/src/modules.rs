//! Module table: all services of the shop.

use crate::{error::CliError, process::ProcessSettings};
#[cfg(feature = "postgres")]
use runtime::InstanceModel;
use runtime::{Module, ModuleTable};

/// All services in build order: callees before callers.
pub(crate) static ALL: &[Module] = &[
    registry_service::MODULE,
    audit_service::MODULE,
    auth_server::MODULE,
    inventory_service::MODULE,
    payment_service::MODULE,
    product_service::MODULE,
    shopping_cart_service::MODULE,
    order_service::MODULE,
    notification_service::MODULE,
    storefront::MODULE,
    api_gateway::MODULE,
];

/// Services that keep all they have as bulk data.
#[cfg(feature = "postgres")]
pub(crate) const BULK: [&str; 1] = [audit_service::MODULE.name];

/// Name of the registry, which has a listener of its own.
pub(crate) const REGISTRY: &str = registry_service::MODULE.name;

/// Name of the provider of accounts, which may have a listener of its own.
pub(crate) const AUTH: &str = auth_server::MODULE.name;

/// Services that store nothing. A process with these alone opens no storage.
const WITHOUT_STORAGE: [&str; 1] = [REGISTRY];

/// Services with a listener of their own, which serve nothing else and run only where they are asked for.
const ON_REQUEST: [&str; 1] = [REGISTRY];

/// Name of the gateway, whose router serves the two edges.
pub(crate) const GATEWAY: &str = api_gateway::MODULE.name;

pub(crate) use api_gateway::{
    Admitted, allowed_hosts, connection_limits, openapi, operator_token, operators_sign_in,
    provider_listener, takes_admission, unlisted_operations,
};

/// Validated module table.
pub(crate) fn table() -> Result<ModuleTable, CliError> {
    ModuleTable::new(ALL).map_err(CliError::failed)
}

/// Services that run in this process: those that are named, or all but those that run on request; and whichever has an address to listen at.
pub(crate) fn selected(process: &ProcessSettings) -> Result<Vec<&'static Module>, CliError> {
    let mut names = process.services.clone();
    if names.is_empty() {
        let all = ALL.iter().map(|module| module.name);
        names.extend(all.filter(|name| !ON_REQUEST.contains(name)).map(str::to_owned));
    }
    if !process.registry_listen.is_empty() {
        names.push(REGISTRY.to_owned());
    }
    table()?.select(Some(&names)).map_err(CliError::usage)
}

/// Those of these services that one of several processes owns.
#[cfg(feature = "postgres")]
pub(crate) fn owned(selected: &[&'static Module]) -> Vec<&'static str> {
    let is_owned = |module: &&&Module| module.instances == InstanceModel::OneActive;
    selected.iter().filter(is_owned).map(|module| module.name).collect()
}

/// Services with these names; all for none.
pub(crate) fn named(names: &[String]) -> Result<Vec<&'static Module>, CliError> {
    let selection = (!names.is_empty()).then_some(names);
    table()?.select(selection).map_err(CliError::usage)
}

/// Whether one of these services stores anything.
pub(crate) fn need_storage(selected: &[&Module]) -> bool {
    !selected.iter().all(|module| WITHOUT_STORAGE.contains(&module.name))
}

/// Whether one of these services is reached at the service listener.
pub(crate) fn have_internal_calls(selected: &[&Module]) -> bool {
    !selected.iter().all(|module| ON_REQUEST.contains(&module.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// Names of the collections with indexes that are declared below a folder.
    fn indexed_collections(folder: &Path, into: &mut Vec<String>) {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") {
                indexed_collections(&path, into);
            } else if path.extension().is_some_and(|it| it == "rs") && !path.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                for declared in text.split("static ").skip(1) {
                    let Some((name, rest)) = declared.split_once(": Collection =") else {
                        continue;
                    };
                    let declaration = rest.split("};\n").next().unwrap();
                    if declaration.contains("Index {") && !name.contains(char::is_whitespace) {
                        into.push(name.to_owned());
                    }
                }
            }
        }
    }

    #[test]
    fn a_move_finds_every_collection_with_indexes_in_the_module_of_its_service() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut count = 0;
        for module in ALL {
            let folder = root.join("services").join(module.name).join("src");
            let library = std::fs::read_to_string(folder.join("lib.rs")).unwrap();
            let declared = library.split("collections: &[").nth(1).unwrap();
            let declared = declared.split("],").next().unwrap();
            let mut names = Vec::new();
            indexed_collections(&folder, &mut names);
            for name in &names {
                assert!(declared.contains(name), "{} lacks {name}", module.name);
            }
            assert_eq!(module.collections.len(), names.len(), "{}", module.name);
            count += names.len();
        }
        assert!(count > 10, "{count} were found");
    }
}
