//! Address book of the customer who is signed in.

use super::AppState;
use crate::{
    adapters::view,
    domain::{
        address_book::{ADDRESSES_MAX, AddressBook},
        contact_details::check_address,
        events::address_book::AddressUse,
    },
};
use contracts::{
    order::{self as contract, AddressToStore, StoredAddress},
    shared::{AddressId, CustomerActor},
};
use web::{ApiResult, Caller, Json, Path, Recomputed};

pub(super) async fn list(app: AppState, caller: Caller) -> ApiResult<Json<contract::AddressBook>> {
    let CustomerActor(account) = caller.require_actor()?;
    Ok(Json(shown(&*app.addresses.book(account).await?)))
}

/// Its answer is not remembered, as it has addresses: a repetition changes nothing, and is answered anew.
pub(super) async fn store(
    app: AppState,
    caller: Caller,
    Path(id): Path<AddressId>,
    Json(request): Json<AddressToStore>,
) -> ApiResult<Recomputed<Json<contract::AddressBook>>> {
    let CustomerActor(account) = caller.require_actor()?;
    let address = check_address("address", &request.address).map_err(kernel::Problem::fields)?;
    let wanted = [
        (request.default_delivery, AddressUse::Delivery),
        (request.default_billing, AddressUse::Billing),
    ];
    let uses = wanted.into_iter().filter(|(is_wanted, _)| *is_wanted).map(|(_, it)| it).collect();
    Ok(Recomputed(Json(shown(&*app.addresses.store(account, id, address, uses).await?))))
}

pub(super) async fn remove(
    app: AppState,
    caller: Caller,
    Path(id): Path<AddressId>,
) -> ApiResult<Recomputed<Json<contract::AddressBook>>> {
    let CustomerActor(account) = caller.require_actor()?;
    Ok(Recomputed(Json(shown(&*app.addresses.remove(account, id).await?))))
}

/// Address book as its customer sees it.
pub(crate) fn shown(book: &AddressBook) -> contract::AddressBook {
    let is_default = |id, wanted| book.default_for(wanted) == Some(id);
    let items = book.entries.iter().map(|entry| StoredAddress {
        id: entry.id,
        address: view::address(&entry.address),
        default_delivery: is_default(entry.id, AddressUse::Delivery),
        default_billing: is_default(entry.id, AddressUse::Billing),
    });
    contract::AddressBook { items: items.collect(), addresses_max: ADDRESSES_MAX }
}
