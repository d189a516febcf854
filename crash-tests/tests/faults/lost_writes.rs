//! Test of the oracle itself: a shop that loses acknowledged writes is detected. Otherwise all the other tests would
//! prove nothing.

use crate::program;
use crash_tests::{CheckScope, Shop, StorageFault, Workload};
use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_has_lost_acknowledged_writes_is_detected() {
    let folder = tempfile::tempdir().unwrap();
    let (data, backup) = (folder.path().join("data"), folder.path().join("backup"));
    let program = program();
    let shop = Shop::start(&program, &data).await.unwrap();
    let mut workload =
        Workload::create(&shop.client, "lost-writes", 12, 3, StorageFault::None).await.unwrap();
    run_briefly(&mut workload, &shop).await;
    workload.quiesce_and_check(&shop.client, CheckScope::All).await.unwrap();
    shop.stop().await.unwrap();
    copy(&data, &backup);

    let mut shop = Shop::start(&program, &data).await.unwrap();
    run_briefly(&mut workload, &shop).await;
    shop.kill().unwrap();
    fs::remove_dir_all(&data).unwrap();
    copy(&backup, &data);
    let shop = Shop::start(&program, &data).await.unwrap();
    let checked = workload.read_back(&shop.client).await;
    assert!(checked.is_err(), "the writes since the backup are lost, and the check passed");
    shop.stop().await.unwrap();
}

async fn run_briefly(workload: &mut Workload, shop: &Shop) {
    let (is_over, client) = (AtomicBool::new(false), shop.client.clone());
    let timer = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        is_over.store(true, Relaxed);
    };
    let (result, ()) = tokio::join!(workload.run(&client, &is_over), timer);
    result.unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
