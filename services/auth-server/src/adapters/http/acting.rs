//! Name of whoever acts, for the audit trail: at the shop edge the provider itself finds out who it is.

use kernel::Origin;
use transport::Context;

/// Does the work in the name of an actor, such as `account:…` or `client:…`. One whom the edge named already keeps the name.
pub(super) async fn in_name_of<T>(actor: &str, work: impl Future<Output = T>) -> T {
    let context = Context::current();
    let origin = context.origin.map(|origin| match &origin.actor {
        Some(_) => origin,
        None => Origin::new(origin.edge, Some(actor), None, None),
    });
    Context { origin, ..Context::current() }.scope(work).await
}
