//! Export and erasure of personal data, on the operator edge: it asks each service that has personal data, wherever that runs.

#[cfg(test)]
mod tests;

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::post,
};
use contracts::{
    auth::{self, PersonAccount, PersonGrant, PersonHistory, PersonSignIn},
    cart::{self, AccountCart, WishList},
    order::{self, AddressBook, CustomerErasure, CustomerOrders},
    shared::AccountId,
};
use kernel::{Cursor, Problem};
use rpc::{CallError, Contract};
use runtime::Assembly;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};
use transport::DirectoryError;
use web::{Json, ProblemResponse};

/// Path of personal data on the operator edge.
pub(crate) const PERSONS_PATH: &str = "/maintenance/persons";

/// Limit of the pages of what happened to an account.
const HISTORY_PAGES_MAX: usize = 100_000;

/// Request about a person. The address is in the body, because addresses of requests are logged.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonRequest {
    /// E-mail address.
    pub(crate) email: String,
    /// Cursor of an export that goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<Cursor>,
}

/// What is known of the account of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ExportedAccount {
    #[serde(flatten)]
    account: PersonAccount,
    grants: Vec<PersonGrant>,
    sign_ins: Vec<PersonSignIn>,
    cart: Option<cart::Cart>,
    wish_list: WishList,
    address_book: AddressBook,
}

/// Page of an export.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PersonExport {
    /// The account, on the first page, if there is one.
    pub(crate) account: Option<Box<ExportedAccount>>,
    #[serde(flatten)]
    pub(crate) orders: CustomerOrders,
}

/// Outcome of an erasure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PersonErasure {
    /// Whether there was an account, which is deleted now.
    pub(crate) account_deleted: bool,
    #[serde(flatten)]
    pub(crate) orders: CustomerErasure,
}

/// Services that have personal data.
#[derive(Clone)]
pub(crate) struct PersonalData {
    customers: Arc<dyn order::Customers>,
    /// Accounts, and what the services keep by them; none in a shop without accounts.
    accounts: Option<Accounts>,
}

/// Services that have personal data of accounts.
#[derive(Clone)]
struct Accounts {
    people: Arc<dyn auth::People>,
    carts: Arc<dyn cart::AccountCarts>,
    addresses: Arc<dyn order::AddressBooks>,
}

impl PersonalData {
    /// The services of this process, and those that it reaches.
    pub(crate) fn of(assembly: &Assembly) -> Result<Self, DirectoryError> {
        let has = |service| {
            assembly.routers.contains_key(service) || assembly.directory.is_bound(service)
        };
        let accounts = if has(auth::SERVICE) {
            Some(Accounts {
                people: contract_of(assembly)?,
                carts: contract_of(assembly)?,
                addresses: contract_of(assembly)?,
            })
        } else {
            None
        };
        Ok(Self { customers: contract_of(assembly)?, accounts })
    }

    /// Routes of the operator edge.
    pub(crate) fn routes(self) -> Router {
        Router::new()
            .route(&[PERSONS_PATH, "/export"].concat(), post(export))
            .route(&[PERSONS_PATH, "/erase"].concat(), post(erase))
            .with_state(self)
    }

    async fn export(&self, person: PersonRequest) -> Result<PersonExport, CallError> {
        let PersonRequest { email, after } = person;
        let account = match &self.accounts {
            Some(accounts) if after.is_none() => accounts.export(&email).await?.map(Box::new),
            _ => None,
        };
        Ok(PersonExport { account, orders: self.customers.export(email, after).await? })
    }

    /// Erases a person. Each step can be repeated, and the account, which leads to the rest, goes last: after a crash in between, whoever
    /// asks again finds what is left. It is closed first, so that nothing is added meanwhile.
    async fn erase(&self, email: String) -> Result<PersonErasure, CallError> {
        let closed = match &self.accounts {
            Some(accounts) => {
                let closed = accounts.people.close(email.clone()).await?;
                closed.map(|account| (accounts, account))
            }
            None => None,
        };
        if let Some((accounts, account)) = closed {
            accounts.carts.erase(account).await?;
            accounts.addresses.erase_addresses(account).await?;
        }
        let orders = self.customers.erase(email).await?;
        if let Some((accounts, account)) = closed {
            accounts.people.delete(account).await?;
        }
        Ok(PersonErasure { account_deleted: closed.is_some(), orders })
    }
}

impl Accounts {
    async fn export(&self, email: &str) -> Result<Option<ExportedAccount>, CallError> {
        let Some(account) = self.people.find(email.to_owned()).await? else { return Ok(None) };
        let PersonHistory { grants, sign_ins, .. } = self.history(account.id).await?;
        let AccountCart { cart, wish_list } = self.carts.export(account.id).await?;
        let address_book = self.addresses.export_addresses(account.id).await?;
        Ok(Some(ExportedAccount { account, grants, sign_ins, cart, wish_list, address_book }))
    }

    async fn history(&self, account: AccountId) -> Result<PersonHistory, CallError> {
        let mut history = PersonHistory::default();
        for _ in 0..HISTORY_PAGES_MAX {
            let page = self.people.history(account, history.next.take()).await?;
            history.grants.extend(page.grants);
            history.sign_ins.extend(page.sign_ins);
            history.next = page.next;
            if history.next.is_none() {
                return Ok(history);
            }
        }
        Err(Problem::unavailable(auth::SERVICE).into())
    }
}

/// A contract of this process, or of one that it reaches.
fn contract_of<C: ?Sized + Contract>(assembly: &Assembly) -> Result<Arc<C>, DirectoryError> {
    if assembly.routers.contains_key(C::SERVICE) {
        return Ok(assembly.contracts.contract::<C>());
    }
    Ok(C::client(assembly.directory.channel(C::SERVICE)?))
}

impl fmt::Debug for PersonalData {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PersonalData")
    }
}

async fn export(
    State(services): State<PersonalData>,
    Json(person): Json<PersonRequest>,
) -> Response {
    respond(services.export(person).await)
}

async fn erase(
    State(services): State<PersonalData>,
    Json(person): Json<PersonRequest>,
) -> Response {
    respond(services.erase(person.email).await)
}

fn respond(answer: Result<impl Serialize, CallError>) -> Response {
    match answer.map_err(Problem::from) {
        Ok(answer) => Json(answer).into_response(),
        Err(problem) => ProblemResponse(problem).into_response(),
    }
}
