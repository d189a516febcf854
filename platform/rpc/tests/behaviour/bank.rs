//! A contract of a small bank, its provider, and its clients.

use async_trait::async_trait;
use bytes::Bytes;
use kernel::{Ids, ManualClock, Problem, SeededRandomness, codes};
use parking_lot::Mutex;
use rpc::{
    CallError, Contract, ContractDirectory, Endpoint, Guard, GuardParts, contract, endpoints,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use telemetry::Metrics;
use transport::{Channel, Context, Request, Response, Transport, TransportError};

contract! {
    /// Accounts of a small bank.
    pub(crate) trait Bank in "bank-service" {
        /// Sets the balance of an account.
        idempotent fn set(account: String, balance: i64) -> i64;

        /// Adds to the balance of an account.
        once fn add(account: String, amount: i64) -> i64;

        /// The caller's actor and whether the call belongs to a trace.
        idempotent fn caller() -> (Option<String>, bool);

        /// Answers after so many milliseconds.
        idempotent fn wait(millis: u64) -> ();

        /// Panics.
        once fn break_down() -> ();
    }
}

/// Accounts in memory.
#[derive(Debug, Default)]
pub(crate) struct Accounts(pub(crate) Mutex<BTreeMap<String, i64>>);

#[async_trait]
impl Bank for Accounts {
    async fn set(&self, account: String, balance: i64) -> Result<i64, CallError> {
        if balance < 0 {
            return Err(Problem::field("balance", "must be 0 or more").into());
        }
        self.0.lock().insert(account, balance);
        Ok(balance)
    }

    async fn add(&self, account: String, amount: i64) -> Result<i64, CallError> {
        let mut accounts = self.0.lock();
        let missing = || Problem::new(404, codes::NOT_FOUND, "there is no such account");
        let balance = accounts.get_mut(&account).ok_or_else(missing)?;
        *balance += amount;
        Ok(*balance)
    }

    async fn caller(&self) -> Result<(Option<String>, bool), CallError> {
        let actor = Context::current_actor().map(|actor| actor.to_string());
        Ok((actor, Context::is_traced()))
    }

    async fn wait(&self, millis: u64) -> Result<(), CallError> {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        Ok(())
    }

    async fn break_down(&self) -> Result<(), CallError> {
        panic!("a provider that breaks")
    }
}

pub(crate) fn ids() -> Ids {
    let clock = ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap());
    Ids::new(Arc::new(clock), Arc::new(SeededRandomness::new(1)))
}

/// The provider behind its guard.
pub(crate) fn guarded(metrics: &Metrics, calls_max: usize) -> (Arc<Accounts>, Arc<dyn Bank>) {
    let accounts = Arc::<Accounts>::default();
    let parts = GuardParts { metrics: metrics.clone(), ids: ids(), calls_max };
    let guard = Guard::of::<dyn Bank>(parts);
    let provider: Arc<dyn Bank> = Arc::<Accounts>::clone(&accounts);
    (accounts, Contract::guarded(provider, guard))
}

/// A handle that was created before its provider was bound.
pub(crate) fn late_bound(provider: &Arc<dyn Bank>) -> Arc<dyn Bank> {
    let directory = ContractDirectory::default();
    let handle = directory.contract::<dyn Bank>();
    assert_eq!(directory.unbound(), Some("bank-service"));
    assert!(directory.bind::<dyn Bank>(Arc::clone(provider)));
    assert!(!directory.bind::<dyn Bank>(Arc::clone(provider)), "bound once");
    assert_eq!(directory.unbound(), None);
    handle
}

/// A client over the endpoints of this provider, without an HTTP server in between.
pub(crate) fn over_the_wire(provider: &Arc<dyn Bank>) -> Channel {
    Channel::new(Wire(endpoints(provider)))
}

struct Wire(Vec<Endpoint>);

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let endpoint = self.0.iter().find(|endpoint| endpoint.path() == request.uri().path());
        let answer = endpoint.unwrap().call(request.into_body()).await;
        let (status, body) = match answer {
            Ok(body) => (200, body),
            Err(error) => {
                let problem = Problem::from(error);
                (problem.status, Bytes::from(serde_json::to_vec(&problem).unwrap()))
            }
        };
        Ok(http::Response::builder().status(status).body(body).unwrap())
    }
}
