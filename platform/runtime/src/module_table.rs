//! Module table: all services of the shop, and the selection that runs in a process.

use crate::Module;
use std::collections::BTreeSet;

/// Table of all services of the shop.
#[derive(Clone, Copy, Debug)]
pub struct ModuleTable(&'static [Module]);

/// Error in the table, or in a selection from it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModuleTableError {
    /// A service with this name does not exist.
    #[error("there is no service {name:?}; there are {known}")]
    Unknown {
        /// The unknown name.
        name: String,
        /// The existing names, separated by commas.
        known: String,
    },
    /// Nothing was selected.
    #[error("no service was named; leave --services out to run all of them")]
    Nothing,
    /// The calls of services form a cycle.
    #[error("these services call each other in a circle: {0}")]
    Circle(String),
}

impl ModuleTable {
    /// A table whose calls are acyclic and name only services of the table.
    pub fn new(modules: &'static [Module]) -> Result<Self, ModuleTableError> {
        let table = Self(modules);
        for module in modules {
            for name in module.calls.iter().chain(module.follows) {
                table.find(name)?;
            }
            let mut path = Vec::new();
            table.walk(module, &mut path)?;
        }
        Ok(table)
    }

    /// Every module, in the table's order.
    pub fn modules(self) -> &'static [Module] {
        self.0
    }

    /// The modules to run: those named, or all when `names` is `None`.
    pub fn select(
        self,
        names: Option<&[String]>,
    ) -> Result<Vec<&'static Module>, ModuleTableError> {
        let Some(names) = names else { return Ok(self.0.iter().collect()) };
        let mut selected = BTreeSet::new();
        for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
            selected.insert(self.find(name)?.name);
        }
        if selected.is_empty() {
            return Err(ModuleTableError::Nothing);
        }
        Ok(self.0.iter().filter(|module| selected.contains(module.name)).collect())
    }

    fn find(self, name: &str) -> Result<&'static Module, ModuleTableError> {
        self.0.iter().find(|module| module.name == name).ok_or_else(|| ModuleTableError::Unknown {
            name: name.to_owned(),
            known: self.0.iter().map(|module| module.name).collect::<Vec<_>>().join(", "),
        })
    }

    fn walk(
        self,
        module: &'static Module,
        path: &mut Vec<&'static str>,
    ) -> Result<(), ModuleTableError> {
        if path.contains(&module.name) {
            path.push(module.name);
            return Err(ModuleTableError::Circle(path.join(" → ")));
        }
        path.push(module.name);
        for name in module.calls {
            self.walk(self.find(name)?, path)?;
        }
        path.pop();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn module(name: &'static str, calls: &'static [&'static str]) -> Module {
        Module {
            name,
            summary: "",
            calls,
            follows: &[],
            instances: crate::InstanceModel::OneActive,
            settings: None,
            events: None,
            plaintext: None,
            collections: &[],
            projected: &[],
            maintenance: crate::Maintenance::none,
            build: |_| {
                Box::pin(async { Err(crate::BuildError::Other("not built in tests".to_owned())) })
            },
        }
    }

    #[test]
    fn a_circle_of_calls_is_refused() {
        static CIRCLE: &[Module] = &[module("a", &["b"]), module("b", &["c"]), module("c", &["a"])];
        assert_eq!(
            ModuleTable::new(CIRCLE).unwrap_err(),
            ModuleTableError::Circle("a → b → c → a".to_owned())
        );
    }

    #[test]
    fn calls_may_meet_without_a_circle() {
        static DIAMOND: &[Module] =
            &[module("a", &["b", "c"]), module("b", &["c"]), module("c", &[])];
        assert!(ModuleTable::new(DIAMOND).is_ok());
    }

    #[test]
    fn a_wrong_name_lists_the_right_ones() {
        static TWO: &[Module] = &[module("a", &[]), module("b", &[])];
        let table = ModuleTable::new(TWO).unwrap();
        let error = table.select(Some(&["x".to_owned()])).unwrap_err();
        assert_eq!(error.to_string(), "there is no service \"x\"; there are a, b");
        assert_eq!(table.select(Some(&[" b".to_owned()])).unwrap().len(), 1);
        assert_eq!(table.select(Some(&[String::new()])).unwrap_err(), ModuleTableError::Nothing);
        assert_eq!(table.select(None).unwrap().len(), 2);
    }
}
