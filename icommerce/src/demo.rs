//! Demonstration: seeds a new data folder once, and gives the shop its words.

use crate::{error::CliError, shop::RunningShop};
use contracts::product::ProductClient;
use demo_shop::{WORDS, seed as seed_catalogue};
use kernel::Ids;
use settings::Settings;
use shop_client::{EdgeClient, RetryPolicy, TokenSource};
use storage::KeyValue;

/// Key under which the state of the seeding is stored.
const KEY: &str = "demonstration";

/// Settings with the words of the demonstration, in a folder that has its catalogue or is about to get it. A merchant who
/// says anything about the shop in settings gets none of them.
pub(crate) async fn with_words(
    settings: Settings,
    values: &dyn KeyValue,
    ids: &Ids,
) -> Result<Settings, CliError> {
    let state = values.value(KEY, ids.now()).await.map_err(CliError::failed)?;
    match state.as_deref().unwrap_or_default() {
        b"" | b"planting" | b"planted" => {
            settings.preset("the demonstration", WORDS).map_err(CliError::usage)
        }
        _ => Ok(settings),
    }
}

/// Seeds the catalogue if the state of this folder is undecided; an interrupted seeding is resumed. A shop that started
/// without the demonstration catalogue stays without it.
pub(crate) async fn seed_once(shop: &RunningShop, seed: bool) -> Result<(), CliError> {
    let failed = |error: &dyn std::fmt::Display| {
        CliError::failed(format!("the demonstration catalogue: {error}"))
    };
    let Some(operator) = shop.operator_address else { return Ok(()) };
    let values = shop.process_store();
    let ids: &Ids = shop.ids();
    let state = values.value(KEY, ids.now()).await.map_err(|error| failed(&error))?;
    let state = state.as_deref().unwrap_or_default();
    let begin = match state {
        b"" => seed,
        b"planting" => true,
        _ => return Ok(()),
    };
    let save_state = async |word: &'static str| {
        let commit = values.put(KEY, word.into(), None).await.map_err(|error| failed(&error))?;
        commit.wait().await.map_err(|error| failed(&error))
    };
    if !begin {
        return save_state("without").await;
    }
    save_state("planting").await?;
    let token = TokenSource::of_text(shop.token.expose()).map_err(|error| failed(&error))?;
    let (address, policy) = (operator.to_string(), RetryPolicy::default());
    let edge = match shop.operator_certificate()? {
        None => EdgeClient::with_tokens(&address, policy, ids.clone(), Some(token)),
        Some(tls) => EdgeClient::with_tls(&address, policy, ids.clone(), Some(token), tls),
    };
    let products = ProductClient::new(edge.map_err(|error| failed(&error))?.channel());
    let planted = seed_catalogue(&products, ids.now()).await.map_err(|error| failed(&error))?;
    tracing::debug!(planted, "seeded the demonstration catalogue");
    save_state("planted").await
}
