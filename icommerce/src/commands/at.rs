//! Where commands find a shop to work with: at the addresses given, or one they run themselves on the data folder.

use super::worker;
use crate::{
    cli::{PlaceFlags, ProcessFlags},
    demo,
    failure::Failure,
    process::{self, ProcessSettings},
    shop::Shop,
};
use kernel::{Ids, SystemClock, SystemRandomness};
use settings::Flag;
use shop_client::{EdgeClient, RetryPolicy};
use std::{path::PathBuf, process::ExitCode, sync::Arc};

/// A shop's two edges.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) shop: EdgeClient,
    pub(crate) operator: EdgeClient,
    /// Where its data is, if this process runs it.
    pub(crate) data: Option<PathBuf>,
}

/// Runs `work` with the shop at these addresses, or else with one that runs as long as the work, with the settings
/// `own` over all others, and retries its requests by this policy.
pub(crate) fn run(
    flags: &ProcessFlags,
    addresses: &PlaceFlags,
    own: Vec<Flag>,
    retry_policy: RetryPolicy,
    work: impl AsyncFnOnce(&Place) -> Result<ExitCode, Failure>,
) -> Result<ExitCode, Failure> {
    let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness));
    let edge =
        |address: &str| EdgeClient::new(address, retry_policy, ids.clone()).map_err(Failure::usage);
    if let (Some(shop), Some(operator)) = (&addresses.shop, &addresses.operator) {
        let place = Place { shop: edge(shop)?, operator: edge(operator)?, data: None };
        return worker()?.block_on(work(&place));
    }
    if addresses.shop.is_some() || addresses.operator.is_some() {
        return Err(Failure::usage(
            "--shop and --operator go together: name both edges of the shop, or neither",
        ));
    }
    let ports =
        ["listen", "operator_listen"].map(|key| Flag::new("this command", key, "127.0.0.1:0"));
    let quiet = Flag::new("this command", "log_filter", "warn");
    let settings = process::settings(flags, [own, ports.to_vec(), vec![quiet]].concat())?;
    let process: ProcessSettings = settings.top().map_err(Failure::usage)?;
    process.begin_log()?;
    worker()?.block_on(async {
        let shop = Shop::start(settings).await?;
        let (Some(buyers), Some(operators)) = (shop.buyers, shop.operators) else {
            return Err(Failure::usage(
                "--services has to name all services, or none, for this command",
            ));
        };
        // A folder that begins with other goods stays without the demonstration.
        demo::plant_once(&shop, false).await?;
        let place = Place {
            shop: edge(&format!("http://{buyers}"))?,
            operator: edge(&format!("http://{operators}"))?,
            data: Some(process.data),
        };
        let done = work(&place).await;
        let stopped = shop.stop().await;
        done.and_then(|code| stopped.map(|()| code))
    })
}
