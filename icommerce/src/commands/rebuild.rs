//! `icommerce rebuild SERVICE`: rebuild of a service's read models and snapshots from its journal.

use super::{
    offline::{JournalProgress, OfflineShop, maintenance},
    projected, worker_runtime,
};
use crate::{
    cli::ProcessFlags,
    error::CliError,
    modules,
    output::{LINE_COLUMNS, print, wrapped},
};
use comfy_table::{Table, presets};
use journal::{
    Projection, ServiceStorage,
    maintenance::{
        EventVisitor, FoldComparison, Invariant, ReadModelComparison, rebuild, visit_events,
    },
};
use runtime::Maintenance;
use std::process::ExitCode;
use storage::{Collection, StorageError};

pub(crate) fn run(flags: &ProcessFlags, service: String) -> Result<ExitCode, CliError> {
    let modules = modules::named(&[service])?;
    let shop = OfflineShop::with_projections(flags)?;
    worker_runtime()?.block_on(async {
        let mut done = Ok(ExitCode::SUCCESS);
        for module in modules {
            let offline = shop.offline(module)?;
            let maintenance = maintenance(module, &offline)?;
            let projected = if shop.has_projections_apart() { module.projected } else { &[] };
            let rebuilt = async {
                if !projected.is_empty() {
                    projected::empty(module, &offline.storage, &maintenance).await?;
                }
                rebuild_service(&offline.storage, &maintenance).await
            };
            let rebuilt = rebuilt.await.map_err(|error| {
                CliError::failed(format!("cannot rebuild {}: {error}", module.name))
            });
            done = rebuilt.and_then(|results| {
                let results = RebuildReport { results, projected };
                report(module.name, &maintenance, &results)
            });
        }
        let shop = shop.close().await;
        done.and_then(|code| shop.map(|()| code))
    })
}

/// Rebuilt read models and snapshots, each compared with the journal.
type RebuildResults = Vec<(&'static str, Invariant)>;

/// What was done.
struct RebuildReport {
    results: RebuildResults,
    /// Read models that were emptied.
    projected: &'static [&'static Collection],
}

async fn rebuild_service(
    storage: &ServiceStorage,
    maintenance: &Maintenance,
) -> Result<RebuildResults, StorageError> {
    if maintenance.read_models.is_empty() && maintenance.projections.is_empty() {
        return Ok(Vec::new());
    }
    let length = storage.journal.last_position().await?;
    let progress = JournalProgress::new("rebuilding", length * 2);
    let mut projections: Vec<Box<dyn Projection>> =
        maintenance.projections.iter().map(|make| make()).collect();
    let at = |position| progress.advance_to(position);
    rebuild(storage, &maintenance.read_models, &mut projections, &at).await?;
    drop(progress);
    compare(storage, maintenance, &JournalProgress::new("comparing", length)).await
}

async fn compare(
    storage: &ServiceStorage,
    maintenance: &Maintenance,
    progress: &JournalProgress,
) -> Result<RebuildResults, StorageError> {
    let mut models = Vec::new();
    for model in &maintenance.read_models {
        models.push(ReadModelComparison::begin(&**model, storage).await?);
    }
    let mut folds: Vec<FoldComparison> =
        maintenance.projections.iter().map(|make| FoldComparison::of(*make)).collect();
    let mut visitors: Vec<&mut dyn EventVisitor> = Vec::new();
    visitors.extend(models.iter_mut().map(|it| it as &mut dyn EventVisitor));
    visitors.extend(folds.iter_mut().map(|it| it as &mut dyn EventVisitor));
    visit_events(&*storage.journal, &mut visitors, &|position| progress.advance_to(position))
        .await?;
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
    RebuildReport { results, projected }: &RebuildReport,
) -> Result<ExitCode, CliError> {
    if results.is_empty() && projected.is_empty() {
        let primary = maintenance.primary.map_or_else(String::new, |text| format!("; {text}"));
        let reason = format!("{service} has nothing to rebuild from its journal{primary}");
        return Err(CliError::failed(reason));
    }
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["read model", "entries", "verdict"]);
    for (name, result) in results {
        let verdict = if result.broken == 0 { "matches the journal" } else { "differs" };
        table.add_row([(*name).to_owned(), result.checked.to_string(), verdict.to_owned()]);
    }
    for collection in *projected {
        table.add_row([collection.name, "", "emptied: the next start reads the feeds again"]);
    }
    print(table)?;
    if let Some(primary) = maintenance.primary {
        print(wrapped(&format!("{service}: {primary}"), LINE_COLUMNS, "    "))?;
    }
    match results.iter().find_map(|(_, result)| result.examples().first()) {
        Some(different) => Err(CliError::failed(format!("cannot rebuild {service}: {different}"))),
        None => Ok(ExitCode::SUCCESS),
    }
}
