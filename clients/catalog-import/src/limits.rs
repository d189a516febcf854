//! Limits of a product in the shop. What is beyond one is shortened or left out with a remark, by one policy (`fit`).

/// Variants of a product.
pub(crate) const VARIANTS_MAX: usize = 2_048;
/// Options of a product.
pub(crate) const OPTIONS_MAX: usize = 3;
/// Pictures of a product.
pub(crate) const PICTURES_MAX: usize = 250;
/// Categories of a product.
pub(crate) const CATEGORIES_MAX: usize = 20;
/// Levels of a category path.
pub(crate) const CATEGORY_LEVELS_MAX: usize = 8;
/// Tags of a product.
pub(crate) const TAGS_MAX: usize = 250;
/// Characters of a name.
pub(crate) const NAME_CHARACTERS_MAX: usize = 255;
/// Characters of a slug.
pub(crate) const SLUG_CHARACTERS_MAX: usize = 120;
/// Bytes of a description.
pub(crate) const DESCRIPTION_BYTES_MAX: usize = 64 * 1024;
/// Characters of a brand, of a tag and of an option's name.
pub(crate) const WORD_CHARACTERS_MAX: usize = 100;
/// Characters of an option's value and of a category path.
pub(crate) const VALUE_CHARACTERS_MAX: usize = 255;
/// Characters of a SKU and of a barcode.
pub(crate) const SKU_CHARACTERS_MAX: usize = 100;
/// Characters of the address of a picture.
pub(crate) const URL_CHARACTERS_MAX: usize = 2_048;
/// Characters of the alternative text of a picture.
pub(crate) const ALT_CHARACTERS_MAX: usize = 512;
/// Units on hand.
pub(crate) const UNITS_MAX: i64 = 1_000_000_000;
/// Grams of one unit.
pub(crate) const GRAMS_MAX: i128 = 100_000_000;
