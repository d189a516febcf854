//! Target shop of a command: a running one at the given addresses, or one started in this process on the data folder.

use super::worker_runtime;
use crate::{
    cli::{ProcessFlags, TargetFlags},
    demo,
    error::CliError,
    operator_token::operator_token,
    process::{self, ProcessSettings},
    shop::RunningShop,
};
use kernel::{Ids, SystemClock, SystemRandomness};
use settings::Flag;
use shop_client::{EdgeClient, RetryPolicy, TokenSource};
use std::{path::PathBuf, process::ExitCode, sync::Arc};

/// Target of a command: the two edges of a shop.
#[derive(Debug)]
pub(crate) struct ShopTarget {
    pub(crate) shop: EdgeClient,
    pub(crate) operator: EdgeClient,
    /// Data folder of the shop, if it runs in this process.
    pub(crate) data: Option<PathBuf>,
}

/// What a command does to a shop of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It fills the shop, which then never gets the demonstration catalogue.
    Fill,
    /// It changes nothing: a new folder stays new.
    Look,
}

/// Runs `work` against the shop at these addresses, or against one started for the duration of the work with `own` as
/// overriding settings. Requests are retried by this policy.
pub(crate) fn run(
    flags: &ProcessFlags,
    addresses: &TargetFlags,
    own: Vec<Flag>,
    retry_policy: RetryPolicy,
    purpose: Purpose,
    work: impl AsyncFnOnce(&ShopTarget) -> Result<ExitCode, CliError>,
) -> Result<ExitCode, CliError> {
    let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness));
    let edge = |address: &str, tokens: Option<TokenSource>| {
        EdgeClient::with_tokens(address, retry_policy, ids.clone(), tokens).map_err(CliError::usage)
    };
    if let (Some(shop), Some(operator)) = (&addresses.shop, &addresses.operator) {
        let tokens = operator_token(addresses.token.token_file.as_deref())?;
        let (shop, operator) = (edge(shop, None)?, edge(operator, tokens)?);
        let target = ShopTarget { shop, operator, data: None };
        return worker_runtime()?.block_on(work(&target));
    }
    let ports =
        ["listen", "operator_listen"].map(|key| Flag::new("this command", key, "127.0.0.1:0"));
    let quiet = Flag::new("this command", "log_filter", "warn");
    let quiet = if flags.verbose { Vec::new() } else { vec![quiet] };
    let settings = process::settings(flags, [own, ports.to_vec(), quiet].concat())?;
    let process: ProcessSettings = settings.top().map_err(CliError::usage)?;
    process.init_logging()?;
    worker_runtime()?.block_on(async {
        let shop = RunningShop::start(settings).await?;
        let (Some(shop_address), Some(operator_address)) =
            (shop.shop_address, shop.operator_address)
        else {
            return Err(CliError::usage(
                "this command needs every service: leave out --services, or name them all",
            ));
        };
        if purpose == Purpose::Fill {
            demo::seed_once(&shop, false).await?;
        }
        let token = TokenSource::of_text(shop.token.expose()).map_err(CliError::failed)?;
        let target = ShopTarget {
            shop: edge(&format!("http://{shop_address}"), None)?,
            operator: edge(&format!("http://{operator_address}"), Some(token))?,
            data: Some(process.data),
        };
        let result = work(&target).await;
        let stopped = shop.stop().await;
        result.and_then(|code| stopped.map(|()| code))
    })
}
