//! `icommerce rebuild SERVICE`: its read models and snapshots, anew from its journal.

use super::{
    closed::{Closed, Told, maintenance, selected},
    worker,
};
use crate::{cli::ProcessFlags, failure::Failure, output::print};
use comfy_table::{Table, presets};
use journal::{
    Projection, ServiceStorage,
    maintenance::{
        EventVisitor, FoldComparison, Invariant, ReadModelComparison, rebuild, visit_events,
    },
};
use runtime::Maintenance;
use std::process::ExitCode;
use storage::StorageError;

pub(crate) fn run(flags: &ProcessFlags, service: String) -> Result<ExitCode, Failure> {
    let modules = selected(&[service])?;
    let closed = Closed::open(flags)?;
    worker()?.block_on(async {
        let mut done = Ok(ExitCode::SUCCESS);
        for module in modules {
            let offline = closed.offline(module);
            let maintenance = maintenance(module, &offline)?;
            let rebuilt = rebuilt(&offline.storage, &maintenance).await;
            let rebuilt = rebuilt
                .map_err(|error| Failure::work(format!("{} is not rebuilt: {error}", module.name)));
            done = rebuilt.and_then(|results| report(module.name, &maintenance, &results));
        }
        let closed = closed.close().await;
        done.and_then(|code| closed.map(|()| code))
    })
}

/// What was made anew, and whether it is now what the journal leads to.
type Rebuilt = Vec<(&'static str, Invariant)>;

async fn rebuilt(
    storage: &ServiceStorage,
    maintenance: &Maintenance,
) -> Result<Rebuilt, StorageError> {
    if maintenance.read_models.is_empty() && maintenance.projections.is_empty() {
        return Ok(Vec::new());
    }
    let length = storage.journal.last_position().await?;
    let told = Told::of("folding", length * 2);
    let mut projections: Vec<Box<dyn Projection>> =
        maintenance.projections.iter().map(|make| make()).collect();
    let at = |position| told.at(position);
    rebuild(storage, &maintenance.read_models, &mut projections, &at).await?;
    drop(told);
    compared(storage, maintenance, &Told::of("comparing", length)).await
}

async fn compared(
    storage: &ServiceStorage,
    maintenance: &Maintenance,
    told: &Told,
) -> Result<Rebuilt, StorageError> {
    let mut models = Vec::new();
    for model in &maintenance.read_models {
        models.push(ReadModelComparison::begin(&**model, storage).await?);
    }
    let mut folds: Vec<FoldComparison> =
        maintenance.projections.iter().map(|make| FoldComparison::of(*make)).collect();
    let mut surveyors: Vec<&mut dyn EventVisitor> = Vec::new();
    surveyors.extend(models.iter_mut().map(|it| it as &mut dyn EventVisitor));
    surveyors.extend(folds.iter_mut().map(|it| it as &mut dyn EventVisitor));
    visit_events(&*storage.journal, &mut surveyors, &|position| told.at(position)).await?;
    let mut results = Vec::new();
    for (comparison, model) in models.into_iter().zip(&maintenance.read_models) {
        results.push((model.collection().name, comparison.end().await?));
    }
    for (fold, make) in folds.into_iter().zip(&maintenance.projections) {
        results.push((make().name(), fold.end(&*storage.journal).await?));
    }
    Ok(results)
}

fn report(
    service: &str,
    maintenance: &Maintenance,
    results: &Rebuilt,
) -> Result<ExitCode, Failure> {
    if results.is_empty() {
        print(format_args!("{service} keeps nothing that follows from its journal"))?;
    } else {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        table.set_header(["read model", "entries", "verdict"]);
        for (name, result) in results {
            let verdict = if result.broken == 0 { "as the journal tells it" } else { "different" };
            table.add_row([(*name).to_owned(), result.checked.to_string(), verdict.to_owned()]);
        }
        print(table)?;
    }
    if let Some(primary) = maintenance.primary {
        print(format_args!("{service}: {primary}"))?;
    }
    match results.iter().find_map(|(_, result)| result.named().first()) {
        Some(different) => Err(Failure::work(format!("{service} is not rebuilt: {different}"))),
        None => Ok(ExitCode::SUCCESS),
    }
}
