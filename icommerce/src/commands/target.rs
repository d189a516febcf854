//! Target shop of a command: a running one at the given addresses, or one started in this process on the data folder.

use super::worker_runtime;
use crate::{
    cli::{ProcessFlags, TargetFlags},
    demo,
    error::CliError,
    modules,
    operator_token::{OperatorAccess, operator_client, trusting},
    process::{self, ProcessSettings},
    provider_listener::{self, ProviderListener},
    shop::RunningShop,
    wiring::check_existing,
};
use kernel::{Ids, Randomness, SystemClock, SystemRandomness};
use settings::Flag;
use shop_client::{EdgeClient, RetryPolicy, TokenSource};
use std::{
    fs::DirBuilder, os::unix::fs::DirBuilderExt, path::PathBuf, process::ExitCode, sync::Arc,
};

/// Origin of the settings of a command's own shop.
const ORIGIN: &str = "this command";

/// Random bytes in the name of a folder that nobody keeps.
const SCRATCH_NAME_BYTES: usize = 16;

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
    /// It changes nothing: a new folder stays new, and one that does not exist is not made.
    Look,
}

/// Data folder of a shop that nobody keeps, deleted with this value.
struct ScratchFolder(PathBuf);

impl ScratchFolder {
    fn new() -> Result<Self, CliError> {
        let mut name = [0; SCRATCH_NAME_BYTES];
        SystemRandomness.fill(&mut name);
        let folder = std::env::temp_dir().join(format!("icommerce-{}", kernel::hex::encode(&name)));
        let created = DirBuilder::new().mode(0o700).create(&folder);
        let named = |error| CliError::unavailable(format!("{}: {error}", folder.display()));
        created.map_err(named)?;
        Ok(Self(folder))
    }

    fn flag(&self) -> Flag {
        Flag::new(ORIGIN, "data", self.0.to_string_lossy().into_owned())
    }
}

impl Drop for ScratchFolder {
    fn drop(&mut self) {
        // What is left behind is in the folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
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
    let authority = addresses.token.authority.as_deref();
    let edge = |address: &str, tokens: Option<TokenSource>| {
        let tls = trusting(authority)?;
        let client = EdgeClient::with_tls(address, retry_policy, ids.clone(), tokens, tls);
        client.map_err(CliError::usage)
    };
    if let (Some(shop), Some(operator)) = (&addresses.shop, &addresses.operator) {
        return worker_runtime()?.block_on(async {
            let token_file = addresses.token.token_file.as_deref();
            let access = OperatorAccess::named(operator, token_file, authority)?;
            let operator = operator_client(&access, retry_policy, &ids).await?;
            work(&ShopTarget { shop: edge(shop, None)?, operator, data: None }).await
        });
    }
    let quiet = Flag::new(ORIGIN, "log_filter", "warn");
    let quiet = if flags.verbose { Vec::new() } else { vec![quiet] };
    let own = [own, private_shop(), quiet].concat();
    let settings = process::settings(flags, own.clone())?;
    let process: ProcessSettings = settings.top().map_err(CliError::usage)?;
    process.init_logging()?;
    // What only looks leaves nothing behind where there is no shop yet.
    let scratch = (purpose == Purpose::Look && check_existing(&process).is_err())
        .then(ScratchFolder::new)
        .transpose()?;
    let selected = modules::selected(&process)?;
    let has_provider = ProviderListener::address(&settings, &process, &selected)?.is_some();
    let private = has_provider.then(|| Flag::new(ORIGIN, provider_listener::LISTEN, "127.0.0.1:0"));
    let more: Vec<Flag> = scratch.iter().map(ScratchFolder::flag).chain(private).collect();
    let settings =
        if more.is_empty() { settings } else { process::settings(flags, [own, more].concat())? };
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
            shop: edge(&shop_address.to_string(), None)?,
            operator: edge(&operator_address.to_string(), Some(token))?,
            data: Some(process.data),
        };
        let result = work(&target).await;
        let stopped = shop.stop().await;
        result.and_then(|code| stopped.map(|()| code))
    })
}

/// Settings of a command's own shop, with which nobody else has any business: neither orders that are paid with nothing, nor an edge that
/// asks nobody.
fn private_shop() -> Vec<Flag> {
    let settings = [
        ("listen", "127.0.0.1:0"),
        ("operator_listen", "127.0.0.1:0"),
        // Nobody but this process reaches it.
        ("tls.certificate", ""),
        ("tls.key", ""),
        ("tls.client_certificate_hosts", "[]"),
        ("operator_tls.certificate", ""),
        ("operator_tls.key", ""),
        ("operator_tls.client_certificate_hosts", "[]"),
        ("auth-server.tls.certificate", ""),
        ("auth-server.tls.key", ""),
        ("auth-server.tls.client_certificate_hosts", "[]"),
        ("demo", "false"),
        ("api-gateway.operator_sign_in", "true"),
    ];
    settings.map(|(key, value)| Flag::new(ORIGIN, key, value)).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shop_of_a_command_is_for_nobody_else() {
        let settings = process::settings(&ProcessFlags::default(), private_shop()).unwrap();
        assert!(!process::accepts_test_payments(&settings).unwrap());
        assert!(modules::operators_sign_in(&settings).unwrap());
        let process: ProcessSettings = settings.top().unwrap();
        assert_eq!((process.demo, &*process.operator_listen), (false, "127.0.0.1:0"));
    }
}
