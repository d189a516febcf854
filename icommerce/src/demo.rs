//! The demonstration: a new data folder gets a catalogue, once.

use crate::{failure::Failure, shop::Shop};
use contracts::product::ProductClient;
use demo_shop::seed;
use kernel::Ids;
use shop_client::{EdgeClient, RetryPolicy};

/// What is kept about the demonstration.
const KEY: &str = "demonstration";

/// Plants the catalogue if this folder has never been asked; a planting that was cut short is taken up again. A shop
/// that began without the demonstration stays without it.
pub(crate) async fn plant_once(shop: &Shop, wanted: bool) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::work(format!("the demonstration catalogue: {error}"))
    };
    let Some(operator) = shop.operators else { return Ok(()) };
    let values = shop.own_values();
    let ids: &Ids = shop.ids();
    let state = values.value(KEY, ids.now()).await.map_err(|error| failed(&error))?;
    let state = state.as_deref().unwrap_or_default();
    let begin = match state {
        b"" => wanted,
        b"planting" => true,
        _ => return Ok(()),
    };
    let note = async |word: &'static str| {
        let commit = values.put(KEY, word.into(), None).await.map_err(|error| failed(&error))?;
        commit.wait().await.map_err(|error| failed(&error))
    };
    if !begin {
        return note("without").await;
    }
    note("planting").await?;
    let edge = EdgeClient::new(&format!("http://{operator}"), RetryPolicy::default(), ids.clone());
    let products = ProductClient::new(edge.map_err(|error| failed(&error))?.channel());
    let planted = seed(&products, ids.now()).await.map_err(|error| failed(&error))?;
    tracing::info!(planted, "the demonstration catalogue is in the shop");
    note("planted").await
}
