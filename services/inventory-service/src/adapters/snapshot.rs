//! Snapshot codec of the ledger state. A changed format gets a new name beside this one; a start that finds no snapshot
//! of its own format replays the whole journal once.

use super::journal_repository;
use crate::domain::{
    Hold, HoldState, LedgerState, Location, LocationStock, LocationUnits, MovementLink, SkuStock,
    StockPolicy,
};
use bytes::Bytes;
use identifiers::{HoldId, OrderId, Sku};
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use storage::StorageError;

/// Name of the snapshot, with its format version.
pub(super) const SNAPSHOT_NAME: &str = "ledger-1";

#[derive(Debug, Serialize, Deserialize)]
struct LedgerSnapshot {
    stock: Vec<StockSnapshot>,
    /// The active holds; ended holds are only in their streams.
    holds: Vec<HoldSnapshot>,
}

/// SKU, stream version, the units on hand and held at each location, the stock policy, and the last movement.
#[derive(Debug, Serialize, Deserialize)]
struct StockSnapshot(
    Sku,
    u64,
    Vec<(Location, i64, i64)>,
    #[serde(default)] StockPolicy,
    #[serde(default)] MovementLink,
);

#[derive(Debug, Serialize, Deserialize)]
struct HoldSnapshot {
    id: HoldId,
    order_id: Option<OrderId>,
    units: Vec<LocationUnits>,
    expires_at: Timestamp,
    version: u64,
}

pub(super) fn encode(ledger: &LedgerState) -> Result<Bytes, StorageError> {
    let lot = |lot: &LocationStock| (lot.location.clone(), lot.on_hand, lot.held);
    let stock = ledger.stock_after(None).map(|(sku, stock)| {
        let locations = stock.locations.iter().map(lot).collect();
        StockSnapshot(sku.clone(), stock.version, locations, stock.policy, stock.last_movement)
    });
    let holds = ledger.active_holds().map(|hold| HoldSnapshot {
        id: hold.id,
        order_id: hold.order_id,
        units: hold.units.clone(),
        expires_at: hold.expires_at,
        version: hold.version,
    });
    let saved = LedgerSnapshot { stock: stock.collect(), holds: holds.collect() };
    journal_repository::encode(&saved)
}

pub(super) fn decode(data: &Bytes) -> Result<LedgerState, StorageError> {
    let corrupt =
        |error: serde_json::Error| StorageError::Corrupt(format!("ledger snapshot: {error}"));
    let saved: LedgerSnapshot = serde_json::from_slice(data).map_err(corrupt)?;
    let stock = saved.stock.into_iter().map(|saved| {
        let StockSnapshot(sku, version, locations, policy, last_movement) = saved;
        let locations = locations.into_iter();
        let locations =
            locations.map(|(location, on_hand, held)| LocationStock { location, on_hand, held });
        (sku, SkuStock { locations: locations.collect(), version, policy, last_movement })
    });
    let holds = saved.holds.into_iter().map(|saved| Hold {
        id: saved.id,
        order_id: saved.order_id,
        units: saved.units,
        expires_at: saved.expires_at,
        state: HoldState::Held,
        restocks: Vec::new(),
        version: saved.version,
    });
    Ok(LedgerState::restore(stock.collect(), holds))
}
