//! The people around the shop: they ask, wait, lose patience, ask again, and remember what they were told.

mod asking;
mod operators;
mod placing;
mod shoppers;

pub(crate) use asking::{Answer, Asking};

use crate::{
    plan::{Act, Deed},
    world::World,
};
use std::{sync::Arc, time::Duration};

/// Does what an act says, from its moment on.
pub(crate) async fn perform(world: Arc<World>, act: Act) {
    let Act { id, at_ms, deed } = act;
    tokio::time::sleep(Duration::from_millis(at_ms)).await;
    match deed {
        Deed::Visit(visit) => shoppers::visit(&world, id, visit).await,
        Deed::WholeOrder { lines, token, twice } => {
            placing::whole_order(&world, id, &lines, token, twice).await;
        }
        deed => operators::perform(&world, id, deed).await,
    }
}
