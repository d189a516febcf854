//! Whole replays in a shop that sells, remembers keys, and fails when told to.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod shop;

use online_retail::{Balance, Options, ReplayFailure, replay};
use shop::Shop;
use shop_client::Progress;
use std::{fmt::Write, path::PathBuf};

const HEADER: &str =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

/// Two months of a small shop, with everything that can be on an invoice.
const MONTHS: [&str; 2] = [
    "536365,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
     536365,71053,LANTERN,6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom
     536366,85123a,HEART,64,2010-12-01 08:26:00,2.95,12583.0,France
     536366,POST,POSTAGE,3,2010-12-01 08:26:00,18.00,12583.0,France
     536367,PADS,PADS,1,2010-12-01 09:00:00,0.001,12583.0,France
     536368,84029E,HOTTIE,2,2010-12-02 09:00:00,4.25,,Unspecified
     536368,84029E,HOTTIE,1,2010-12-02 09:00:00,0.00,,Unspecified
     536369,BANK CHARGES,Bank Charges,1,2010-12-02 09:30:00,15.00,,United Kingdom
     C536379,85123A,HEART,-1,2010-12-02 10:00:00,2.55,17850.0,United Kingdom
     C536380,D,Discount,-1,2010-12-02 11:00:00,5.50,17850.0,United Kingdom
     C536381,84029E,HOTTIE,-1,2010-12-02 12:00:00,4.25,,Unspecified
     536589,71053,thrown away,-4,2010-12-03 12:00:00,0.0,,United Kingdom
     536590,99999,found,7,2010-12-03 12:00:00,0.0,,United Kingdom
     A536591,B,Adjust bad debt,1,2010-12-03 12:00:00,-11.00,,United Kingdom",
    "540001,85123A,HEART,2,2011-01-04 08:00:00,2.95,17850.0,United Kingdom
     540002,71053,LANTERN,1,2011-01-04 08:00:00,0.0,17850.0,European Community
     C540003,85123A,HEART,-5,2011-01-05 08:00:00,2.55,17850.0,United Kingdom
     C540004,POST,POSTAGE,-1,2011-01-05 08:00:00,18.00,12583.0,France
     C540005,85123A,HEART,-64,2011-01-06 08:00:00,2.95,12583.0,France",
];

struct Desk {
    folder: tempfile::TempDir,
    files: Vec<PathBuf>,
}

impl Desk {
    fn with(months: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Vec::new();
        for (index, rows) in months.iter().enumerate() {
            let path = folder.path().join(format!("{index}.csv"));
            let mut text = HEADER.to_owned();
            for row in rows.lines() {
                write!(text, "\n{}", row.trim()).unwrap();
            }
            std::fs::write(&path, text).unwrap();
            files.push(path);
        }
        Self { folder, files }
    }

    async fn replay(&self, shop: &Shop, diary: Option<&str>) -> Result<Balance, ReplayFailure> {
        let options = Options {
            files: self.files.clone(),
            parallel: 4,
            rate: None,
            report: Some(self.folder.path().join("report.csv")),
            progress_file: diary.map(|name| self.folder.path().join(name)),
        };
        replay(&options, &shop.edge, &shop.edge, Progress::Silent).await
    }
}

fn assert_balanced(balance: &Balance) {
    assert!(balance.is_balanced, "{balance}\n{:#?}", balance.differences);
}

#[tokio::test]
async fn a_replay_balances_and_says_what_became_of_every_line() {
    let (desk, shop) = (Desk::with(&MONTHS), Shop::open().await);
    let balance = desk.replay(&shop, None).await.unwrap();
    assert_balanced(&balance);
    assert_eq!((balance.lines, balance.orders), (19, 7));
    assert_eq!(shop.orders(), 7);
    let text = balance.to_string();
    assert!(text.contains("Balanced to the penny: 7 orders"), "{text}");
    let report = std::fs::read_to_string(desk.folder.path().join("report.csv")).unwrap();
    assert_eq!(report.lines().count(), 20);
    let fate =
        |line: usize| report.lines().nth(line).unwrap().split(',').nth(7).unwrap().to_owned();
    assert_eq!(
        [1, 9, 10, 11, 12, 13].map(fate),
        ["ordered", "returned", "refunded", "credited", "stock corrected", "stock corrected",]
    );
    // What came in less what went out: found goods stay, returned ones too.
    assert_eq!(
        (shop.on_hand("99999"), shop.on_hand("71053"), shop.on_hand("85123A@2.55")),
        (7, 0, 6)
    );
    assert_eq!(shop.on_hand("85123A"), 64);
}

#[tokio::test]
async fn a_second_replay_changes_nothing() {
    for diary in [None, Some("progress")] {
        let (desk, shop) = (Desk::with(&MONTHS), Shop::open().await);
        assert_balanced(&desk.replay(&shop, diary).await.unwrap());
        let before = shop.state();
        assert_balanced(&desk.replay(&shop, diary).await.unwrap());
        assert_eq!(shop.state(), before);
    }
}

#[tokio::test]
async fn wherever_a_replay_breaks_off_it_goes_on_without_doing_anything_twice() {
    let whole = Shop::open().await;
    assert_balanced(&Desk::with(&MONTHS).replay(&whole, None).await.unwrap());
    for diary in [None, Some("progress")] {
        for after in (0..32).step_by(3) {
            let (desk, shop) = (Desk::with(&MONTHS), Shop::open().await);
            shop.fail_after(after);
            let broken = desk.replay(&shop, diary).await;
            assert!(broken.is_err(), "{after}: {}", broken.unwrap());
            shop.recover();
            let balance = desk.replay(&shop, diary).await.unwrap();
            assert_balanced(&balance);
            assert_eq!(shop.state(), whole.state(), "broken off after {after}");
        }
    }
}

#[tokio::test]
async fn later_months_come_on_top_of_earlier_ones_whatever_the_usual_price_is_then() {
    let (first, both, shop) = (Desk::with(&MONTHS[..1]), Desk::with(&MONTHS), Shop::open().await);
    assert_balanced(&first.replay(&shop, None).await.unwrap());
    assert_balanced(&both.replay(&shop, None).await.unwrap());
    assert_eq!(shop.orders(), 7);
}

#[tokio::test]
async fn a_progress_file_of_another_shop_is_not_believed() {
    let desk = Desk::with(&MONTHS);
    assert_balanced(&desk.replay(&Shop::open().await, Some("progress")).await.unwrap());
    let other = Shop::open().await;
    assert_balanced(&desk.replay(&other, Some("progress")).await.unwrap());
    assert_eq!(other.orders(), 7);
}

#[tokio::test]
async fn a_penny_or_a_unit_that_is_not_where_it_should_be_is_found() {
    let tampered: [fn(&Shop); 3] =
        [|shop| shop.take_a_penny(), |shop| shop.lose_a_unit(), |shop| shop.double_an_order()];
    for tamper in tampered {
        let (desk, shop) = (Desk::with(&MONTHS), Shop::open().await);
        assert_balanced(&desk.replay(&shop, Some("progress")).await.unwrap());
        tamper(&shop);
        let balance = desk.replay(&shop, Some("progress")).await.unwrap();
        assert!(!balance.is_balanced && !balance.differences.is_empty(), "{balance}");
    }
}

#[tokio::test]
async fn what_the_shop_refuses_is_in_the_balance() {
    let (desk, shop) = (Desk::with(&MONTHS), Shop::open().await);
    shop.refuse_orders_of("71053");
    let balance = desk.replay(&shop, None).await.unwrap();
    assert!(!balance.is_balanced);
    let text = balance.to_string();
    assert!(text.contains("invoice 536365: not today"), "{text}");
    assert!(text.contains("its order was refused") && text.contains("NOT balanced"), "{text}");
}
