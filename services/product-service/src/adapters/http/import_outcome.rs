//! Mapping of import results to their contract messages.

use crate::application::{ChangeOutcome, ImportResult, ImportedProduct, VariantRefusal};
use contracts::product::{ImportOutcome, RefusedVariant, RenamedSku};
use kernel::Problem;

/// Outcome of one product.
pub(super) fn of(result: ImportResult) -> ImportOutcome {
    let ImportedProduct { outcome, variants, refused } = match result {
        Ok(imported) => imported,
        Err(error) => return rejected(error.into()),
    };
    let refused = refused.into_iter().map(refusal).collect();
    match outcome {
        ChangeOutcome::Created => ImportOutcome::Created { refused },
        ChangeOutcome::Unchanged => ImportOutcome::Unchanged { refused },
        ChangeOutcome::Updated => ImportOutcome::Updated {
            added: variants.added,
            withdrawn: variants.withdrawn,
            renamed: variants
                .renamed
                .into_iter()
                .map(|(from, to)| RenamedSku { from, to })
                .collect(),
            refused,
        },
    }
}

/// Outcome of a product that was refused as a whole.
pub(super) fn rejected(problem: Problem) -> ImportOutcome {
    let (code, subject) = (Some(problem.code), problem.subject);
    let (field, message) = match problem.errors.into_iter().next() {
        Some(error) => (error.field, error.message),
        None => (String::new(), problem.title),
    };
    ImportOutcome::Rejected { field, message, code, subject }
}

fn refusal(refusal: VariantRefusal) -> RefusedVariant {
    let problem = Problem::from(refusal.error);
    let (field, message) = match problem.errors.into_iter().next() {
        Some(error) => (error.field, error.message),
        None => (String::new(), problem.title),
    };
    // "variants[3].price" is the price; that another product has the SKU concerns the SKU.
    let field = match field.split_once("].") {
        Some((_, part)) => part.to_owned(),
        None => "sku".to_owned(),
    };
    let code = problem.code.to_string();
    RefusedVariant { index: refusal.index, sku: refusal.sku, code, field, message }
}
