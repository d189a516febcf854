//! `icommerce auth`: accounts, clients and keys of a shop that is running, over its operator edge, or of a data folder that no process is
//! serving. Both do the same commands, and are answered alike.

mod output;
mod request;

use super::{offline::OfflineShop, worker_runtime};
use crate::{
    account_administration::ACCOUNTS_PATH,
    cli::{ProcessFlags, auth::Auth, auth::AuthTargetFlags},
    error::CliError,
    operator_token::{OperatorAccess, operator_client},
    output::print,
    process::{self, ProcessSettings},
};
use auth_server::{Administration, MODULE};
use contracts::auth::administration::{AccountAnswer, AccountCommand};
use kernel::{Ids, Problem, SystemClock, SystemRandomness, codes};
use request::Request;
use shop_client::RetryPolicy;
use std::{process::ExitCode, sync::Arc, time::Duration};
use transport::CallError;

/// How long a shop that does not answer is waited for.
const WAIT_MAX: Duration = Duration::from_secs(2);

pub(crate) fn run(
    flags: &ProcessFlags,
    command: Auth,
    target: &AuthTargetFlags,
) -> Result<ExitCode, CliError> {
    let settings = process::settings(flags, Vec::new())?;
    let process = ProcessSettings::with_master_secret(&settings)?;
    process.init_logging()?;
    // What is wrong about the arguments is said before anything is opened.
    let Request { command, shown } = request::of(command)?;
    let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness));
    let opened = match target.operator {
        Some(_) => None,
        None => OfflineShop::open_unless_served(settings, &process)?,
    };
    let answer = match opened {
        Some(shop) => worker_runtime()?.block_on(async {
            let done = execute(&shop, command, &ids).await;
            let closed = shop.close().await;
            done.and_then(|answer| closed.map(|()| answer))
        }),
        None => worker_runtime()?.block_on(ask(&process, target, &command, &ids)),
    };
    // A secret or a link is shown once it is durable, and not before.
    print(output::text(answer?, &shown)?)?;
    Ok(ExitCode::SUCCESS)
}

/// Does a command on a data folder that no process is serving.
async fn execute(
    shop: &OfflineShop,
    command: AccountCommand,
    ids: &Ids,
) -> Result<AccountAnswer, CliError> {
    let administration = Administration::open(&shop.offline(&MODULE)?, ids).await;
    let administration = administration.map_err(CliError::unavailable)?;
    administration.execute(command).await.map_err(|problem| refused(&problem))
}

/// Has a running shop do a command.
async fn ask(
    process: &ProcessSettings,
    target: &AuthTargetFlags,
    command: &AccountCommand,
    ids: &Ids,
) -> Result<AccountAnswer, CliError> {
    let (named, file) = (target.operator.as_deref(), target.token_file.as_deref());
    let access = OperatorAccess::new(named, process, file, target.authority.as_deref())?;
    let (address, policy) = (&access.address, RetryPolicy::bulk(WAIT_MAX));
    let edge = operator_client(&access, policy, ids).await?;
    edge.post(ACCOUNTS_PATH).json(command).send().await.map_err(|error| match &error {
        CallError::Problem(problem) if problem.code == codes::UNAUTHENTICATED => {
            CliError::unavailable(format!(
                "the shop at {address} is running and takes the token of an operator: give one with --token-file or in ICOMMERCE_TOKEN, or stop the shop and run the command again"
            ))
        }
        CallError::Problem(problem) => refused(problem),
        CallError::Unavailable { .. } if target.operator.is_none() => CliError::unavailable(format!(
            "{} is in use, and no shop answers at {address}: {error}; name the operator edge of its shop with --operator, or wait until another command has ended",
            process.data.display()
        )),
        CallError::Unavailable { .. } => CliError::unavailable(&error),
    })
}

/// Error by its problem, which is the same of a shop that runs and of one that does not.
fn refused(problem: &Problem) -> CliError {
    let title = &problem.title;
    if problem.code == codes::INVALID_FIELD {
        return CliError::usage(title);
    }
    let is_done_in_vain = problem.status == 404 || problem.status == 409;
    if is_done_in_vain { CliError::failed(title) } else { CliError::unavailable(title) }
}
