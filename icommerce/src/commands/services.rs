//! `icommerce services`: table of the services.

use crate::{
    cli::ProcessFlags,
    error::CliError,
    modules,
    output::print,
    process::{self, ProcessSettings},
};
use comfy_table::{Table, presets};
use std::process::ExitCode;

pub(crate) fn run(flags: &ProcessFlags) -> Result<ExitCode, CliError> {
    let process: ProcessSettings =
        process::settings(flags, Vec::new())?.top().map_err(CliError::usage)?;
    let named = (!process.services.is_empty()).then_some(process.services.as_slice());
    let here = modules::table()?.select(named).map_err(CliError::usage)?;
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["service", "purpose", "calls", "follows", "runs here"]);
    for module in modules::ALL {
        let runs = here.iter().any(|running| running.name == module.name);
        let lists = [module.calls.join(", "), module.follows.join(", ")];
        let [calls, follows] = lists;
        table.add_row([
            module.name,
            module.summary,
            &calls,
            &follows,
            if runs { "yes" } else { "" },
        ]);
    }
    print(table)?;
    Ok(ExitCode::SUCCESS)
}
