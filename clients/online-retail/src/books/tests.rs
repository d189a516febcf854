//! Tests of the books: every line has an outcome, and the amounts of the outcomes add up to those of the lines.

use super::{Books, LineOutcome, RefundKind, RejectReason, classification::split_order};
use crate::pounds::Pounds;
use std::{io::Write, path::PathBuf};

const HEADER: &str =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

fn books(rows: &str) -> Books {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("invoices.csv");
    writeln!(std::fs::File::create(&path).unwrap(), "{HEADER}\n{}", rows.trim()).unwrap();
    Books::open(&[path]).unwrap()
}

fn assert_balanced(books: &Books) {
    for (month, sums) in books.by_month() {
        assert_eq!(sums.unexplained(), Pounds::ZERO, "{month}");
    }
    assert_eq!(books.outcomes.len(), books.lines.len());
}

fn labels(books: &Books) -> Vec<&'static str> {
    books.outcomes.iter().map(LineOutcome::label).collect()
}

fn pounds(text: &str) -> Pounds {
    Pounds::parse(text).unwrap()
}

#[test]
fn an_invoice_becomes_one_order_with_one_line_for_each_code_and_price() {
    let books = books(
        "536365,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
         536365,85123a,HEART,2,2010-12-01 08:27:00,2.55,17850.0,United Kingdom
         536365,85123A,HEART,1,2010-12-01 08:26:00,2.95,17850.0,United Kingdom
         536365,PADS,PADS,1,2010-12-01 08:26:00,0.001,17850.0,United Kingdom",
    );
    assert_balanced(&books);
    assert_eq!(books.orders.len(), 1);
    let order = &books.orders[0];
    assert_eq!(order.lines.iter().map(|(_, units)| *units).collect::<Vec<_>>(), [8, 1, 1]);
    assert_eq!((order.pence, &*order.name), (8 * 255 + 295, "536365"));
    let sums = books.by_month().into_values().next().unwrap();
    assert_eq!(sums.rounding(), -pounds("0.001"));
    assert_eq!(books.goods.codes.len(), 2);
}

#[test]
fn a_cancellation_refunds_the_latest_units_first_then_amounts_then_nothing() {
    let books = books(
        "1,A,MUG,3,2010-12-01 08:00:00,2.00,7,France
         2,A,MUG,2,2010-12-02 08:00:00,2.00,7,France
         3,A,MUG,9,2010-12-02 08:00:00,2.00,8,France
         C4,A,MUG,-4,2010-12-03 08:00:00,2.00,7,France
         C5,D,Discount,-1,2010-12-04 08:00:00,1.50,7,France
         C6,A,MUG,-3,2010-12-05 08:00:00,2.00,7,France
         C7,A,MUG,-1,2010-12-05 08:00:00,2.00,,France",
    );
    assert_balanced(&books);
    assert_eq!(labels(&books)[3..], ["returned", "refunded", "partly credited", "credited"]);
    let refund = |index: usize| {
        let refund = &books.refunds[index];
        let units = refund.lines.iter().map(|(_, units)| *units).sum::<i64>();
        (&*books.orders[refund.order].name, refund.kind, units, refund.pence)
    };
    assert_eq!(refund(0), ("1", RefundKind::Goods, 2, 400));
    assert_eq!(refund(1), ("2", RefundKind::Goods, 2, 400));
    assert_eq!(refund(2), ("1", RefundKind::Amount, 0, 150));
    // Order 1 has fifty pence left: not enough for the mug that was not returned yet.
    assert_eq!(refund(3), ("1", RefundKind::Amount, 0, 50));
    let LineOutcome::Settled(settlement) = &books.outcomes[5] else { panic!() };
    assert_eq!((settlement.refunded, settlement.credited), (pounds("0.5"), pounds("5.5")));
    assert_eq!(books.refunds.len(), 4);
}

#[test]
fn a_cancellation_before_its_order_is_credited_outside() {
    let books = books(
        "C1,A,MUG,-1,2010-12-01 08:00:00,2.00,7,France
         2,A,MUG,1,2010-12-02 08:00:00,2.00,7,France",
    );
    assert_balanced(&books);
    assert_eq!(labels(&books), ["credited", "ordered"]);
}

#[test]
fn services_are_refunded_without_restocking() {
    let books = books(
        "1,POST,POSTAGE,1,2010-12-01 08:00:00,18.00,7,France
         1,A,MUG,1,2010-12-01 08:00:00,2.00,7,France
         C2,POST,POSTAGE,-1,2010-12-02 08:00:00,18.00,7,France
         C2,A,MUG,-1,2010-12-02 08:00:00,2.00,7,France",
    );
    assert_balanced(&books);
    let kinds: Vec<_> = books.refunds.iter().map(|refund| (refund.kind, refund.pence)).collect();
    assert_eq!(kinds, [(RefundKind::Goods, 200), (RefundKind::Services, 1800)]);
}

#[test]
fn free_goods_are_gifts_in_orders_and_stock_corrections_elsewhere() {
    let books = books(
        "1,A,MUG,1,2010-12-01 08:00:00,2.00,,France
         1,B1,GIFT,1,2010-12-01 08:00:00,0.0,,France
         2,A,found,5,2010-12-02 08:00:00,0.0,,United Kingdom
         3,A,thrown away,-2,2010-12-02 09:00:00,0.0,,United Kingdom
         4,A,MUG,1,2010-12-03 08:00:00,0.0,9,France",
    );
    assert_balanced(&books);
    assert_eq!(
        labels(&books),
        ["ordered", "ordered", "stock corrected", "stock corrected", "ordered"]
    );
    assert_eq!(books.corrections.iter().map(|it| it.units).collect::<Vec<_>>(), [5, -2]);
    assert_eq!(books.orders[1].pence, 0);
    let sums = books.by_month().into_values().next().unwrap();
    assert_eq!((sums.units_sold, sums.units_corrected, sums.units_received), (3, 3, 5));
}

#[test]
fn every_row_has_an_outcome() {
    let books = books(
        "A1,B,Adjust bad debt,1,2011-08-12 14:50:00,11062.06,,United Kingdom
         A2,B,Adjust bad debt,1,2011-08-12 14:51:00,-11062.06,,United Kingdom
         3,A,MUG,1,2011-08-12 14:51:00,-1,,France
         3,A,MUG,0,2011-08-12 14:51:00,1,,France
         C4,A,MUG,1,2011-08-12 14:51:00,1,,France
         5,A,MUG,many,2011-08-12 14:51:00,1,,France
         5,A,MUG,1,2011-08-12,1,,France
         5,A,MUG,9223372036854775807,2011-08-12 14:51:00,1,,France
         ,A,MUG,1,2011-08-12 14:51:00,1,,France
         6,A",
    );
    assert_balanced(&books);
    let reasons: Vec<_> = books
        .outcomes
        .iter()
        .map(|outcome| match outcome {
            LineOutcome::Rejected(reason) => *reason,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        reasons[..5],
        [
            RejectReason::Bookkeeping,
            RejectReason::Bookkeeping,
            RejectReason::NegativePrice,
            RejectReason::NoQuantity,
            RejectReason::NothingCancelled,
        ]
    );
    assert!(matches!(reasons[7], RejectReason::TooLarge));
    assert!(reasons[8..].iter().all(|reason| matches!(reason, RejectReason::Unreadable(_))));
    assert!(books.orders.is_empty());
}

#[test]
fn an_invoice_that_is_too_large_becomes_several_orders() {
    assert_eq!(
        split_order(&[(0, 1), (1, 250_000), (2, 3)]),
        [vec![(0, 1), (1, 100_000), (2, 3)], vec![(1, 100_000)], vec![(1, 50_000)]]
    );
    let many: Vec<(usize, i64)> = (0..1_114).map(|variant| (variant, 1)).collect();
    let parts = split_order(&many);
    assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [1_000, 114]);
    let lines = (0..1_114)
        .map(|code| format!("573585,X{code},THING,1,2011-10-31 14:41:00,1.00,,United Kingdom"));
    let books = books(&lines.collect::<Vec<_>>().join("\n"));
    assert_balanced(&books);
    assert_eq!(
        books.orders.iter().map(|order| &*order.name).collect::<Vec<_>>(),
        ["573585", "573585-2"]
    );
    assert_eq!(books.outcomes[1_113], LineOutcome::Ordered { order: 1 });
}

#[test]
fn a_stock_code_has_the_usual_price_of_each_month_and_its_most_frequent_name() {
    let books = books(
        "1,A,MUG,1,2010-12-01 08:00:00,2.00,,France
         2,A,MUG,1,2010-12-02 08:00:00,2.00,,France
         3,A,MUG,1,2010-12-03 08:00:00,4.00,,France
         4,A,RED MUG,1,2011-01-03 08:00:00,3.00,,France
         5,A,?,-9,2011-01-04 08:00:00,0.00,,France
         6,A,MUG,1,2011-02-04 08:00:00,3.00,,France",
    );
    let stock_code = &books.goods.codes[0];
    assert_eq!(stock_code.name, "MUG");
    let prices: Vec<_> = stock_code
        .usual_prices()
        .iter()
        .map(|(at, price)| (at.to_string(), price.to_plain_string()))
        .collect();
    assert_eq!(prices[0], ("2010-12-01T08:00:00Z".to_owned(), "2.00".to_owned()));
    assert_eq!(prices[1], ("2011-01-03T08:00:00Z".to_owned(), "3.00".to_owned()));
    assert_eq!(prices.len(), 2);
    assert_eq!(stock_code.price(), pounds("3"));
}

/// The nine months that come with the project's shared data.
fn nine_months() -> Option<Vec<PathBuf>> {
    let folder =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/online-retail"));
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).ok()?.map(|file| file.unwrap().path()).collect();
    files.sort();
    (files.len() == 9).then_some(files)
}

#[test]
fn nine_months_are_accounted_for_to_a_tenth_of_a_penny() {
    let Some(files) = nine_months() else {
        println!("skipped: ../shared/data/online-retail does not have the nine months");
        return;
    };
    let books = Books::open(&files).unwrap();
    assert_balanced(&books);
    assert_eq!(
        (books.lines.len(), books.invoices.len(), books.goods.codes.len()),
        (320_705, 16_459, 3_680)
    );
    let mut total = super::MonthSums::default();
    for sums in books.by_month().values() {
        total.add(sums);
    }
    assert_eq!(total.input, pounds("5761931.382"));
    assert_eq!(total.rounding(), -pounds("0.002"));
    assert_eq!(total.rejected, -pounds("11062.06"));
    let outcomes = books.by_outcome();
    assert_eq!(outcomes.values().map(|sums| sums.lines).sum::<u64>(), 320_705);
    assert_eq!(outcomes["rejected"].lines, 3);
    assert_eq!(outcomes["returned"].lines, 4_295);
    assert_eq!(total.returned + total.refunded + total.credited, pounds("520770.56"));
}
