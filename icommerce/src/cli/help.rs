//! Help texts that fit a terminal: clap wraps no text by itself.

use crate::output::{LINE_COLUMNS, wrapped};
use clap::{
    Arg, Command,
    builder::{PossibleValue, StyledStr},
};

/// Columns before the help of an argument, which begins on a line of its own.
const ARGUMENT_INDENT: u16 = 10;
/// Columns before the summary of a command in a list of commands, at most.
const SUMMARY_INDENT: u16 = 18;

/// Command whose help texts, and those of its subcommands, are wrapped.
pub(super) fn fitted(command: Command) -> Command {
    fit(command, LINE_COLUMNS)
}

fn fit(command: Command, about_columns: u16) -> Command {
    let about = command.get_about().map(|text| fit_text(text, about_columns));
    let after = command.get_after_help().map(|text| fit_text(text, LINE_COLUMNS));
    let command = match about {
        Some(about) => command.about(about),
        None => command,
    };
    let command = match after {
        Some(after) => command.after_help(after),
        None => command,
    };
    command
        .mut_args(fit_argument)
        .mut_subcommands(|subcommand| fit(subcommand, LINE_COLUMNS - SUMMARY_INDENT))
}

/// Argument with its list of values as a part of the text, so that both are wrapped together.
fn fit_argument(argument: Arg) -> Arg {
    let text = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let fitted = |text: String| fit_text(&text.into(), LINE_COLUMNS - ARGUMENT_INDENT);
    let values = argument.get_possible_values();
    if !argument.get_action().takes_values() || values.is_empty() {
        return argument.help(fitted(text)).next_line_help(true);
    }
    let names: Vec<&str> = values.iter().map(PossibleValue::get_name).collect();
    let text = fitted(format!("{text} [possible values: {}]", names.join(", ")));
    argument.help(text).next_line_help(true).hide_possible_values(true)
}

/// Text with every line wrapped; what follows a space at the beginning of a line, such as an example, keeps its form.
fn fit_text(text: &StyledStr, columns: u16) -> String {
    let text = text.to_string();
    let lines = text.lines().map(|line| {
        if line.starts_with(' ') { line.to_owned() } else { wrapped(line, columns, "") }
    });
    lines.collect::<Vec<_>>().join("\n")
}
