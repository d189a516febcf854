//! Report of a campaign: figures, coverage and failures.

use crate::{
    campaign::{Campaign, Failure, SeedRange},
    plan::Topology,
    violation::Violation,
};

/// Prints the coverage and the figures of a campaign.
pub(crate) fn print(campaign: &Campaign, seeds: SeedRange, topologies: &[Topology]) {
    let names: Vec<_> = topologies.iter().map(|topology| topology.as_str()).collect();
    let SeedRange { first, count } = seeds;
    println!("coverage");
    for (what, times) in campaign.coverage.counts() {
        println!("  {times:>9}  {what}");
    }
    let gaps = campaign.coverage_gaps(seeds, topologies);
    for gap in &gaps {
        println!(
            "  coverage gap: {} was seen {} times, {} are required",
            gap.what, gap.seen, gap.required
        );
    }
    let seconds = campaign.took.as_secs_f64().max(0.001);
    let runs = u32::try_from(campaign.runs).unwrap_or(u32::MAX);
    println!(
        "seeds      {first} to {} in {}",
        first.wrapping_add(count.saturating_sub(1)),
        names.join(" and ")
    );
    let runs_per_second = f64::from(runs) / seconds;
    let runs_per_seed = u32::try_from(topologies.len()).unwrap_or(1).max(1);
    let seeds_per_second = runs_per_second / f64::from(runs_per_seed);
    println!(
        "runs       {runs} in {seconds:.1} s: {runs_per_second:.1} runs/s, {seeds_per_second:.1} seeds/s"
    );
    println!("simulated  {:.1} days", campaign.simulated.as_secs_f64() / 86_400.0);
    let shape =
        if topologies.len() == 1 { format!(" --shape {}", names[0]) } else { String::new() };
    println!("repeat     cargo xtask simulate --seed {first} --seeds {count}{shape}");
    if campaign.failure.is_none() && gaps.is_empty() {
        println!("all invariants hold");
    }
}

/// Prints a failure as it was found.
pub(crate) fn print_failure(failure: &Failure) {
    let Failure { plan, violations, .. } = failure;
    println!();
    println!("FAILED  seed {}, shape {}", plan.seed, plan.topology.as_str());
    print_violations(violations);
    println!(
        "the whole trace: cargo xtask simulate --seed {} --shape {} --story",
        plan.seed,
        plan.topology.as_str()
    );
}

/// Prints a failure after it was shrunk.
pub(crate) fn print_shrunk(failure: &Failure) {
    let Failure { plan, violations, trace } = failure;
    println!();
    println!("the smallest plan that fails in the same way");
    println!("  {:?}", plan.settings);
    println!("  {:?}", plan.fault_rates);
    for product in &plan.products {
        println!("  {product:?}");
    }
    for operation in &plan.operations {
        println!("  {operation:?}");
    }
    for fault in &plan.faults {
        println!("  {fault:?}");
    }
    println!();
    println!("its trace, in simulated time");
    for line in trace {
        println!("{line}");
    }
    print_violations(violations);
}

fn print_violations(violations: &[Violation]) {
    for Violation { invariant, what } in violations.iter().take(5) {
        println!("  {invariant}: {what}");
    }
}
