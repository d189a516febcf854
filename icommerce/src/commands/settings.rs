//! `icommerce settings`: every setting with its value, default and origin.

use crate::{
    cli::{ProcessFlags, SettingsFlags},
    error::CliError,
    output::print,
    process,
};
use comfy_table::{Table, presets};
use std::process::ExitCode;

pub(crate) fn run(flags: &ProcessFlags, options: &SettingsFlags) -> Result<ExitCode, CliError> {
    let dump = process::settings(flags, Vec::new())?.dump();
    if options.dump {
        print(dump)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["setting", "value", "default", "from"]);
    for setting in &dump.0 {
        table.add_row([
            setting.key.clone(),
            setting.value.clone(),
            setting.default.clone(),
            setting.origin.to_string(),
        ]);
    }
    print(table)?;
    Ok(ExitCode::SUCCESS)
}
