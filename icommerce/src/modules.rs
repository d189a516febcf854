//! Module table: all services of the shop.

use crate::error::CliError;
use runtime::{Module, ModuleTable};

/// All services in build order: callees before callers.
pub(crate) static ALL: &[Module] = &[
    audit_service::MODULE,
    auth_server::MODULE,
    inventory_service::MODULE,
    payment_service::MODULE,
    product_service::MODULE,
    shopping_cart_service::MODULE,
    order_service::MODULE,
    storefront::MODULE,
    api_gateway::MODULE,
];

/// Services that keep all they have as bulk data.
#[cfg(feature = "postgres")]
pub(crate) const BULK: [&str; 1] = [audit_service::MODULE.name];

/// Name of the gateway, whose router serves the two edges.
pub(crate) const GATEWAY: &str = api_gateway::MODULE.name;

pub(crate) use api_gateway::{
    Admitted, allowed_hosts, connection_limits, openapi, operator_token, operators_sign_in,
    takes_admission, unlisted_operations,
};

/// Validated module table.
pub(crate) fn table() -> Result<ModuleTable, CliError> {
    ModuleTable::new(ALL).map_err(CliError::failed)
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
