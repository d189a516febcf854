//! Column mapping: the columns of a product file by their header names in either export format.

use csv::StringRecord;

/// Column that the import understands. All others are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Handle,
    Title,
    Body,
    Vendor,
    Category,
    Type,
    Tags,
    Published,
    Status,
    OptionName(usize),
    OptionValue(usize),
    Sku,
    Grams,
    Quantity,
    Policy,
    Price,
    CompareAtPrice,
    Barcode,
    ImageSource,
    ImagePosition,
    ImageAlt,
    VariantImage,
}

/// The most options of a product.
pub(crate) const OPTIONS_MAX: usize = 3;
/// Number of columns that the import understands, but for the picture of a variant.
const COLUMNS: usize = 19 + 2 * OPTIONS_MAX;

impl Column {
    /// Name in reports: that of the format's own documentation.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Handle => "Handle",
            Self::Title => "Title",
            Self::Body => "Body (HTML)",
            Self::Vendor => "Vendor",
            Self::Category => "Product Category",
            Self::Type => "Type",
            Self::Tags => "Tags",
            Self::Published => "Published",
            Self::Status => "Status",
            Self::OptionName(0) => "Option1 Name",
            Self::OptionName(1) => "Option2 Name",
            Self::OptionName(_) => "Option3 Name",
            Self::OptionValue(0) => "Option1 Value",
            Self::OptionValue(1) => "Option2 Value",
            Self::OptionValue(_) => "Option3 Value",
            Self::Sku => "Variant SKU",
            Self::Grams => "Variant Grams",
            Self::Quantity => "Variant Inventory Qty",
            Self::Policy => "Variant Inventory Policy",
            Self::Price => "Variant Price",
            Self::CompareAtPrice => "Variant Compare At Price",
            Self::Barcode => "Variant Barcode",
            Self::ImageSource => "Image Src",
            Self::ImagePosition => "Image Position",
            Self::ImageAlt => "Image Alt Text",
            Self::VariantImage => "Variant Image",
        }
    }

    /// The column of a header name in the old export format or the new one, regardless of case and punctuation.
    fn from_header_name(name: &str) -> Option<Self> {
        let letters = name.chars().filter(|letter| letter.is_alphanumeric());
        let name: String = letters.flat_map(char::to_lowercase).collect();
        let option = |rest: &str| {
            rest.parse::<usize>().ok().filter(|number| (1..=OPTIONS_MAX).contains(number))
        };
        Some(match name.as_str() {
            "handle" | "urlhandle" => Self::Handle,
            "title" | "name" => Self::Title,
            "bodyhtml" | "body" | "description" | "descriptionhtml" => Self::Body,
            "vendor" | "brand" => Self::Vendor,
            "productcategory" | "standardproducttype" | "category" => Self::Category,
            "type" | "producttype" | "customproducttype" => Self::Type,
            "tags" => Self::Tags,
            "published" | "publishedononlinestore" => Self::Published,
            "status" => Self::Status,
            "variantsku" | "sku" => Self::Sku,
            "variantgrams" | "grams" | "weightvaluegrams" => Self::Grams,
            "variantinventoryqty"
            | "variantinventoryquantity"
            | "inventoryquantity"
            | "inventoryqty" => Self::Quantity,
            "variantinventorypolicy" | "inventorypolicy" | "continuesellingwhenoutofstock" => {
                Self::Policy
            }
            "variantprice" | "price" => Self::Price,
            "variantcompareatprice" | "compareatprice" => Self::CompareAtPrice,
            "variantbarcode" | "barcode" => Self::Barcode,
            "imagesrc" | "imageurl" | "productimageurl" => Self::ImageSource,
            "imageposition" => Self::ImagePosition,
            "imagealttext" | "imagealt" => Self::ImageAlt,
            "variantimage" | "variantimageurl" => Self::VariantImage,
            name => {
                let rest = name.strip_prefix("option")?;
                match (rest.strip_suffix("name"), rest.strip_suffix("value")) {
                    (Some(number), _) => Self::OptionName(option(number)? - 1),
                    (None, Some(number)) => Self::OptionValue(option(number)? - 1),
                    (None, None) => return None,
                }
            }
        })
    }

    /// Index into [`ColumnMap`].
    fn slot(self) -> usize {
        match self {
            Self::Handle => 0,
            Self::Title => 1,
            Self::Body => 2,
            Self::Vendor => 3,
            Self::Category => 4,
            Self::Type => 5,
            Self::Tags => 6,
            Self::Published => 7,
            Self::Status => 8,
            Self::Sku => 9,
            Self::Grams => 10,
            Self::Quantity => 11,
            Self::Policy => 12,
            Self::Price => 13,
            Self::CompareAtPrice => 14,
            Self::Barcode => 15,
            Self::ImageSource => 16,
            Self::ImagePosition => 17,
            Self::ImageAlt => 18,
            Self::OptionName(number) => 19 + number,
            Self::OptionValue(number) => 19 + OPTIONS_MAX + number,
            Self::VariantImage => 19 + 2 * OPTIONS_MAX,
        }
    }
}

/// Index of each column in the records of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ColumnMap([Option<usize>; COLUMNS + 1]);

impl ColumnMap {
    /// Maps the columns of a header; of two with the same meaning the first one counts. `None` without a column of
    /// handles, as nothing else groups rows into products.
    pub(crate) fn from_header(header: &StringRecord) -> Option<Self> {
        let mut columns = Self([None; COLUMNS + 1]);
        for (index, name) in header.iter().enumerate() {
            if let Some(column) = Column::from_header_name(name) {
                columns.0[column.slot()].get_or_insert(index);
            }
        }
        columns.0[Column::Handle.slot()].map(|_| columns)
    }

    /// Cell of a record, trimmed; empty when there is no such column.
    pub(crate) fn cell<'a>(&self, column: Column, row: &'a StringRecord) -> &'a str {
        self.0[column.slot()].and_then(|index| row.get(index)).unwrap_or_default().trim()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_either_name_in_any_spelling() {
        let header = [
            "Variant SKU",
            "url HANDLE",
            "option2_value",
            "SEO Title",
            "Price",
            "Handle",
            "Option4 Name",
        ];
        let columns = ColumnMap::from_header(&StringRecord::from(header.to_vec())).unwrap();
        let row = StringRecord::from(vec!["S", " mug ", "Red", "x", "5"]);
        let cell = |column| columns.cell(column, &row);
        assert_eq!(
            (cell(Column::Sku), cell(Column::Handle), cell(Column::Price)),
            ("S", "mug", "5")
        );
        assert_eq!((cell(Column::OptionValue(1)), cell(Column::Title)), ("Red", ""));
        assert_eq!(ColumnMap::from_header(&StringRecord::from(vec!["Title", "Price"])), None);
    }

    #[test]
    fn every_column_has_its_own_slot() {
        use Column::{
            Barcode, Body, Category, CompareAtPrice, Grams, Handle, ImageAlt, ImagePosition,
            ImageSource, OptionName, OptionValue, Policy, Price, Published, Quantity, Sku, Status,
            Tags, Title, Type, VariantImage, Vendor,
        };
        let mut all = vec![
            Handle,
            Title,
            Body,
            Vendor,
            Category,
            Type,
            Tags,
            Published,
            Status,
            Sku,
            Grams,
            Quantity,
            Policy,
            Price,
            CompareAtPrice,
            Barcode,
            ImageSource,
            ImagePosition,
            ImageAlt,
            VariantImage,
        ];
        all.extend((0..OPTIONS_MAX).flat_map(|number| [OptionName(number), OptionValue(number)]));
        for column in &all {
            assert_eq!(Column::from_header_name(column.name()), Some(*column));
        }
        let mut slots: Vec<_> = all.iter().map(|column| column.slot()).collect();
        slots.sort_unstable();
        assert_eq!(slots, (0..=COLUMNS).collect::<Vec<_>>());
    }
}
