//! Tests of product assembly.

use super::*;
use crate::{columns::Columns, mapping::Mapping};
use contracts::{product::ProductStatus, shared::Sku};
use csv::ReaderBuilder;
use proptest::prelude::*;
use std::sync::Arc;

fn rows(text: &str) -> Vec<Row> {
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let columns = Columns::resolve(&Mapping::default(), reader.headers().unwrap()).unwrap();
    let columns = Arc::new(columns);
    let row = |record: csv::StringRecord| {
        let handle = columns.cell(Fact::Group, &record).0;
        let line = record.position().unwrap().line();
        Row::from_record(RowOrigin { file: 0, line, handle }, &columns, &record)
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn builder() -> ProductBuilder {
    let today = "2026-11-28".to_owned();
    ProductBuilder::new(BuildSettings { currency: Currency::EUR, uncounted_stock: None, today })
}

fn build(text: &str) -> BuildResult {
    builder().build("mug", rows(text))
}

fn build_valid(text: &str) -> PreparedProduct {
    build(text).unwrap()
}

fn remarks(prepared: &PreparedProduct) -> Vec<(u64, &str)> {
    let rows = prepared.rows.iter();
    rows.flat_map(|row| row.remarks.iter().map(|remark| (row.origin.line, &*remark.field)))
        .collect()
}

#[test]
fn a_product_is_built_with_its_variants_and_pictures() {
    let prepared = build_valid(
        "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Grams,Variant Inventory Qty,Variant Price,Variant Compare At Price,Variant Barcode,Image Src,Image Position,Image Alt Text,Variant Image,Status
mug,Mug,<p>A mug.</p>,Halden,Home > Kitchen > Mugs,Mug,\"new, Blue,NEW\",true,Colour,Blue,Size,S,M-1,350.0,7,12.50,15,'0123,https://x/2.jpg,2,Two,https://x/b.jpg,active
mug,,,,,,,,,Blue,,L,,350,0,14.00,0,,https://x/1.jpg,1,One,,
mug,,,,,,,,,,,,,,,,,,//x/3.jpg,3,,,
",
    );
    let product = &prepared.product;
    assert_eq!((&*product.name, product.brand.as_deref()), ("Mug", Some("Halden")));
    assert_eq!(product.categories, ["Home > Kitchen > Mugs"]);
    assert_eq!(product.tags, ["new", "Blue"]);
    assert_eq!(product.status, ProductStatus::Active);
    let options: Vec<_> =
        product.options.iter().map(|it| (&*it.name, it.values.join(" "))).collect();
    assert_eq!(options, [("Colour", "Blue".to_owned()), ("Size", "S L".to_owned())]);
    let [small, large] = &product.variants[..] else { panic!() };
    assert_eq!((small.sku.as_str(), small.stock, small.weight_grams), ("M-1", Some(7), 350));
    assert_eq!(small.barcode.as_deref(), Some("0123"));
    assert_eq!(small.compare_at_price.unwrap().to_string(), "15.00 EUR");
    assert_eq!((large.sku.as_str(), large.compare_at_price), ("MUG-BLUE-L", None));
    let pictures: Vec<(&str, Vec<&str>)> = product
        .media
        .iter()
        .map(|it| (&*it.image.url, it.skus.iter().map(Sku::as_str).collect()))
        .collect();
    assert_eq!(
        pictures,
        [
            ("https://x/1.jpg", vec![]),
            ("https://x/2.jpg", vec![]),
            ("https://x/3.jpg", vec![]),
            ("https://x/b.jpg", vec!["M-1"]),
        ]
    );
    assert_eq!(prepared.rows.iter().map(|row| row.origin.line).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(remarks(&prepared), [(2, "Type")]);
}

#[test]
fn a_default_title_is_not_an_option() {
    let prepared = build_valid(
        "Handle,Title,Option1 Name,Option1 Value,Variant Price\nmug,Mug,Title,Default Title,5\n",
    );
    assert!(prepared.product.options.is_empty());
    assert!(prepared.product.variants[0].options.is_empty());
    assert_eq!(prepared.product.variants[0].sku.as_str(), "MUG");
}

#[test]
fn an_invalid_row_is_reported_and_the_others_are_kept() {
    let prepared = build_valid(
        "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src\n\
         mug,Mug,Size,S,A,5,\n\
         mug,,,M,a,6,\n\
         mug,,,L,C,,\n\
         mug,,,,D,5,\n\
         mug,,,S,E,5,\n\
         mug,,,,,,not an address\n\
         mug,,,XL,F,7,ftp://x\n",
    );
    let rejected: Vec<_> =
        prepared.rejected.iter().map(|row| (row.origin.line, &*row.remarks[0].field)).collect();
    assert_eq!(
        rejected,
        [(4, "Variant Price"), (5, "Option1 Value"), (6, "Option1 Value"), (7, "Image Src")]
    );
    assert_eq!(prepared.product.options[0].values, ["S", "M", "XL"]);
    let skus: Vec<_> = prepared.product.variants.iter().map(|it| it.sku.as_str()).collect();
    assert_eq!(skus, ["A", "A-MUG-M", "F"]);
    assert_eq!(remarks(&prepared), [(3, "Variant SKU"), (8, "Image Src")]);
}

#[test]
fn facts_of_a_product_do_not_depend_on_its_variants() {
    let whole =
        "bench,Elm Bench,<p>Elm.</p>,Fernleigh,Benches,\"elm, bench\",FALSE,https://x/1.jpg";
    for cells in ["Natural,BN,on request", "Natural,BN,", "Natural,BN,$5", "Natural,BN,-1"] {
        let prepared = build_valid(&format!(
            "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Image Src,Option1 Value,Variant SKU,Variant Price\n\
             {whole},{cells}\n\
             bench,,,,,,,,Oiled,BO,199\n"
        ));
        let product = &prepared.product;
        assert_eq!((&*product.name, &*product.description), ("Elm Bench", "<p>Elm.</p>"));
        assert_eq!((product.brand.as_deref(), &*product.tags[1]), (Some("Fernleigh"), "bench"));
        assert_eq!((product.status, &*product.categories[0]), (ProductStatus::Draft, "Benches"));
        assert_eq!(product.media.len(), 1);
        assert_eq!((product.variants.len(), &*product.options[0].values[0]), (1, "Oiled"));
        assert_eq!(prepared.rejected.len(), 1, "{cells}");
    }
}

#[test]
fn an_option_of_refused_variants_only_is_no_option() {
    let prepared = build_valid(
        "Handle,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant Price\n\
         mug,Size,S,Lid,Cork,free\n\
         mug,,M,,,5\n",
    );
    assert_eq!(prepared.product.options.len(), 1);
}

#[test]
fn a_product_without_a_variant_is_rejected_with_all_its_rows() {
    let rejected =
        build("Handle,Title,Variant Price,Image Src\nmug,Mug,free,\nmug,,,https://x/1.jpg\n");
    assert_eq!(rejected.unwrap_err().len(), 2);
}

#[test]
fn invalid_optional_fields_are_skipped_with_a_remark() {
    let prepared = build_valid(
        "Handle,Variant Price,Variant Grams,Variant Inventory Qty,Variant Inventory Policy,Variant Compare At Price,Image Src,Image Position,Status\n\
         mug,5,heavy,-2,perhaps,cheap,http://x/1.jpg,first,hidden\n",
    );
    assert_eq!(prepared.product.variants[0].stock, Some(0));
    assert_eq!(prepared.product.media[0].image.url, "http://x/1.jpg");
    let mut fields: Vec<_> = remarks(&prepared).into_iter().map(|(_, field)| field).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "Image Position",
            "Status",
            "Title",
            "Variant Compare At Price",
            "Variant Grams",
            "Variant Inventory Policy",
            "Variant Inventory Qty",
        ]
    );
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just(String::new()),
        2 => "[A-C]",
        1 => "[0-9]{1,3}([.,][0-9]{1,2})?",
        1 => Just("https://x/y".to_owned()),
        1 => "\\PC{0,6}",
    ]
}

proptest! {
    #[test]
    fn every_row_is_either_kept_or_reported(cells in prop::collection::vec(prop::array::uniform10(cell()), 1..12)) {
        let rows: Vec<Row> = cells
            .into_iter()
            .enumerate()
            .map(|(index, [title, one, two, sku, price, quantity, grams, compare_at, variant_image, status])| {
                let cells = [
                    (Fact::Title, &*title), (Fact::Sku, &*sku), (Fact::Price, &*price),
                    (Fact::Stock, &*quantity), (Fact::Weight, &*grams), (Fact::CompareAtPrice, &*compare_at),
                    (Fact::VariantPicture, &*variant_image), (Fact::Status, &*status),
                ];
                Row::of(index as u64 + 2, &cells, &[("Size", &*one), ("", &*two)])
            })
            .collect();
        let expected: Vec<u64> = rows.iter().map(|row| row.origin.line).collect();
        let again = builder().build("mug", rows.clone());
        let result = builder().build("mug", rows);
        prop_assert_eq!(&result, &again);
        let (kept, rejected) = match &result {
            Ok(prepared) => (&prepared.rows[..], &prepared.rejected),
            Err(rejected) => (&[][..], rejected),
        };
        let kept = kept.iter().map(|row| row.origin.line);
        let mut lines: Vec<u64> = kept.chain(rejected.iter().map(|row| row.origin.line)).collect();
        lines.sort_unstable();
        prop_assert_eq!(lines, expected);
        if let Ok(prepared) = result {
            let product = prepared.product;
            prop_assert!(!product.variants.is_empty());
            for variant in &product.variants {
                prop_assert_eq!(variant.options.len(), product.options.len());
                for option in &product.options {
                    prop_assert!(option.values.contains(&variant.options[&option.name]));
                }
            }
        }
    }
}
