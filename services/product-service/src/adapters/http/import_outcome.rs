//! Mapping of import results to their contract messages.

use crate::application::{
    ChangeOutcome, ImportResult, ImportedProduct, PictureRefusal, VariantRefusal,
};
use contracts::product::{ImportOutcome, RefusedPicture, RefusedVariant, RenamedSku};
use kernel::Problem;

/// Outcome of one product.
pub(super) fn of(result: ImportResult) -> ImportOutcome {
    let ImportedProduct { outcome, variants, refused, refused_pictures } = match result {
        Ok(imported) => imported,
        Err(error) => return rejected(error.into()),
    };
    let refused = refused.into_iter().map(refusal).collect();
    let refused_pictures = refused_pictures.into_iter().map(picture_refusal).collect();
    match outcome {
        ChangeOutcome::Created => ImportOutcome::Created { refused, refused_pictures },
        ChangeOutcome::Unchanged => ImportOutcome::Unchanged { refused, refused_pictures },
        ChangeOutcome::Updated => ImportOutcome::Updated {
            added: variants.added,
            withdrawn: variants.withdrawn,
            renamed: variants
                .renamed
                .into_iter()
                .map(|(from, to)| RenamedSku { from, to })
                .collect(),
            refused,
            refused_pictures,
        },
    }
}

/// Outcome of a product that was refused as a whole.
pub(super) fn rejected(problem: Problem) -> ImportOutcome {
    let (code, subject) = (Some(problem.code.clone()), problem.subject.clone());
    let (field, message) = first_error(problem);
    ImportOutcome::Rejected { field, message, code, subject }
}

fn refusal(refusal: VariantRefusal) -> RefusedVariant {
    let problem = Problem::from(refusal.error);
    let code = problem.code.to_string();
    let (field, message) = first_error(problem);
    // "variants[3].price" is the price; that another product has the SKU concerns the SKU.
    let field = match field.split_once("].") {
        Some((_, part)) => part.to_owned(),
        None => "sku".to_owned(),
    };
    RefusedVariant { index: refusal.index, sku: refusal.sku, code, field, message }
}

fn picture_refusal(refusal: PictureRefusal) -> RefusedPicture {
    let (field, message) = first_error(refusal.error.into());
    let part = field.split_once("].").map_or(&*field, |(_, part)| part);
    RefusedPicture { index: refusal.index, field: part.to_owned(), message }
}

/// Field and message of the first error; the title where the problem is about no field.
fn first_error(problem: Problem) -> (String, String) {
    match problem.errors.into_iter().next() {
        Some(error) => (error.field, error.message),
        None => (String::new(), problem.title),
    }
}
