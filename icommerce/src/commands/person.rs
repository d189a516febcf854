//! `icommerce person export|erase EMAIL`: what a shop, running or stopped, knows of a person, and the erasure of it.

use super::{
    target::{self, Purpose},
    worker_runtime,
};
use crate::{
    cli::{
        ProcessFlags, TargetFlags,
        person::{Person, PersonFlags},
    },
    error::CliError,
    operator_token::{OperatorAccess, operator_client},
    output::{LINE_COLUMNS, print, print_json, wrapped},
    personal_data::{PERSONS_PATH, PersonErasure, PersonExport, PersonRequest},
    process::{self, ProcessSettings},
    wiring::check_existing,
};
use contracts::order::CustomerErasure;
use kernel::{Ids, SystemClock, SystemRandomness, codes};
use serde_json::json;
use shop_client::{EdgeClient, RetryPolicy};
use std::{process::ExitCode, sync::Arc, time::Duration};
use transport::CallError;

/// How long a shop that does not answer is waited for.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// Limit of the pages of an export.
const PAGES_MAX: usize = 10_000;

pub(crate) fn run(flags: &ProcessFlags, command: Person) -> Result<ExitCode, CliError> {
    let (person, is_erasure) = match command {
        Person::Export(person) => (person, false),
        Person::Erase(person) => (person, true),
    };
    let PersonFlags { email, operator, token } = person;
    let work = async |edge: &EdgeClient| {
        if is_erasure { erase(edge, email).await } else { export(edge, email).await }
    };
    let policy = RetryPolicy::bulk(WAIT_MAX);
    if let Some(operator) = operator {
        let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness));
        return worker_runtime()?.block_on(async {
            let (file, authority) = (token.token_file.as_deref(), token.authority.as_deref());
            let access = OperatorAccess::named(&operator, file, authority)?;
            work(&operator_client(&access, policy, &ids).await?).await
        });
    }
    let settings = process::settings(flags, Vec::new())?;
    let process: ProcessSettings = settings.top().map_err(CliError::usage)?;
    // Of a folder that is not there nobody is erased.
    check_existing(&process)?;
    target::run(flags, &TargetFlags::default(), Vec::new(), policy, Purpose::Look, async |shop| {
        work(&shop.operator).await
    })
}

async fn export(edge: &EdgeClient, email: String) -> Result<ExitCode, CliError> {
    let (mut account, mut orders, mut after) = (None, Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let request = PersonRequest { email: email.clone(), after };
        let path = [PERSONS_PATH, "/export"].concat();
        let page: PersonExport =
            edge.post(path).json(&request).send().await.map_err(|error| failure(&error))?;
        account = account.or(page.account);
        orders.extend(page.orders.orders);
        after = page.orders.next;
        if after.is_none() {
            print_json(&json!({"email": email, "account": account, "orders": orders}))?;
            return Ok(ExitCode::SUCCESS);
        }
    }
    Err(CliError::failed(format!("{email} has more than {} orders", orders.len())))
}

async fn erase(edge: &EdgeClient, email: String) -> Result<ExitCode, CliError> {
    let request = PersonRequest { email: email.clone(), after: None };
    let path = [PERSONS_PATH, "/erase"].concat();
    let erased: PersonErasure =
        edge.post(path).json(&request).send().await.map_err(|error| failure(&error))?;
    for line in outcome(&email, &erased) {
        print(wrapped(&line, LINE_COLUMNS, ""))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// An address that is none is the mistake of whoever typed it.
fn failure(error: &CallError) -> CliError {
    match error.problem(&codes::INVALID_FIELD) {
        Some(_) => CliError::usage(error),
        None => CliError::failed(error),
    }
}

/// Outcome of an erasure, in sentences.
fn outcome(email: &str, erasure: &PersonErasure) -> Vec<String> {
    let PersonErasure { account_deleted, orders } = erasure;
    let CustomerErasure { erased, open_obligations, retained_until } = orders;
    let mut lines = vec![format!("{email} is erased from {erased} orders.")];
    if *account_deleted {
        lines.push(
            "The account is deleted, with its cart, its wish list and its address book.".to_owned(),
        );
    }
    if !open_obligations.is_empty() {
        let numbers = open_obligations.join(", ");
        lines.push(format!(
            "open_obligations: the orders {numbers} still need the contact details, which are erased when these orders end."
        ));
    }
    if let Some(until) = retained_until {
        lines.push(format!(
            "For tax, contact details are kept until {until}, encrypted and unread."
        ));
    }
    lines.push(
        "Copy icommerce.erased out of the data folder to where it outlives it, so that a restored backup does not bring anybody back."
            .to_owned(),
    );
    lines
}
