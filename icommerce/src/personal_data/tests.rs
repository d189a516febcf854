//! Erasure of a person in several services, of which each may fail at each of its calls.

use super::{Accounts, PersonRequest, PersonalData};
use async_trait::async_trait;
use contracts::{
    auth::{People, PersonAccount, PersonHistory, SERVICE},
    cart::{AccountCart, AccountCarts, WishList},
    order::{AddressBook, AddressBooks, CustomerErasure, CustomerOrders, Customers},
    shared::AccountId,
};
use kernel::{Cursor, Timestamp, Uuid};
use rpc::CallError;
use std::sync::{Arc, Mutex, PoisonError};

const EMAIL: &str = "ada@example.com";
const ACCOUNT: AccountId = AccountId(Uuid::from_u128(7));

/// Account of the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KnownAccount {
    Open,
    Closed,
    Deleted,
}

/// What the services know.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    account: KnownAccount,
    cart: bool,
    address_book: bool,
    contact_details: bool,
}

const EVERYTHING: Known =
    Known { account: KnownAccount::Open, cart: true, address_book: true, contact_details: true };

const NOTHING: Known = Known {
    account: KnownAccount::Deleted,
    cart: false,
    address_book: false,
    contact_details: false,
};

impl Known {
    fn has_account(&self) -> bool {
        self.account != KnownAccount::Deleted
    }
}

/// When a call crashes.
#[derive(Clone, Copy, Debug)]
enum Crash {
    Before(usize),
    After(usize),
}

#[derive(Debug)]
struct World {
    known: Known,
    crash: Option<Crash>,
    calls: Vec<&'static str>,
}

/// The services.
#[derive(Clone, Debug)]
struct Services(Arc<Mutex<World>>);

impl Services {
    fn knowing_everything(crash: Option<Crash>) -> Self {
        Self(Arc::new(Mutex::new(World { known: EVERYTHING, crash, calls: Vec::new() })))
    }

    fn personal_data(&self) -> PersonalData {
        let services = Arc::new(self.clone());
        let accounts = Accounts {
            people: Arc::clone(&services) as _,
            carts: Arc::clone(&services) as _,
            addresses: Arc::clone(&services) as _,
        };
        PersonalData { customers: services, accounts: Some(accounts) }
    }

    fn known(&self) -> Known {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).known.clone()
    }

    /// A call that changes what is known, unless the process crashes before, or after without an answer.
    fn call<T>(
        &self,
        name: &'static str,
        change: impl FnOnce(&mut Known) -> T,
    ) -> Result<T, CallError> {
        let mut world = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = world.calls.len();
        world.calls.push(name);
        let crashed = || CallError::Unavailable { service: SERVICE, reason: "crash".to_owned() };
        if matches!(world.crash, Some(Crash::Before(at)) if at == number) {
            return Err(crashed());
        }
        let answer = change(&mut world.known);
        match world.crash {
            Some(Crash::After(at)) if at == number => Err(crashed()),
            _ => Ok(answer),
        }
    }
}

#[async_trait]
impl People for Services {
    async fn find(&self, _: String) -> Result<Option<PersonAccount>, CallError> {
        let account = || PersonAccount {
            id: ACCOUNT,
            email: EMAIL.to_owned(),
            is_email_verified: true,
            pending_email: None,
            claims: serde_json::Map::new(),
            role: None,
            created_at: Timestamp::UNIX_EPOCH,
            is_enabled: true,
            has_password: true,
            second_factor: None,
            passkeys: Vec::new(),
            sessions: Vec::new(),
            consents: Vec::new(),
        };
        self.call("find", |known| known.has_account().then(account))
    }

    async fn history(&self, _: AccountId, _: Option<Cursor>) -> Result<PersonHistory, CallError> {
        self.call("history", |_| PersonHistory::default())
    }

    async fn close(&self, _: String) -> Result<Option<AccountId>, CallError> {
        self.call("close", |known| {
            let has_account = known.has_account();
            if has_account {
                known.account = KnownAccount::Closed;
            }
            has_account.then_some(ACCOUNT)
        })
    }

    async fn delete(&self, _: AccountId) -> Result<(), CallError> {
        self.call("delete", |known| known.account = KnownAccount::Deleted)
    }
}

#[async_trait]
impl AccountCarts for Services {
    async fn export(&self, _: AccountId) -> Result<AccountCart, CallError> {
        self.call("export", |_| AccountCart { cart: None, wish_list: WishList::default() })
    }

    async fn erase(&self, _: AccountId) -> Result<(), CallError> {
        self.call("erase cart", |known| {
            assert_eq!(known.account, KnownAccount::Closed, "nothing may be added to it meanwhile");
            known.cart = false;
        })
    }
}

#[async_trait]
impl AddressBooks for Services {
    async fn export_addresses(&self, _: AccountId) -> Result<AddressBook, CallError> {
        self.call("export address book", |_| AddressBook::default())
    }

    async fn erase_addresses(&self, _: AccountId) -> Result<(), CallError> {
        self.call("erase address book", |known| {
            assert_eq!(known.account, KnownAccount::Closed, "nothing may be added to it meanwhile");
            known.address_book = false;
        })
    }
}

#[async_trait]
impl Customers for Services {
    async fn export(&self, _: String, _: Option<Cursor>) -> Result<CustomerOrders, CallError> {
        self.call("export orders", |_| CustomerOrders { orders: Vec::new(), next: None })
    }

    async fn erase(&self, _: String) -> Result<CustomerErasure, CallError> {
        self.call("erase orders", |known| {
            known.contact_details = false;
            CustomerErasure { erased: 1, open_obligations: Vec::new(), retained_until: None }
        })
    }
}

#[tokio::test]
async fn an_erasure_that_crashes_at_any_call_is_made_good_by_the_next() {
    let calls = ["close", "erase cart", "erase address book", "erase orders", "delete"];
    let crashes = (0..calls.len()).flat_map(|at| [Crash::Before(at), Crash::After(at)]);
    for crash in crashes.map(Some).chain([None]) {
        let services = Services::knowing_everything(crash);
        let erased = services.personal_data().erase(EMAIL.to_owned()).await;
        assert_eq!(erased.is_err(), crash.is_some(), "{crash:?}");
        let known = services.known();
        let is_all_gone = !known.cart && !known.address_book && !known.contact_details;
        assert!(known.has_account() || is_all_gone, "what leads to the rest goes last: {crash:?}");
        let erased = services.personal_data().erase(EMAIL.to_owned()).await.unwrap();
        assert_eq!(erased.orders.erased, 1);
        assert_eq!(services.known(), NOTHING, "{crash:?}");
    }
    let services = Services::knowing_everything(None);
    services.personal_data().erase(EMAIL.to_owned()).await.unwrap();
    assert_eq!(services.0.lock().unwrap().calls, calls);
}

#[tokio::test]
async fn the_account_is_on_the_first_page_of_an_export() {
    let services = Services::knowing_everything(None).personal_data();
    let after = Cursor::encode("orders", &1);
    for (after, has_account) in [(None, true), (Some(after), false)] {
        let request = PersonRequest { email: EMAIL.to_owned(), after };
        let page = services.export(request).await.unwrap();
        assert_eq!(page.account.is_some(), has_account);
    }
    let without = PersonalData { accounts: None, ..services };
    let request = PersonRequest { email: EMAIL.to_owned(), after: None };
    assert!(without.export(request).await.unwrap().account.is_none());
    assert!(!without.erase(EMAIL.to_owned()).await.unwrap().account_deleted);
}
