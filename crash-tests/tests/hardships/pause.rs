//! SIGSTOP and, after a while, SIGCONT.

use crate::{program, terms};
use crash_tests::{Shape, pause};

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_is_paused_goes_on_as_if_nothing_had_been() {
    paused(Shape::One).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_shop_may_be_paused_while_the_other_half_goes_on() {
    paused(Shape::Halves).await;
}

async fn paused(shape: Shape) {
    let folder = tempfile::tempdir().unwrap();
    let mut program = program();
    program.shape = shape;
    let record = pause(&program, &folder.path().join("data"), &terms(8), |_| {}).await;
    println!("{}", record.unwrap_or_else(|violation| panic!("{violation}")));
}
