//! `icommerce services`: list of the services.

use crate::{
    cli::ProcessFlags,
    error::CliError,
    modules,
    output::print,
    process::{self, ProcessSettings},
};
use runtime::Module;
use std::{fmt::Write, process::ExitCode};

pub(crate) fn run(flags: &ProcessFlags) -> Result<ExitCode, CliError> {
    let process: ProcessSettings =
        process::settings(flags, Vec::new())?.top().map_err(CliError::usage)?;
    let named = (!process.services.is_empty()).then_some(process.services.as_slice());
    let here = modules::table()?.select(named).map_err(CliError::usage)?;
    let runs_here = |module: &Module| here.iter().any(|running| running.name == module.name);
    print(list(modules::ALL, runs_here).trim_end())?;
    Ok(ExitCode::SUCCESS)
}

/// List with a few lines for each service, so that long lists do not widen a table.
fn list(modules: &[Module], runs_here: impl Fn(&Module) -> bool) -> String {
    let mut list = String::new();
    for module in modules {
        let place = if runs_here(module) { "" } else { " (runs elsewhere)" };
        let _ = writeln!(list, "{}{place}\n    {}", module.name, module.summary);
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
