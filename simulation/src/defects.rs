//! Planted defects (mutants): a simulation that cannot catch them would not catch others either.
//!
//! Those of a service sit in `adapters/defects.rs` of the service: decorators of its ports, its contract and its routes,
//! which its composition root puts around the real ones in a build with the feature `defects`. Business code has none.
//! Those of the platform sit in the code of the platform itself: each of them breaks a promise of an implementation that
//! no port separates into two steps, such as the order of a flush and an answer.

/// Defect, and what it does wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Defect {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
}

/// All defects that can be planted.
pub(crate) const ALL: &[Defect] = &[
    defect("answer_before_flush", "the listener answers without waiting for the flush"),
    defect(
        "call_before_flush",
        "a call leaves the process before the events that it depends on are flushed",
    ),
    defect("feed_shows_unflushed", "a feed publishes events that are not flushed yet"),
    defect("tail_of_batch_lost", "the last write of a flush does not reach the disk"),
    defect("flush_skipped", "the log is written, and published without a flush"),
    defect("torn_frame_taken", "a start takes a torn frame for one, and reads on behind it"),
    defect("frame_checksum_skipped", "the checksum of a frame's payload is not compared"),
    defect("run_without_second_look", "whatever has the hash of a name is taken for it"),
    defect("index_ahead_of_flush", "documents enter the index before they are flushed"),
    defect("compaction_drops_live", "a compaction drops events that nobody deleted"),
    defect("repeat_from_today", "a repeated request is answered from the order as it is now"),
    defect("append_without_version_check", "a stale writer appends all the same"),
    defect("check_then_decrement", "stock is checked, and decremented a moment later"),
    defect("hold_not_released", "a cancelled checkout keeps its hold"),
    defect("payment_not_cancelled", "a cancelled checkout keeps its authorisation"),
    defect(
        "setting_strands_payments",
        "a payment whose method is no longer offered can be neither captured nor ended",
    ),
    defect("void_forgotten", "a payment whose outcome is unknown is not voided"),
    defect("captured_on_each_webhook", "a redelivered webhook captures the payment again"),
    defect("refund_given_again", "a repeated refund request is paid twice"),
    defect("expired_hold_committed", "an expired hold is committed without a check of the stock"),
    defect("release_applied_twice", "units that were released are released again"),
    defect("late_hold_not_barred", "a hold that arrives after its release is accepted"),
    defect(
        "given_up_cart_freezes",
        "a checkout that arrives after it was abandoned freezes the cart",
    ),
    defect("key_reused_across_carts", "one idempotency key for two carts makes one order"),
    defect(
        "answer_not_remembered",
        "the response of an idempotency key is not stored with its effect",
    ),
    defect("changed_total_accepted", "a changed total is charged without consent"),
    defect("confirmed_before_goods", "an order is confirmed before its hold is committed"),
    defect("erased_key_kept", "the key of a customer who was erased is not destroyed"),
    defect("saga_not_resumed", "a saga that a crash interrupted is not resumed"),
    defect("inbox_dropped", "a consumer does not store its position"),
    defect("position_before_effects", "a consumer stores its position before its effects"),
    defect("projection_applies_twice", "a projection applies each event twice"),
    defect("lease_without_fencing", "the database takes the writes of a former owner"),
    defect("lease_taken_without_wait", "a lease is taken from an owner that renews it"),
    defect("lease_of_others_reclaimed", "a start takes the lease of another process for its own"),
    defect("lost_lease_unnoticed", "an owner goes on when another process has the lease"),
    defect("taken_over_after_load", "an owner loads its state before it fences its predecessor"),
    defect("standby_acts", "a process that stands by does what it refuses"),
    defect(
        "first_message_skipped",
        "a consumer that begins at its stored position skips a message",
    ),
    defect("answered_before_accepted", "an append is answered before the database has accepted it"),
];

const fn defect(name: &'static str, what: &'static str) -> Defect {
    Defect { name, what }
}

/// Plants a defect in the running thread.
#[cfg(feature = "defects")]
pub(crate) fn plant(name: &str) -> Result<(), String> {
    let found = ALL.iter().find(|defect| defect.name == name);
    let names = || ALL.iter().map(|defect| defect.name).collect::<Vec<_>>().join(", ");
    let found =
        found.ok_or_else(|| format!("unknown defect {name:?}; known defects: {}", names()))?;
    kernel::defects::plant(Some(found.name));
    Ok(())
}

/// Fails: this program was built without defects.
#[cfg(not(feature = "defects"))]
pub(crate) fn plant(name: &str) -> Result<(), String> {
    Err(format!("{name} cannot be planted: this was built without the feature `defects`"))
}
