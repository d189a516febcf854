//! `icommerce services`: list of the services.

use crate::{
    cli::{ProcessFlags, ServicesFlags},
    error::CliError,
    modules,
    output::{LINE_COLUMNS, print, print_json, wrapped},
    process::{self, ProcessSettings},
};
use runtime::Module;
use serde_json::json;
use std::{fmt::Write, process::ExitCode};

pub(crate) fn run(flags: &ProcessFlags, options: &ServicesFlags) -> Result<ExitCode, CliError> {
    let process: ProcessSettings =
        process::settings(flags, Vec::new())?.top().map_err(CliError::usage)?;
    let here = modules::selected(&process)?;
    let runs_here = |module: &Module| here.iter().any(|running| running.name == module.name);
    if options.json {
        let services = modules::ALL.iter().map(|module| {
            let Module { name, summary, calls, follows, .. } = module;
            json!({"name": name, "summary": summary, "calls": calls, "follows": follows, "runs_here": runs_here(module)})
        });
        print_json(&services.collect::<Vec<_>>())?;
    } else {
        print(list(modules::ALL, runs_here).trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// List with a few lines for each service, so that long lists do not widen a table.
fn list(modules: &[Module], runs_here: impl Fn(&Module) -> bool) -> String {
    let mut list = String::new();
    for module in modules {
        let place = if runs_here(module) { "" } else { " (runs elsewhere)" };
        let summary = wrapped(&format!("    {}", module.summary), LINE_COLUMNS, "    ");
        let _ = writeln!(list, "{}{place}\n{summary}", module.name);
        for (relation, services) in [("calls", module.calls), ("follows", module.follows)] {
            for (index, service) in services.iter().enumerate() {
                let label = if index == 0 { relation } else { "" };
                let _ = writeln!(list, "    {label:<8}{service}");
            }
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_services_fits_a_terminal() {
        let list = list(modules::ALL, |module| module.name != "audit-service");
        assert!(list.lines().all(|line| line.chars().count() <= 80), "{list}");
        assert!(
            list.contains("\norder-service\n    ") && list.contains("    follows payment-service")
        );
        assert!(list.contains("audit-service (runs elsewhere)"));
    }
}
