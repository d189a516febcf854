//! Result of delivering a request to a process.

use futures_util::future::BoxFuture;
use transport::Response;

/// No response came: the request may or may not have had an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConnectionReset;

/// Response of a process, once there is one.
pub(crate) type Delivery = BoxFuture<'static, Result<Response, ConnectionReset>>;
