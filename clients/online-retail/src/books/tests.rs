//! What the books promise: every line has a fate, and the sums of the fates are the sum of the lines.

use super::{Books, Fate, Reason, RefundOf, judging::parts};
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

fn balance(books: &Books) {
    for (month, sums) in books.by_month() {
        assert_eq!(sums.unexplained(), Pounds::ZERO, "{month}");
    }
    assert_eq!(books.fates.len(), books.lines.len());
}

fn words(books: &Books) -> Vec<&'static str> {
    books.fates.iter().map(Fate::word).collect()
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
    balance(&books);
    assert_eq!(books.orders.len(), 1);
    let order = &books.orders[0];
    assert_eq!(order.lines.iter().map(|(_, units)| *units).collect::<Vec<_>>(), [8, 1, 1]);
    assert_eq!((order.pence, &*order.name), (8 * 255 + 295, "536365"));
    let sums = books.by_month().into_values().next().unwrap();
    assert_eq!(sums.rounding(), -pounds("0.001"));
    assert_eq!(books.goods.codes.len(), 2);
}

#[test]
fn a_cancellation_gives_back_the_latest_units_first_then_sums_then_nothing() {
    let books = books(
        "1,A,MUG,3,2010-12-01 08:00:00,2.00,7,France
         2,A,MUG,2,2010-12-02 08:00:00,2.00,7,France
         3,A,MUG,9,2010-12-02 08:00:00,2.00,8,France
         C4,A,MUG,-4,2010-12-03 08:00:00,2.00,7,France
         C5,D,Discount,-1,2010-12-04 08:00:00,1.50,7,France
         C6,A,MUG,-3,2010-12-05 08:00:00,2.00,7,France
         C7,A,MUG,-1,2010-12-05 08:00:00,2.00,,France",
    );
    balance(&books);
    assert_eq!(words(&books)[3..], ["returned", "refunded", "partly credited", "credited"]);
    let refund = |index: usize| {
        let refund = &books.refunds[index];
        let units = refund.lines.iter().map(|(_, units)| *units).sum::<i64>();
        (&*books.orders[refund.order].name, refund.of, units, refund.pence)
    };
    assert_eq!(refund(0), ("1", RefundOf::Goods, 2, 400));
    assert_eq!(refund(1), ("2", RefundOf::Goods, 2, 400));
    assert_eq!(refund(2), ("1", RefundOf::Sum, 0, 150));
    // Order 1 has fifty pence left: not enough for the mug that was not given back yet.
    assert_eq!(refund(3), ("1", RefundOf::Sum, 0, 50));
    let Fate::Settled(settlement) = &books.fates[5] else { panic!() };
    assert_eq!((settlement.refunded, settlement.credited), (pounds("0.5"), pounds("5.5")));
    assert_eq!(books.refunds.len(), 4);
}

#[test]
fn a_cancellation_before_its_order_finds_nothing() {
    let books = books(
        "C1,A,MUG,-1,2010-12-01 08:00:00,2.00,7,France
         2,A,MUG,1,2010-12-02 08:00:00,2.00,7,France",
    );
    balance(&books);
    assert_eq!(words(&books), ["credited", "ordered"]);
}

#[test]
fn what_has_no_shelf_comes_back_without_stock() {
    let books = books(
        "1,POST,POSTAGE,1,2010-12-01 08:00:00,18.00,7,France
         1,A,MUG,1,2010-12-01 08:00:00,2.00,7,France
         C2,POST,POSTAGE,-1,2010-12-02 08:00:00,18.00,7,France
         C2,A,MUG,-1,2010-12-02 08:00:00,2.00,7,France",
    );
    balance(&books);
    let of: Vec<_> = books.refunds.iter().map(|refund| (refund.of, refund.pence)).collect();
    assert_eq!(of, [(RefundOf::Goods, 200), (RefundOf::Services, 1800)]);
}

#[test]
fn goods_without_money_are_gifts_in_orders_and_movements_of_stock_elsewhere() {
    let books = books(
        "1,A,MUG,1,2010-12-01 08:00:00,2.00,,France
         1,B1,GIFT,1,2010-12-01 08:00:00,0.0,,France
         2,A,found,5,2010-12-02 08:00:00,0.0,,United Kingdom
         3,A,thrown away,-2,2010-12-02 09:00:00,0.0,,United Kingdom
         4,A,MUG,1,2010-12-03 08:00:00,0.0,9,France",
    );
    balance(&books);
    assert_eq!(
        words(&books),
        ["ordered", "ordered", "stock corrected", "stock corrected", "ordered"]
    );
    assert_eq!(books.corrections.iter().map(|it| it.units).collect::<Vec<_>>(), [5, -2]);
    assert_eq!(books.orders[1].pence, 0);
    let sums = books.by_month().into_values().next().unwrap();
    assert_eq!((sums.units_sold, sums.units_corrected, sums.units_received), (3, 3, 5));
}

#[test]
fn whatever_a_row_says_it_has_a_fate() {
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
    balance(&books);
    let reasons: Vec<_> = books
        .fates
        .iter()
        .map(|fate| match fate {
            Fate::Rejected(reason) => *reason,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        reasons[..5],
        [
            Reason::Bookkeeping,
            Reason::Bookkeeping,
            Reason::NegativePrice,
            Reason::NoQuantity,
            Reason::NothingCancelled,
        ]
    );
    assert!(matches!(reasons[7], Reason::TooLarge));
    assert!(reasons[8..].iter().all(|reason| matches!(reason, Reason::Unreadable(_))));
    assert!(books.orders.is_empty());
}

#[test]
fn an_invoice_that_is_too_large_becomes_several_orders() {
    assert_eq!(
        parts(&[(0, 1), (1, 250_000), (2, 3)]),
        [vec![(0, 1), (1, 100_000), (2, 3)], vec![(1, 100_000)], vec![(1, 50_000)]]
    );
    let many: Vec<(usize, i64)> = (0..1_114).map(|article| (article, 1)).collect();
    let parts = parts(&many);
    assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [1_000, 114]);
    let lines = (0..1_114)
        .map(|code| format!("573585,X{code},THING,1,2011-10-31 14:41:00,1.00,,United Kingdom"));
    let books = books(&lines.collect::<Vec<_>>().join("\n"));
    balance(&books);
    assert_eq!(
        books.orders.iter().map(|order| &*order.name).collect::<Vec<_>>(),
        ["573585", "573585-2"]
    );
    assert_eq!(books.fates[1_113], Fate::Ordered { order: 1 });
}

#[test]
fn a_code_has_the_usual_price_of_each_month_and_the_name_it_was_sold_under() {
    let books = books(
        "1,A,MUG,1,2010-12-01 08:00:00,2.00,,France
         2,A,MUG,1,2010-12-02 08:00:00,2.00,,France
         3,A,MUG,1,2010-12-03 08:00:00,4.00,,France
         4,A,RED MUG,1,2011-01-03 08:00:00,3.00,,France
         5,A,?,-9,2011-01-04 08:00:00,0.00,,France
         6,A,MUG,1,2011-02-04 08:00:00,3.00,,France",
    );
    let good = &books.goods.codes[0];
    assert_eq!(good.name, "MUG");
    let prices: Vec<_> =
        good.usual_prices().iter().map(|(at, price)| (at.to_string(), price.plain())).collect();
    assert_eq!(prices[0], ("2010-12-01T08:00:00Z".to_owned(), "2.00".to_owned()));
    assert_eq!(prices[1], ("2011-01-03T08:00:00Z".to_owned(), "3.00".to_owned()));
    assert_eq!(prices.len(), 2);
    assert_eq!(good.price(), pounds("3"));
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
    balance(&books);
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
    let fates = books.by_fate();
    assert_eq!(fates.values().map(|sums| sums.lines).sum::<u64>(), 320_705);
    assert_eq!(fates["rejected"].lines, 3);
    assert_eq!(fates["returned"].lines, 4_295);
    assert_eq!(total.returned + total.refunded + total.credited, pounds("520770.56"));
}
