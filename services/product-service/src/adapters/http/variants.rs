//! Handlers of single variants: add, show, change, withdraw.

use super::commands::execute;
use super::{AppState, queries, request_mapping};
use crate::domain::ProductCommand;
use contracts::{
    product::{NewVariant, Variant, VariantPatch},
    shared::Sku,
};
use kernel::Problem;
use web::{
    ApiResult, Caller, Created, IfMatch, Json, NoContent, Path, ProblemResponse, State, Versioned,
};

pub(super) async fn add(
    State(app): State<AppState>,
    caller: Caller,
    Path(product): Path<String>,
    IfMatch(if_match): IfMatch,
    Json(variant): Json<NewVariant>,
) -> ApiResult<Versioned<Created<Variant>>> {
    let sku = variant.sku.clone();
    let command = ProductCommand::AddVariant(request_mapping::variant(variant));
    let result = execute(&app, &caller, &product, if_match, command).await;
    let Versioned { version, answer: Json(product) } = result.map_err(of_the_variant)?;
    let location = contracts::product::variant_path(product.id, &sku);
    let variant = queries::variant_of(product, &sku)?;
    Ok(Versioned { version, answer: Created::at(location, variant) })
}

pub(super) async fn show(
    State(app): State<AppState>,
    caller: Caller,
    Path((product, sku)): Path<(String, Sku)>,
) -> ApiResult<Versioned<Json<Variant>>> {
    let product = queries::find(&app, &caller, &product)?;
    let product = app.catalogue.show(product).await?;
    let version = product.version;
    Ok(Versioned { version, answer: Json(queries::variant_of(product, &sku)?) })
}

pub(super) async fn change(
    State(app): State<AppState>,
    caller: Caller,
    Path((product, sku)): Path<(String, Sku)>,
    IfMatch(if_match): IfMatch,
    Json(patch): Json<VariantPatch>,
) -> ApiResult<Versioned<Json<Variant>>> {
    let now = patch.sku.clone().unwrap_or_else(|| sku.clone());
    let changes = request_mapping::variant_changes(patch);
    let command = ProductCommand::ChangeVariant { sku, changes };
    let result = execute(&app, &caller, &product, if_match, command).await;
    let Versioned { version, answer: Json(product) } = result.map_err(of_the_variant)?;
    Ok(Versioned { version, answer: Json(queries::variant_of(product, &now)?) })
}

pub(super) async fn withdraw(
    State(app): State<AppState>,
    caller: Caller,
    Path((product, sku)): Path<(String, Sku)>,
    IfMatch(if_match): IfMatch,
) -> ApiResult<NoContent> {
    let command = ProductCommand::WithdrawVariant { sku };
    execute(&app, &caller, &product, if_match, command).await?;
    Ok(NoContent)
}

/// The same problem with the fields of a single variant: `price` instead of `variants[0].price`.
fn of_the_variant(ProblemResponse(mut problem): ProblemResponse) -> Problem {
    const FIRST: &str = "variants[0].";
    for error in &mut problem.errors {
        if let Some(field) = error.field.strip_prefix(FIRST) {
            error.field = field.to_owned();
        }
    }
    problem.title = problem.title.replacen(FIRST, "", 1);
    problem
}
