//! Deliberate defects: a simulation that cannot catch them would not catch others either.

use crate::plan::Shape;
use std::process::ExitCode;

/// A defect and what it does wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Defect {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
}

/// All of them.
pub(crate) const ALL: &[Defect] = &[
    defect("answer_before_flush", "the listener answers without waiting for the flush"),
    defect("call_before_flush", "a call leaves the process before what it rests on is flushed"),
    defect("feed_shows_unflushed", "a feed tells what is not flushed yet"),
    defect("tail_of_batch_lost", "a restart forgets the last flushed write"),
    defect("append_without_version_check", "the loser of a race appends all the same"),
    defect("check_then_decrement", "stock is looked at, and taken a moment later"),
    defect("hold_not_released", "a cancelled checkout keeps its goods"),
    defect("payment_not_cancelled", "a cancelled checkout keeps the money set aside"),
    defect("void_forgotten", "a payment whose outcome is unknown is not set free"),
    defect("captured_on_each_webhook", "a repeated webhook takes the money again"),
    defect("refund_given_again", "a refund that is asked for twice is given twice"),
    defect("expired_hold_committed", "goods of an expired hold are sold without looking"),
    defect("release_applied_twice", "goods that came back come back again"),
    defect("late_hold_not_barred", "a hold that arrives after its release is taken"),
    defect(
        "given_up_cart_freezes",
        "a checkout that arrives after it was given up freezes the cart",
    ),
    defect("key_reused_across_carts", "one key for two carts is one order"),
    defect("answer_not_remembered", "the answer to a key is not kept with its effect"),
    defect("changed_total_accepted", "a total that changed is charged silently"),
    defect("confirmed_before_goods", "an order is confirmed before its goods are sold"),
    defect("saga_not_resumed", "a saga that a crash interrupted is left where it stood"),
    defect("inbox_dropped", "a consumer does not keep how far it came"),
    defect("position_before_effects", "a consumer keeps its position before its effects"),
    defect("projection_applies_twice", "a read model takes each event in twice"),
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
        found.ok_or_else(|| format!("there is no defect {name:?}; there are {}", names()))?;
    kernel::defects::plant(Some(found.name));
    Ok(())
}

/// Says that this program has no defects to plant.
#[cfg(not(feature = "defects"))]
pub(crate) fn plant(name: &str) -> Result<(), String> {
    Err(format!("{name} cannot be planted: this was built without the feature `defects`"))
}

/// Plants one after the other and prints how many seeds it took to catch each.
pub(crate) fn table(first: u64, seeds_max: u64, shapes: &[Shape], threads: usize) -> ExitCode {
    use crate::campaign::{self, Seeds};
    use shop_client::Progress;
    println!(
        "{:<30} {:>6}  {:<6} {:<44} what it does wrong",
        "defect", "seeds", "shape", "caught by"
    );
    let mut escaped = 0;
    for defect in ALL {
        if let Err(error) = plant(defect.name) {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
        let seeds = Seeds { first, count: seeds_max };
        let campaign = campaign::run(seeds, shapes, threads, Some(defect.name), Progress::Silent);
        let (seeds, shape, invariant) = match &campaign.failure {
            None => ("never".to_owned(), "", "nothing"),
            Some(failure) => {
                let seeds = failure.plan.seed.wrapping_sub(first) + 1;
                let invariant = failure.violations.first().map_or("", |it| it.invariant);
                (seeds.to_string(), failure.plan.shape.word(), invariant)
            }
        };
        escaped += usize::from(campaign.failure.is_none());
        println!("{:<30} {seeds:>6}  {shape:<6} {invariant:<44} {}", defect.name, defect.what);
    }
    println!("{} of {} defects were caught, from seed {first}", ALL.len() - escaped, ALL.len());
    if escaped == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
