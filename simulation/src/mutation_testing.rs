//! Mutation testing of the simulation: plants one defect after the other, and expects each to be caught.

use crate::{
    campaign::{self, SeedRange},
    defects::{ALL, plant},
    plan::Topology,
};
use shop_client::Progress;
use std::process::ExitCode;

/// Plants one defect after the other, and prints how many seeds it took to catch each.
pub(crate) fn run(first: u64, seeds_max: u64, topologies: &[Topology], threads: usize) -> ExitCode {
    println!(
        "{:<30} {:>6}  {:<9} {:<48} what it does wrong",
        "defect", "seeds", "shape", "caught by"
    );
    let mut escaped = 0;
    for defect in ALL {
        if let Err(error) = plant(defect.name) {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
        let seeds = SeedRange { first, count: seeds_max };
        let campaign =
            campaign::run(seeds, topologies, threads, Some(defect.name), Progress::Silent);
        let (seeds, topology, invariant) = match &campaign.failure {
            None => ("never".to_owned(), "", "nothing"),
            Some(failure) => {
                let seeds = failure.plan.seed.wrapping_sub(first) + 1;
                let invariant = failure.violations.first().map_or("", |it| it.invariant);
                (seeds.to_string(), failure.plan.topology.as_str(), invariant)
            }
        };
        escaped += usize::from(campaign.failure.is_none());
        println!("{:<30} {seeds:>6}  {topology:<9} {invariant:<48} {}", defect.name, defect.what);
    }
    println!("{} of {} defects were caught, from seed {first}", ALL.len() - escaped, ALL.len());
    if escaped == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
