//! Conformance checks of the lease port.

use crate::{LEASE_OWNER_BYTES_MAX, Lease, LeaseEpoch};
use std::sync::Arc;
use tokio::task::JoinSet;

/// What a store is expected to do in every check.
const ANSWERS: &str = "the store answers";

async fn taken(lease: &Arc<dyn Lease>, owner: &str) -> LeaseEpoch {
    let seen = lease.state().await.expect(ANSWERS);
    let epoch = lease.take(&seen, owner).await.expect(ANSWERS);
    epoch.expect("nobody else takes it")
}

/// A new lease is free, and its owner is who took it.
pub async fn a_lease_belongs_to_who_took_it(lease: Arc<dyn Lease>) {
    let seen = lease.state().await.expect(ANSWERS);
    assert!(seen.is_free() && seen.owner().is_none());
    let long = "o".repeat(LEASE_OWNER_BYTES_MAX);
    let epoch = taken(&lease, &long).await;
    let owned = lease.state().await.expect(ANSWERS);
    assert_eq!(owned.owner(), Some(&*long));
    assert!(owned.0.iter().all(|part| part.owner.is_some()) && !owned.is_free());
    assert_eq!(owned.0.iter().map(|part| part.epoch).collect::<Vec<_>>(), epoch.0);
}

/// Each renewal is seen by who watches.
pub async fn a_renewal_changes_the_state(lease: Arc<dyn Lease>) {
    let epoch = taken(&lease, "first").await;
    let mut states = vec![lease.state().await.expect(ANSWERS)];
    for _ in 0..3 {
        assert!(lease.renew(&epoch).await.expect(ANSWERS));
        let state = lease.state().await.expect(ANSWERS);
        assert!(!states.contains(&state), "{state:?}");
        assert_eq!(state.owner(), Some("first"));
        states.push(state);
    }
}

/// A lease is taken in place of the state that was seen, and of no other.
pub async fn a_lease_that_changed_since_it_was_seen_is_not_taken(lease: Arc<dyn Lease>) {
    let free = lease.state().await.expect(ANSWERS);
    let first = taken(&lease, "first").await;
    assert_eq!(lease.take(&free, "second").await.expect(ANSWERS), None);
    let before = lease.state().await.expect(ANSWERS);
    assert!(lease.renew(&first).await.expect(ANSWERS));
    assert_eq!(lease.take(&before, "second").await.expect(ANSWERS), None, "it was renewed since");
    assert_eq!(lease.state().await.expect(ANSWERS).owner(), Some("first"));
    let second = taken(&lease, "second").await;
    assert!(second.0.iter().zip(&first.0).all(|(second, first)| second > first));
    assert_eq!(lease.state().await.expect(ANSWERS).owner(), Some("second"));
}

/// Who lost a lease neither renews it nor gives it back.
pub async fn a_former_owner_has_no_effect(lease: Arc<dyn Lease>) {
    let first = taken(&lease, "first").await;
    let second = taken(&lease, "second").await;
    let state = lease.state().await.expect(ANSWERS);
    assert!(!lease.renew(&first).await.expect(ANSWERS));
    lease.release(&first).await.expect(ANSWERS);
    assert_eq!(lease.state().await.expect(ANSWERS), state);
    assert!(lease.renew(&second).await.expect(ANSWERS));
}

/// A lease that was given back is free, and its next owner has another epoch.
pub async fn a_lease_that_was_given_back_is_free(lease: Arc<dyn Lease>) {
    let first = taken(&lease, "first").await;
    lease.release(&first).await.expect(ANSWERS);
    let free = lease.state().await.expect(ANSWERS);
    assert!(free.is_free());
    assert!(!lease.renew(&first).await.expect(ANSWERS), "it is its owner's no more");
    let second = taken(&lease, "second").await;
    assert_ne!(second, first);
    assert!(!lease.renew(&first).await.expect(ANSWERS));
}

/// Of many who saw the same state, one takes the lease.
pub async fn one_of_many_takes_a_lease(lease: Arc<dyn Lease>) {
    for round in 0..5 {
        let seen = Arc::new(lease.state().await.expect(ANSWERS));
        let mut takers = JoinSet::new();
        for taker in 0..8 {
            let (lease, seen) = (Arc::clone(&lease), Arc::clone(&seen));
            takers.spawn(async move {
                let owner = format!("{round}-{taker}");
                lease.take(&seen, &owner).await.expect(ANSWERS).map(|epoch| (owner, epoch))
            });
        }
        let winners: Vec<_> = takers.join_all().await.into_iter().flatten().collect();
        let [(owner, epoch)] = &*winners else { panic!("{winners:?}") };
        assert_eq!(lease.state().await.expect(ANSWERS).owner(), Some(&**owner));
        assert!(lease.renew(epoch).await.expect(ANSWERS));
    }
}
