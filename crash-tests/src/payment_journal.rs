//! Payment journal of a stopped shop, read with its own program (`icommerce dump`): payments that no edge shows.

use crate::{
    shop::Program,
    violation::{CheckResult, Violation, ensure},
};
use serde_json::Value;
use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    path::Path,
    process::Stdio,
};

const SERVICE: &str = "payment-service";

/// States in which a payment has no open authorisation.
const TERMINAL_STATES: [&str; 4] = ["captured", "refunded", "voided", "failed"];

/// Checks that every payment is in a terminal state, even one that no order refers to. Returns the number of payments.
pub(crate) fn check_no_open_authorisations(program: &Program, data: &Path) -> CheckResult<usize> {
    let states = payment_states(program, data)
        .map_err(|violation| violation.context(format_args!("dump of {}", data.display())))?;
    let open: Vec<_> = states
        .iter()
        .filter(|(_, state)| !TERMINAL_STATES.contains(&state.as_str()))
        .take(5)
        .collect();
    ensure(open.is_empty(), || format!("open authorisations: {open:?}"))?;
    Ok(states.len())
}

/// Last state of each payment, by its stream.
fn payment_states(program: &Program, data: &Path) -> CheckResult<HashMap<String, String>> {
    let mut dump = program.command();
    let mut dump = dump.arg("dump").arg("--data").arg(data).stdout(Stdio::piped()).spawn()?;
    let Some(output) = dump.stdout.take() else {
        return Err(Violation::new("its output is not a pipe"));
    };
    let mut states: HashMap<String, String> = HashMap::new();
    for line in BufReader::new(output).lines() {
        let event: Value = serde_json::from_str(&line?)
            .map_err(|error| Violation::new(format!("a line is not JSON: {error}")))?;
        let stream = event["stream"].as_str().unwrap_or_default();
        if event["service"] != SERVICE || !stream.starts_with("payment-") {
            continue;
        }
        let Some(state) = event["data"]["state"].as_str() else {
            return Err(Violation::new(format!("an event has no state: {event}")));
        };
        states.insert(stream.to_owned(), state.to_owned());
    }
    let exit = dump.wait()?;
    ensure(exit.success(), || format!("it ended with {exit}"))?;
    Ok(states)
}
