//! Product aggregate: commands, decisions, events and rules. The domain performs no I/O and reads no clock.

mod create;
pub(crate) mod description;
pub(crate) mod draft;
pub(crate) mod events;
pub(crate) mod limits;
pub(crate) mod picture_address;
mod pictures;
pub(crate) mod prior_price;
mod product;
mod reduction;
mod rejection;
pub(crate) mod text;
mod update;
mod validation;
mod variants;

pub(crate) use draft::{
    FieldChange, MissingVariants, OptionRename, ProductChanges, ProductCommand, ProductDraft,
    RefusedDraft, TargetStatus, VariantChanges, VariantDraft,
};
pub(crate) use events::{DeclaredStock, ProductEvent};
pub(crate) use pictures::PictureCopy;
pub(crate) use product::{Product, Status, Variant};
pub(crate) use reduction::Reduction;
pub(crate) use rejection::Rejection;

/// Decision on a command: the events it leads to, or a rejection.
type Decision = Result<Vec<ProductEvent>, Rejection>;
