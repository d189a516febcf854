//! Usage errors: one sentence that names what is missing or wrong and what would be right, and exit code 2.

use super::Arguments;
use clap::{
    CommandFactory,
    error::{ContextKind, ContextValue, ErrorKind},
};
use std::process::ExitCode;

/// Reports a parse error. Help and version go to standard output with exit code 0; anything else is one line and code 2.
pub(crate) fn report_usage_error(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // A closed pipe is not an error.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    eprintln!("icommerce: {}; see {} --help", sentence(error), command(error));
    ExitCode::from(2)
}

fn sentence(error: &clap::Error) -> String {
    let text = |kind| texts(error, kind).join(" ");
    let argument = || quoted_name(&text(ContextKind::InvalidArg));
    match error.kind() {
        ErrorKind::MissingRequiredArgument => {
            let missing = texts(error, ContextKind::InvalidArg);
            let verb = if missing.len() == 1 { "is" } else { "are" };
            format!("{} {verb} missing", missing.join(" and "))
        }
        ErrorKind::MissingSubcommand => {
            let commands = texts(error, ContextKind::ValidSubcommand);
            let commands: Vec<_> = commands.into_iter().filter(|name| name != "help").collect();
            format!("{} needs a command: {}", command(error), commands.join(", "))
        }
        ErrorKind::InvalidSubcommand => {
            let name = text(ContextKind::InvalidSubcommand);
            suggest(
                format!("there is no command {name:?}"),
                &text(ContextKind::SuggestedSubcommand),
            )
        }
        ErrorKind::UnknownArgument => {
            let name = text(ContextKind::InvalidArg);
            let what =
                if name.starts_with('-') { "there is no option" } else { "nothing is expected at" };
            suggest(format!("{what} {name}"), &text(ContextKind::SuggestedArg))
        }
        ErrorKind::InvalidValue => {
            let values = texts(error, ContextKind::ValidValue);
            let expected =
                (!values.is_empty()).then(|| format!("expected one of {}", values.join(", ")));
            wrong_value(&text(ContextKind::InvalidValue), &argument(), expected)
        }
        ErrorKind::ValueValidation => {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            wrong_value(&text(ContextKind::InvalidValue), &argument(), cause)
        }
        ErrorKind::ArgumentConflict => {
            let (given, others) = (argument(), texts(error, ContextKind::PriorArg));
            let others: Vec<_> = others.iter().map(|name| quoted_name(name)).collect();
            if others.is_empty() || others.contains(&given) {
                format!("{given} can be given only once")
            } else {
                format!("{given} cannot be given together with {}", others.join(" and "))
            }
        }
        _ => {
            let text = error.to_string();
            text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
        }
    }
}

fn wrong_value(value: &str, argument: &str, expected: Option<String>) -> String {
    let expected = expected.map(|text| format!(": {text}")).unwrap_or_default();
    if value.is_empty() {
        return format!("{argument} needs a value{expected}");
    }
    format!("{argument} cannot be {value:?}{expected}")
}

fn suggest(sentence: String, suggestion: &str) -> String {
    if suggestion.is_empty() { sentence } else { format!("{sentence}; did you mean {suggestion}?") }
}

/// Name of an argument without its value: `--wait` for `--wait <SECONDS>`.
fn quoted_name(argument: &str) -> String {
    argument.split([' ', '=']).next().unwrap_or_default().to_owned()
}

/// Command with its subcommands as it was given, from the usage that the error has.
fn command(error: &clap::Error) -> String {
    let usage = texts(error, ContextKind::Usage).join(" ");
    let words = usage.split_whitespace().skip_while(|word| *word == "Usage:");
    let words: Vec<&str> = words.take_while(|word| !word.starts_with(['[', '<', '-'])).collect();
    if words.is_empty() { given_command(std::env::args().skip(1)) } else { words.join(" ") }
}

/// Command with its subcommands that these arguments name. An error about a value has no usage.
fn given_command(arguments: impl Iterator<Item = String>) -> String {
    let mut words = vec!["icommerce".to_owned()];
    let mut command = Arguments::command();
    for argument in arguments {
        if let Some(found) = command.find_subcommand(&argument) {
            words.push(argument);
            command = found.clone();
        }
    }
    words.join(" ")
}

fn texts(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        Some(ContextValue::StyledStr(text)) => vec![text.to_string()],
        _ => Vec::new(),
    }
}
