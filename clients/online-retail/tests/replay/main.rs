//! Whole replays in a fake shop with idempotency keys and fault injection.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod fake_shop;

use fake_shop::FakeShop;
use online_retail::{Balance, ReplayError, ReplayOptions, replay};
use shop_client::Progress;
use std::{fmt::Write, path::PathBuf};

const HEADER: &str =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

/// Two months of a small shop, with every kind of line.
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

struct ReplayFixture {
    folder: tempfile::TempDir,
    files: Vec<PathBuf>,
}

impl ReplayFixture {
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

    async fn replay(
        &self,
        shop: &FakeShop,
        progress_log: Option<&str>,
    ) -> Result<Balance, ReplayError> {
        let options = ReplayOptions {
            files: self.files.clone(),
            parallel: 4,
            rate: None,
            report: Some(self.folder.path().join("report.csv")),
            progress_file: progress_log.map(|name| self.folder.path().join(name)),
        };
        replay(&options, &shop.edge, &shop.edge, Progress::Silent).await
    }
}

fn assert_balanced(balance: &Balance) {
    assert!(balance.is_balanced, "{balance}\n{:#?}", balance.differences);
}

#[tokio::test]
async fn a_replay_balances_and_reports_the_outcome_of_every_line() {
    let (fixture, shop) = (ReplayFixture::with(&MONTHS), FakeShop::start().await);
    let balance = fixture.replay(&shop, None).await.unwrap();
    assert_balanced(&balance);
    assert_eq!((balance.lines, balance.orders), (19, 7));
    assert_eq!(shop.orders(), 7);
    let text = balance.to_string();
    assert!(text.contains("Balanced to the penny: 7 orders"), "{text}");
    let report = std::fs::read_to_string(fixture.folder.path().join("report.csv")).unwrap();
    assert_eq!(report.lines().count(), 20);
    let outcome =
        |line: usize| report.lines().nth(line).unwrap().split(',').nth(7).unwrap().to_owned();
    assert_eq!(
        [1, 9, 10, 11, 12, 13].map(outcome),
        ["ordered", "returned", "refunded", "credited", "stock corrected", "stock corrected",]
    );
    // Received minus sold; found and returned goods stay.
    assert_eq!(
        (shop.on_hand("99999"), shop.on_hand("71053"), shop.on_hand("85123A@2.55")),
        (7, 0, 6)
    );
    assert_eq!(shop.on_hand("85123A"), 64);
}

#[tokio::test]
async fn a_second_replay_changes_nothing() {
    for progress_log in [None, Some("progress")] {
        let (fixture, shop) = (ReplayFixture::with(&MONTHS), FakeShop::start().await);
        assert_balanced(&fixture.replay(&shop, progress_log).await.unwrap());
        let before = shop.snapshot();
        assert_balanced(&fixture.replay(&shop, progress_log).await.unwrap());
        assert_eq!(shop.snapshot(), before);
    }
}

#[tokio::test]
async fn a_replay_that_broke_off_anywhere_resumes_without_doing_anything_twice() {
    let whole = FakeShop::start().await;
    assert_balanced(&ReplayFixture::with(&MONTHS).replay(&whole, None).await.unwrap());
    for progress_log in [None, Some("progress")] {
        for after in (0..32).step_by(3) {
            let (fixture, shop) = (ReplayFixture::with(&MONTHS), FakeShop::start().await);
            shop.fail_after(after);
            let broken = fixture.replay(&shop, progress_log).await;
            assert!(broken.is_err(), "{after}: {}", broken.unwrap());
            shop.recover();
            let balance = fixture.replay(&shop, progress_log).await.unwrap();
            assert_balanced(&balance);
            assert_eq!(shop.snapshot(), whole.snapshot(), "broken off after {after}");
        }
    }
}

#[tokio::test]
async fn later_months_are_added_to_earlier_ones_although_the_usual_price_changes() {
    let (first, both, shop) =
        (ReplayFixture::with(&MONTHS[..1]), ReplayFixture::with(&MONTHS), FakeShop::start().await);
    assert_balanced(&first.replay(&shop, None).await.unwrap());
    assert_balanced(&both.replay(&shop, None).await.unwrap());
    assert_eq!(shop.orders(), 7);
}

#[tokio::test]
async fn a_progress_log_of_another_shop_is_discarded() {
    let fixture = ReplayFixture::with(&MONTHS);
    assert_balanced(&fixture.replay(&FakeShop::start().await, Some("progress")).await.unwrap());
    let other = FakeShop::start().await;
    assert_balanced(&fixture.replay(&other, Some("progress")).await.unwrap());
    assert_eq!(other.orders(), 7);
}

#[tokio::test]
async fn a_difference_in_money_stock_or_orders_is_found() {
    let tampered: [fn(&FakeShop); 3] = [
        |shop| shop.understate_a_capture(),
        |shop| shop.change_a_movement(),
        |shop| shop.duplicate_an_order(),
    ];
    for tamper in tampered {
        let (fixture, shop) = (ReplayFixture::with(&MONTHS), FakeShop::start().await);
        assert_balanced(&fixture.replay(&shop, Some("progress")).await.unwrap());
        tamper(&shop);
        let balance = fixture.replay(&shop, Some("progress")).await.unwrap();
        assert!(!balance.is_balanced && !balance.differences.is_empty(), "{balance}");
    }
}

#[tokio::test]
async fn rejections_of_the_shop_are_differences_in_the_balance() {
    let (fixture, shop) = (ReplayFixture::with(&MONTHS), FakeShop::start().await);
    shop.refuse_orders_of("71053");
    let balance = fixture.replay(&shop, None).await.unwrap();
    assert!(!balance.is_balanced);
    let text = balance.to_string();
    assert!(text.contains("invoice 536365: not today"), "{text}");
    assert!(text.contains("its order was refused") && text.contains("NOT balanced"), "{text}");
}
