//! Limits of a product. A request beyond a limit is refused with the name of the field.

/// Variants of a product.
pub(crate) const VARIANTS_MAX: usize = 2_048;
/// Withdrawn variants that a product keeps; the oldest ones are forgotten.
pub(crate) const WITHDRAWN_VARIANTS_MAX: usize = VARIANTS_MAX;
/// Renames in one change.
pub(crate) const RENAMES_MAX: usize = 100;
/// Options of a product, such as Colour and Size.
pub(crate) const OPTIONS_MAX: usize = 3;
/// Values of one option: as many as there can be variants.
pub(crate) const OPTION_VALUES_MAX: usize = VARIANTS_MAX;
/// Pictures of a product.
pub(crate) const MEDIA_MAX: usize = 250;
/// Pictures elsewhere within a description of which copies are kept; further ones are not shown.
pub(crate) const DESCRIPTION_PICTURES_MAX: usize = 100;
/// Categories a product is in.
pub(crate) const CATEGORIES_MAX: usize = 20;
/// Levels of one category path.
pub(crate) const CATEGORY_LEVELS_MAX: usize = 8;
/// Tags of a product.
pub(crate) const TAGS_MAX: usize = 250;
/// Former slugs that still lead to a product; the oldest ones are forgotten.
pub(crate) const FORMER_SLUGS_MAX: usize = 50;
/// Earlier prices supplied with one variant.
pub(crate) const EARLIER_PRICES_MAX: usize = 100;

/// Characters of a name.
pub(crate) const NAME_CHARACTERS_MAX: usize = 255;
/// Characters of a slug.
pub(crate) const SLUG_CHARACTERS_MAX: usize = 120;
/// Bytes of a description.
pub(crate) const DESCRIPTION_BYTES_MAX: usize = 64 * 1024;
/// Characters of a brand, of an option's name, of a tag.
pub(crate) const WORD_CHARACTERS_MAX: usize = 100;
/// Characters of an option's value and of a whole category path.
pub(crate) const VALUE_CHARACTERS_MAX: usize = 255;
/// Characters of a SKU and of a barcode.
pub(crate) const SKU_CHARACTERS_MAX: usize = 100;
/// Characters of a picture's URL.
pub(crate) const URL_CHARACTERS_MAX: usize = 2_048;
/// Characters of a picture's alternative text.
pub(crate) const ALT_CHARACTERS_MAX: usize = 512;

/// Units on hand that may be declared.
pub(crate) const STOCK_UNITS_MAX: i64 = 1_000_000_000;
/// Weight of one unit: a hundred tonnes.
pub(crate) const WEIGHT_GRAMS_MAX: u32 = 100_000_000;

/// Variants in one event, so that the size of an event is bounded.
pub(crate) const VARIANTS_PER_EVENT: usize = 256;
