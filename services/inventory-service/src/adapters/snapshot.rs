//! The books as a snapshot keeps them. A changed form gets a new name beside this one; a start that finds none of
//! its own reads the whole log once.

use crate::domain::{Hold, HoldId, Ledger, Location, OrderId, Shelf, Sku, Status, Stock, Units};
use bytes::Bytes;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use storage::StorageError;

/// The name this form is kept under.
pub(super) const NAME: &str = "ledger-1";

#[derive(Debug, Serialize, Deserialize)]
struct SavedLedger {
    stock: Vec<SavedStock>,
    /// The active ones; ended holds are in their streams.
    holds: Vec<SavedHold>,
}

/// A SKU, its version, and location, on hand and held of each shelf.
#[derive(Debug, Serialize, Deserialize)]
struct SavedStock(Sku, u64, Vec<(Location, i64, i64)>);

#[derive(Debug, Serialize, Deserialize)]
struct SavedHold {
    id: HoldId,
    order_id: Option<OrderId>,
    units: Vec<Units>,
    expires_at: Timestamp,
    version: u64,
}

pub(super) fn encode(ledger: &Ledger) -> Result<Bytes, StorageError> {
    let shelf = |shelf: &Shelf| (shelf.location.clone(), shelf.on_hand, shelf.held);
    let stock = ledger.stock_after(None).map(|(sku, stock)| {
        SavedStock(sku.clone(), stock.version, stock.shelves.iter().map(shelf).collect())
    });
    let holds = ledger.active_holds().map(|hold| SavedHold {
        id: hold.id,
        order_id: hold.order_id,
        units: hold.units.clone(),
        expires_at: hold.expires_at,
        version: hold.version,
    });
    let saved = SavedLedger { stock: stock.collect(), holds: holds.collect() };
    serde_json::to_vec(&saved).map(Bytes::from).map_err(|error| corrupt(&error))
}

pub(super) fn decode(data: &Bytes) -> Result<Ledger, StorageError> {
    let saved: SavedLedger = serde_json::from_slice(data).map_err(|error| corrupt(&error))?;
    let stock = saved.stock.into_iter().map(|SavedStock(sku, version, shelves)| {
        let shelves = shelves.into_iter();
        let shelves = shelves.map(|(location, on_hand, held)| Shelf { location, on_hand, held });
        (sku, Stock { shelves: shelves.collect(), version })
    });
    let holds = saved.holds.into_iter().map(|saved| Hold {
        id: saved.id,
        order_id: saved.order_id,
        units: saved.units,
        expires_at: saved.expires_at,
        status: Status::Held,
        restocks: Vec::new(),
        version: saved.version,
    });
    Ok(Ledger::opening(stock.collect(), holds))
}

fn corrupt(error: &serde_json::Error) -> StorageError {
    StorageError::Corrupt(format!("the snapshot of the books: {error}"))
}
