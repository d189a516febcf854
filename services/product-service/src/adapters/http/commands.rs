//! Command handlers: changes of the catalogue by operators and by imports within the process.

use super::{AppState, description, import_outcome, queries, request_mapping};
use crate::application::{Catalogue, CatalogueError, ChangeRequest, ImportMode};
use crate::domain::{MissingVariants, ProductCommand, ProductDraft};
use crate::index::{Audience, NameConflict, ProductRef};
use contracts::{
    product::{
        IMPORT_PRODUCTS_MAX, ImportBatch, ImportReport, NewProduct, Product, ProductPatch, Variant,
    },
    shared::{ProductId, Sku},
};
use kernel::{Problem, UnitPrice};
use transport::Edge;
use web::{ApiResult, Caller, Created, IdempotencyKey, IfMatch, Json, Path, State, Versioned};

/// Attempts to find a free slug for a product name.
const SLUG_ATTEMPTS_MAX: u32 = 100;

pub(super) async fn create(
    State(app): State<AppState>,
    caller: Caller,
    key: Option<IdempotencyKey>,
    Json(product): Json<NewProduct>,
) -> ApiResult<Versioned<Created<Product>>> {
    caller.require_operator()?;
    // The id is derived from the idempotency key: a repeated creation finds the same product, even when the stored
    // response has expired.
    let scope = format!("create-product:{}", caller.edge.as_str());
    let operation = key.map(|key| key.operation(&caller, &scope));
    let id = operation.map_or_else(|| app.catalogue.ids.next(), ProductId);
    let slug = if product.slug.is_some() { SlugOrigin::Given } else { SlugOrigin::FromName };
    let bytes = product.description.len();
    let draft = description::sanitising(bytes, || request_mapping::draft(product)).await??;
    create_with_slug(&app.catalogue, id, draft, slug).await?;
    let product = current_product(&app, id).await?;
    let location = format!("/api/v1/products/{}", product.id);
    Ok(Versioned { version: product.version, answer: Created::at(location, product) })
}

pub(super) async fn import(
    State(app): State<AppState>,
    caller: Caller,
    Json(batch): Json<ImportBatch>,
) -> ApiResult<Json<ImportReport>> {
    caller.require_operator()?;
    if batch.products.len() > IMPORT_PRODUCTS_MAX {
        let count = batch.products.len();
        let message =
            format!("has {count} entries; at most {IMPORT_PRODUCTS_MAX} are allowed at once");
        return Err(Problem::field("products", message).into());
    }
    let mode = if batch.dry_run { ImportMode::DryRun } else { ImportMode::Apply };
    let missing = if batch.keep_variants {
        MissingVariants::Kept
    } else {
        MissingVariants::Withdrawn { except: Vec::new() }
    };
    let bytes = batch.products.iter().map(|product| product.description.len()).sum();
    let products = batch.products;
    let map = || products.into_iter().map(request_mapping::draft).collect();
    let mapped: Vec<Result<ProductDraft, Problem>> = description::sanitising(bytes, map).await?;
    let drafts = mapped.iter().flatten().cloned().collect();
    let mut results = app.catalogue.import(drafts, &missing, mode).await?.into_iter();
    let outcomes = mapped.into_iter().map(|draft| match draft {
        Err(problem) => import_outcome::rejected(problem),
        Ok(_) => results
            .next()
            .map_or_else(|| import_outcome::rejected(Problem::internal()), import_outcome::of),
    });
    Ok(Json(ImportReport { outcomes: outcomes.collect() }))
}

pub(super) async fn update(
    State(app): State<AppState>,
    caller: Caller,
    Path(product): Path<String>,
    IfMatch(if_match): IfMatch,
    Json(patch): Json<ProductPatch>,
) -> ApiResult<Versioned<Json<Product>>> {
    let bytes = patch.description.as_deref().map_or(0, str::len);
    let changes = description::sanitising(bytes, || request_mapping::changes(patch)).await??;
    let command = ProductCommand::Change(changes);
    execute(&app, &caller, &product, if_match, command).await
}

pub(super) async fn publish(
    State(app): State<AppState>,
    caller: Caller,
    Path(product): Path<String>,
    IfMatch(if_match): IfMatch,
) -> ApiResult<Versioned<Json<Product>>> {
    execute(&app, &caller, &product, if_match, ProductCommand::Publish).await
}

pub(super) async fn archive(
    State(app): State<AppState>,
    caller: Caller,
    Path(product): Path<String>,
    IfMatch(if_match): IfMatch,
) -> ApiResult<Versioned<Json<Product>>> {
    execute(&app, &caller, &product, if_match, ProductCommand::Archive).await
}

pub(super) async fn set_price(
    State(app): State<AppState>,
    caller: Caller,
    Path((product, sku)): Path<(String, Sku)>,
    IfMatch(if_match): IfMatch,
    Json(price): Json<UnitPrice>,
) -> ApiResult<Versioned<Json<Variant>>> {
    let command = ProductCommand::SetPrice { sku: sku.clone(), price };
    let Versioned { version, answer: Json(product) } =
        execute(&app, &caller, &product, if_match, command).await?;
    Ok(Versioned { version, answer: Json(queries::variant_of(product, &sku)?) })
}

/// Execution of a command on an existing product; responds with the product after the change.
pub(super) async fn execute(
    app: &AppState,
    caller: &Caller,
    product: &str,
    if_match: Option<u64>,
    command: ProductCommand,
) -> ApiResult<Versioned<Json<Product>>> {
    caller.require_operator()?;
    let operator = Caller { edge: Edge::Operator, ..Caller::default() };
    let ProductRef { id, .. } = queries::find(app, &operator, product)?;
    app.catalogue.execute(ChangeRequest { id, command, if_match }).await?;
    let product = current_product(app, id).await?;
    Ok(Versioned { version: product.version, answer: Json(product) })
}

/// Origin of a new product's slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SlugOrigin {
    Given,
    FromName,
}

/// Creation of a product. A slug derived from the name gets a numeric suffix when another product has it.
async fn create_with_slug(
    catalogue: &Catalogue,
    id: ProductId,
    mut draft: ProductDraft,
    origin: SlugOrigin,
) -> Result<(), CatalogueError> {
    let from_name = draft.slug.clone();
    let mut number = 1;
    // A repeated creation keeps the slug that it got the first time.
    if origin == SlugOrigin::FromName
        && let Some(existing) = catalogue.find(&id.to_string(), Audience::Operators(None))
    {
        draft.slug = catalogue.show(existing).await?.slug;
    }
    loop {
        let command = ProductCommand::Create(draft.clone());
        let result = catalogue.execute(ChangeRequest { id, command, if_match: None }).await;
        let taken = matches!(result, Err(CatalogueError::NameConflict(NameConflict::Slug(_))));
        if !taken || origin == SlugOrigin::Given || number == SLUG_ATTEMPTS_MAX {
            return result.map(drop);
        }
        number += 1;
        draft.slug = format!("{from_name}-{number}");
    }
}

/// Product after a change.
async fn current_product(app: &AppState, id: ProductId) -> ApiResult<Product> {
    let product = app.catalogue.find(&id.to_string(), Audience::Operators(None));
    Ok(app.catalogue.show(product.ok_or_else(Problem::internal)?).await?)
}
