//! Changing the catalogue: for operators, and for imports inside the shop.

use super::browsing::known;
use super::{Doors, intake};
use crate::application::{Catalogue, CatalogueError, Earnest, Imported, Outcome, Wanted};
use crate::domain::{Command, Draft};
use crate::index::{Audience, Known, Taken};
use axum::extract::State;
use contracts::{
    product::{
        IMPORT_PRODUCTS_MAX, ImportBatch, ImportOutcome, ImportReport, NewProduct, Product,
        ProductPatch, Variant,
    },
    shared::ProductId,
};
use kernel::{Problem, UnitPrice, codes};
use transport::Edge;
use web::{ApiResult, Caller, Created, IdempotencyKey, IfMatch, Json, Path, Versioned};

/// How many products of one name get a slug made from it.
const SLUG_ATTEMPTS_MAX: u32 = 100;

pub(super) async fn create(
    State(doors): State<Doors>,
    caller: Caller,
    key: Option<IdempotencyKey>,
    Json(product): Json<NewProduct>,
) -> ApiResult<Versioned<Created<Product>>> {
    may_change(&caller)?;
    // A creation repeated under its key makes the same product, even when the stored answer is gone.
    let operation =
        key.map(|key| key.operation(&format!("create-product:{}", caller.edge.as_str())));
    let id = operation.map_or_else(|| doors.catalogue.ids.next(), ProductId);
    let slug = if product.slug.is_some() { Slug::Given } else { Slug::FromName };
    make(&doors.catalogue, id, intake::draft(product)?, slug).await?;
    let product = shown(&doors, id).await?;
    let location = format!("/api/v1/products/{}", product.id);
    Ok(Versioned { version: product.version, answer: Created::at(location, product) })
}

pub(super) async fn import(
    State(doors): State<Doors>,
    caller: Caller,
    Json(batch): Json<ImportBatch>,
) -> ApiResult<Json<ImportReport>> {
    may_change(&caller)?;
    if batch.products.len() > IMPORT_PRODUCTS_MAX {
        let count = batch.products.len();
        let message =
            format!("has {count} entries; at most {IMPORT_PRODUCTS_MAX} are taken at once");
        return Err(Problem::field("products", message).into());
    }
    let earnest = if batch.dry_run { Earnest::DryRun } else { Earnest::InEarnest };
    let intake: Vec<Result<Draft, Problem>> =
        batch.products.into_iter().map(intake::draft).collect();
    let drafts = intake.iter().flatten().cloned().collect();
    let mut imported = doors.catalogue.import(drafts, earnest).await?.into_iter();
    let outcomes = intake.into_iter().map(|draft| match draft {
        Err(problem) => rejected(problem),
        Ok(_) => imported.next().map_or_else(|| rejected(Problem::internal()), outcome),
    });
    Ok(Json(ImportReport { outcomes: outcomes.collect() }))
}

pub(super) async fn patch(
    State(doors): State<Doors>,
    caller: Caller,
    Path(product): Path<String>,
    IfMatch(seen): IfMatch,
    Json(patch): Json<ProductPatch>,
) -> ApiResult<Versioned<Json<Product>>> {
    let command = Command::Change(intake::changes(patch)?);
    change(&doors, &caller, &product, seen, command).await
}

pub(super) async fn publish(
    State(doors): State<Doors>,
    caller: Caller,
    Path(product): Path<String>,
    IfMatch(seen): IfMatch,
) -> ApiResult<Versioned<Json<Product>>> {
    change(&doors, &caller, &product, seen, Command::Publish).await
}

pub(super) async fn archive(
    State(doors): State<Doors>,
    caller: Caller,
    Path(product): Path<String>,
    IfMatch(seen): IfMatch,
) -> ApiResult<Versioned<Json<Product>>> {
    change(&doors, &caller, &product, seen, Command::Archive).await
}

pub(super) async fn price(
    State(doors): State<Doors>,
    caller: Caller,
    Path((product, sku)): Path<(String, String)>,
    IfMatch(seen): IfMatch,
    Json(price): Json<UnitPrice>,
) -> ApiResult<Versioned<Json<Variant>>> {
    let command = Command::SetPrice { sku: sku.clone(), price };
    let Versioned { version, answer: Json(product) } =
        change(&doors, &caller, &product, seen, command).await?;
    let mut variants = product.variants.into_iter();
    let variant = variants.find(|variant| variant.sku.eq_ignore_ascii_case(&sku));
    let variant = variant.ok_or_else(|| Problem::not_found("variant", sku))?;
    Ok(Versioned { version, answer: Json(variant) })
}

async fn change(
    doors: &Doors,
    caller: &Caller,
    product: &str,
    seen: Option<u64>,
    command: Command,
) -> ApiResult<Versioned<Json<Product>>> {
    may_change(caller)?;
    let operator = Caller { edge: Edge::Operator, actor: None };
    let Known { id, .. } = known(doors, &operator, product)?;
    doors.catalogue.bring_about(Wanted { id, command, seen }).await?;
    let product = shown(doors, id).await?;
    Ok(Versioned { version: product.version, answer: Json(product) })
}

/// Where a new product's slug comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slug {
    Given,
    FromName,
}

/// Makes a product. A slug that nobody chose gets a number when another product has it.
async fn make(
    catalogue: &Catalogue,
    id: ProductId,
    mut draft: Draft,
    slug: Slug,
) -> Result<(), CatalogueError> {
    let from_name = draft.slug.clone();
    let mut number = 1;
    // A creation that is repeated finds the slug it got the first time.
    if slug == Slug::FromName
        && let Some(known) = catalogue.find(&id.to_string(), Audience::Operators(None))
    {
        draft.slug = catalogue.show(known).await?.slug;
    }
    loop {
        let wanted = Wanted { id, command: Command::Create(draft.clone()), seen: None };
        let made = catalogue.bring_about(wanted).await;
        let taken = matches!(made, Err(CatalogueError::Taken(Taken::Slug(_))));
        if !taken || slug == Slug::Given || number == SLUG_ATTEMPTS_MAX {
            return made.map(drop);
        }
        number += 1;
        draft.slug = format!("{from_name}-{number}");
    }
}

/// The product as it stands after a change.
async fn shown(doors: &Doors, id: ProductId) -> ApiResult<Product> {
    let known = doors.catalogue.find(&id.to_string(), Audience::Operators(None));
    Ok(doors.catalogue.show(known.ok_or_else(Problem::internal)?).await?)
}

/// Shoppers change nothing.
fn may_change(caller: &Caller) -> Result<(), Problem> {
    match caller.edge {
        Edge::Operator | Edge::Internal => Ok(()),
        Edge::Shop => {
            Err(Problem::new(403, codes::FORBIDDEN, "products are changed on the operator edge"))
        }
    }
}

fn outcome(imported: Imported) -> ImportOutcome {
    match imported {
        Ok(Outcome::Created) => ImportOutcome::Created,
        Ok(Outcome::Updated) => ImportOutcome::Updated,
        Ok(Outcome::Unchanged) => ImportOutcome::Unchanged,
        Err(error) => rejected(error.into()),
    }
}

fn rejected(problem: Problem) -> ImportOutcome {
    match problem.errors.into_iter().next() {
        Some(error) => ImportOutcome::Rejected { field: error.field, message: error.message },
        None => ImportOutcome::Rejected { field: String::new(), message: problem.title },
    }
}
