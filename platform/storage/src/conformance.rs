//! What every engine's documents and key-value stores must do; engines run these suites against themselves.
//!
//! A behaviour is a function that panics when the store does not behave. [`documents_conformance!`] and
//! [`key_value_conformance!`] turn each into a test of its own.
//!
//! [`documents_conformance!`]: crate::documents_conformance
//! [`key_value_conformance!`]: crate::key_value_conformance

mod concurrency;
mod queries;
mod records;
mod values;

pub use concurrency::*;
pub use queries::*;
pub use records::*;
pub use values::*;

/// Makes a test of every behaviour of [`Documents`](crate::Documents). `$make` is an async function without
/// arguments that returns `(Arc<dyn Documents>, what must live as long)`, of an empty store.
#[macro_export]
macro_rules! documents_conformance {
    ($make:path) => {
        $crate::behaviours! { $make;
            a_document_comes_back_as_it_was_put
            a_deleted_document_is_gone_from_everywhere
            writes_of_one_call_happen_in_their_order
            collections_do_not_mix
            a_document_that_is_too_large_is_refused
            a_changed_document_moves_in_its_indexes
            a_document_without_a_field_is_not_in_the_index
            an_index_that_was_not_declared_is_refused
            numbers_come_before_text
            pages_go_on_after_a_place_though_documents_come_and_go
            a_place_from_elsewhere_does_not_widen_a_walk
            queries_agree_with_sorting
            a_scan_meets_every_document_once_in_the_order_of_keys
        }
    };
}

/// Makes a test of every behaviour of [`KeyValue`](crate::KeyValue). `$make` is an async function without
/// arguments that returns `(Arc<dyn KeyValue>, what must live as long)`, of an empty store.
#[macro_export]
macro_rules! key_value_conformance {
    ($make:path) => {
        $crate::behaviours! { $make;
            a_value_is_seen_at_once_and_after_its_flush
            a_value_expires_at_its_time_and_not_before
            a_removed_value_is_gone_at_once
            a_counter_begins_anew_when_its_time_has_come
            a_counter_is_a_value_like_any_other
            a_counter_counts_every_caller
            a_sweep_is_bounded_and_takes_only_what_expired
            a_value_that_is_too_large_is_refused
            a_value_seen_before_its_flush_touches_the_scope
        }
    };
}

/// One test for each behaviour of this module. For the macros of this crate.
#[doc(hidden)]
#[macro_export]
macro_rules! behaviours {
    ($make:path; $($behaviour:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $behaviour() {
                let (store, _kept) = $make().await;
                $crate::conformance::$behaviour(store).await;
            }
        )*
    };
}
