//! A shop that forgets is found out: otherwise all the other tests would prove nothing.

use crate::program;
use crash_tests::{Circumstance, Depth, Shop, Town};
use std::{fs, path::Path, sync::atomic::AtomicBool, time::Duration};

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_has_forgotten_the_last_moments_is_caught() {
    let folder = tempfile::tempdir().unwrap();
    let (data, before) = (folder.path().join("data"), folder.path().join("before"));
    let program = program();
    let shop = Shop::start(&program, &data).await.unwrap();
    let mut town =
        Town::build(&shop.doors, "forgetful", 12, 3, Circumstance::Ordinary).await.unwrap();
    live_a_while(&mut town, &shop).await;
    town.rests(&shop.doors, Depth::All).await.unwrap();
    shop.stop().await.unwrap();
    copy(&data, &before);

    let mut shop = Shop::start(&program, &data).await.unwrap();
    live_a_while(&mut town, &shop).await;
    shop.kill().unwrap();
    fs::remove_dir_all(&data).unwrap();
    copy(&before, &data);
    let shop = Shop::start(&program, &data).await.unwrap();
    let found = town.look(&shop.doors).await;
    assert!(found.is_err(), "nobody noticed that a whole life of the shop is gone");
    shop.stop().await.unwrap();
}

async fn live_a_while(town: &mut Town, shop: &Shop) {
    let (over, doors) = (AtomicBool::new(false), shop.doors.clone());
    let clock = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        over.store(true, std::sync::atomic::Ordering::Relaxed);
    };
    let (lived, ()) = tokio::join!(town.live(&doors, &over), clock);
    lived.unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
