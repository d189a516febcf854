//! Fake auth server, and the address books of the fake order service.

use super::{built, problem_response};
use axum::{
    Json, Router,
    extract::Path,
    response::{IntoResponse, Response},
    routing::{get, put},
};
use contracts::{
    auth::AccountProfile,
    codes::ADDRESS_LIMIT,
    order::{AddressBook, AddressToStore, StoredAddress},
    shared::{AccountId, AddressId, CustomerActor},
};
use kernel::Problem;
use std::{
    collections::BTreeMap,
    sync::{LazyLock, Mutex},
};
use web::Caller;

/// E-mail address of every account.
pub(crate) const EMAIL: &str = "account@example.com";
/// Addresses of an account.
const ADDRESSES_MAX: usize = 3;

pub(super) const MODULE: runtime::Module = runtime::Module {
    name: "auth-server",
    summary: "",
    calls: &[],
    follows: &[],
    instances: runtime::InstanceModel::OneActive,
    settings: None,
    events: None,
    plaintext: None,
    collections: &[],
    projected: &[],
    maintenance: runtime::Maintenance::none,
    build: |context| {
        Box::pin(async move {
            let routes = Router::new().route("/api/v1/account/profile", get(profile));
            Ok(built(&context, routes))
        })
    },
};

static BOOKS: LazyLock<Mutex<BTreeMap<AccountId, AddressBook>>> = LazyLock::new(Mutex::default);

/// Routes of the address books.
pub(super) fn address_books() -> Router {
    Router::new()
        .route("/api/v1/account/addresses", get(list))
        .route("/api/v1/account/addresses/{id}", put(store).delete(remove))
}

async fn profile() -> Response {
    match Caller::current().require_actor() {
        Ok(CustomerActor(_)) => {
            Json(AccountProfile { email: Some(EMAIL.to_owned()) }).into_response()
        }
        Err(problem) => problem_response(problem),
    }
}

/// Answer to a change of the book of the customer.
fn changed(change: impl FnOnce(&mut AddressBook) -> Result<(), Problem>) -> Response {
    let CustomerActor(account) = match Caller::current().require_actor() {
        Ok(actor) => actor,
        Err(problem) => return problem_response(problem),
    };
    let mut books = BOOKS.lock().unwrap();
    let book = books.entry(account).or_default();
    book.addresses_max = ADDRESSES_MAX;
    if let Err(problem) = change(book) {
        return problem_response(problem);
    }
    if book.delivery().is_none()
        && let Some(first) = book.items.first_mut()
    {
        first.default_delivery = true;
    }
    if book.billing().is_none()
        && let Some(first) = book.items.first_mut()
    {
        first.default_billing = true;
    }
    Json(book.clone()).into_response()
}

async fn list() -> Response {
    changed(|_| Ok(()))
}

async fn store(Path(id): Path<AddressId>, Json(new): Json<AddressToStore>) -> Response {
    changed(|book| {
        let same = book.items.iter().position(|it| it.id == id || it.address == new.address);
        if same.is_none() && book.items.len() >= ADDRESSES_MAX {
            return Err(Problem::of(ADDRESS_LIMIT, "full"));
        }
        for stored in &mut book.items {
            stored.default_delivery &= !new.default_delivery;
            stored.default_billing &= !new.default_billing;
        }
        let stored = StoredAddress {
            id,
            address: new.address,
            default_delivery: new.default_delivery,
            default_billing: new.default_billing,
        };
        match same {
            Some(place) => {
                let present = &mut book.items[place];
                present.address = stored.address;
                present.default_delivery |= stored.default_delivery;
                present.default_billing |= stored.default_billing;
            }
            None => book.items.push(stored),
        }
        Ok(())
    })
}

async fn remove(Path(id): Path<AddressId>) -> Response {
    changed(|book| {
        book.items.retain(|stored| stored.id != id);
        Ok(())
    })
}
