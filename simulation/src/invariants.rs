//! What has to be true at the end, when nothing breaks any more and all is quiet.

mod messages;
mod promises;
mod quiet;
mod shown;

use crate::{
    books::Findings,
    world::{Violation, World},
};
use std::{sync::Arc, time::Duration};

/// Waits until all is quiet and checks everything.
pub(crate) async fn check_all(world: &Arc<World>) {
    if !quiet::wait(world).await {
        return;
    }
    let mut found = Findings::default();
    promises::check(world, &mut found);
    report(world, &mut found);
    messages::check(world, &mut found).await;
    report(world, &mut found);
    let before = shown::everything(world, &mut found).await;
    report(world, &mut found);
    for process in &world.processes {
        process.crash(world, 1_000);
        process.come_back(world, Duration::from_millis(10));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    if !quiet::wait(world).await {
        return;
    }
    let after = shown::everything(world, &mut found).await;
    for (path, shown) in &before {
        found.check(after.get(path) == Some(shown), "a rebuilt view is the same view", || {
            format!("{path}: {shown} before the restart, {:?} after it", after.get(path))
        });
    }
    report(world, &mut found);
}

fn report(world: &World, found: &mut Findings) {
    for Violation { invariant, what } in found.0.drain(..) {
        world.violated(invariant, what);
    }
}
