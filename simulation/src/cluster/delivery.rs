//! Result of delivering a request to a process.

use futures_util::future::BoxFuture;
use transport::Response;

/// Reason why no response came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeliveryError {
    /// Nobody listens: the request had no effect.
    Refused,
    /// The connection was reset: the request may or may not have had an effect.
    Reset,
}

/// Response of a process, once there is one.
pub(crate) type Delivery = BoxFuture<'static, Result<Response, DeliveryError>>;
