//! Conformance suites of the document store, key-value store, blob store and lease ports; every engine runs them against itself.
//!
//! A conformance check is an async function that takes a store and panics where the store breaks the contract.
//! [`documents_conformance!`], [`conditional_documents_conformance!`], [`key_value_conformance!`], [`blobs_conformance!`]
//! and [`lease_conformance!`] turn each check into a test of its
//! own.
//!
//! [`documents_conformance!`]: crate::documents_conformance
//! [`conditional_documents_conformance!`]: crate::conditional_documents_conformance
//! [`key_value_conformance!`]: crate::key_value_conformance
//! [`blobs_conformance!`]: crate::blobs_conformance
//! [`lease_conformance!`]: crate::lease_conformance

mod blobs;
mod concurrency;
mod conditional;
mod lease;
mod queries;
mod records;
mod values;

pub use blobs::*;
pub use concurrency::*;
pub use conditional::*;
pub use lease::*;
pub use queries::*;
pub use records::*;
pub use values::*;

/// Conformance suite of [`Documents`](crate::Documents), one test per check. `$make` is an async function without
/// arguments that returns an empty store and a guard that outlives it: `(Arc<dyn Documents>, guard)`.
#[macro_export]
macro_rules! documents_conformance {
    ($make:path) => {
        $crate::conformance_checks! { $make;
            a_document_is_returned_as_it_was_written
            a_deleted_document_is_gone_from_every_index
            the_writes_of_one_call_apply_in_their_order
            calls_apply_in_the_order_in_which_they_are_made
            collections_do_not_mix
            a_document_that_is_too_large_is_refused
            a_changed_document_moves_in_its_indexes
            a_document_without_a_field_is_not_in_the_index
            an_undeclared_index_is_refused
            numbers_come_before_text
            pages_continue_after_a_position_while_documents_come_and_go
            a_forged_position_does_not_widen_a_query
            queries_agree_with_sorting_and_filtering
            a_scan_returns_every_document_once_in_key_order
        }
    };
}

/// Conformance suite of [`ConditionalDocuments`](crate::ConditionalDocuments), one test per check. `$make` is an async function
/// without arguments that returns an empty store that has them and a guard that outlives it: `(Arc<dyn Documents>, guard)`.
#[macro_export]
macro_rules! conditional_documents_conformance {
    ($make:path) => {
        $crate::conformance_checks! { $make;
            a_swap_is_applied_with_its_writes_where_the_expected_document_is
            nothing_of_a_call_is_applied_where_another_document_is_than_the_expected_one
            a_put_if_absent_with_other_writes_is_refused
            a_swap_with_a_document_that_is_too_large_is_refused
            of_concurrent_swaps_one_is_applied
        }
    };
}

/// Conformance suite of [`KeyValue`](crate::KeyValue), one test per check. `$make` is an async function without
/// arguments that returns an empty store and a guard that outlives it: `(Arc<dyn KeyValue>, guard)`.
#[macro_export]
macro_rules! key_value_conformance {
    ($make:path) => {
        $crate::conformance_checks! { $make;
            a_value_is_visible_before_and_after_its_flush
            a_value_expires_at_its_time_and_not_before
            a_removed_value_is_gone_at_once
            an_expired_counter_starts_again_at_zero
            a_counter_is_an_ordinary_value
            concurrent_additions_are_all_counted
            a_sweep_is_bounded_and_deletes_only_expired_values
            a_value_that_is_too_large_is_refused
            a_value_read_before_its_flush_becomes_a_dependency_of_the_scope
        }
    };
}

/// Conformance suite of [`Blobs`](crate::Blobs), one test per check. `$make` is an async function without arguments that
/// returns an empty store and a guard that outlives it: `(Arc<dyn Blobs>, guard)`.
#[macro_export]
macro_rules! blobs_conformance {
    ($make:path) => {
        $crate::conformance_checks! { $make;
            a_blob_is_returned_as_it_was_put
            a_removed_blob_is_gone
            folders_do_not_mix
            an_invalid_name_is_refused
            a_blob_that_is_too_large_is_refused
            a_listing_returns_every_blob_once_in_the_order_of_names
            a_blob_is_seen_whole_or_not_at_all
        }
    };
}

/// Conformance suite of [`Lease`](crate::Lease), one test per check. `$make` is an async function without arguments that returns a lease
/// that nobody has and a guard that outlives it: `(Arc<dyn Lease>, guard)`.
#[macro_export]
macro_rules! lease_conformance {
    ($make:path) => {
        $crate::conformance_checks! { $make;
            a_lease_belongs_to_who_took_it
            a_renewal_changes_the_state
            a_lease_that_changed_since_it_was_seen_is_not_taken
            a_former_owner_has_no_effect
            a_lease_that_was_given_back_is_free
            one_of_many_takes_a_lease
        }
    };
}

/// One test for each check of [`conformance`](crate::conformance); an implementation detail of the macros of this crate.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_checks {
    ($make:path; $($check:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $check() {
                let (store, _guard) = $make().await;
                $crate::conformance::$check(store).await;
            }
        )*
    };
}
