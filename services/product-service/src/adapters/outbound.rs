//! Pictures elsewhere, fetched over the public network.

use super::media_settings::MediaSettings;
use crate::ports::{FetchFailure, PictureSource};
use async_trait::async_trait;
use bytes::Bytes;
use outbound::{FetchLimits, Fetcher, Reach};
use std::time::Duration;

const USER_AGENT: &str = concat!("iCommerce/", env!("CARGO_PKG_VERSION"));
/// Media types that are asked for.
const ACCEPT: &str = "image/webp,image/png,image/jpeg,image/gif";
/// Redirects that are followed.
const REDIRECTS_MAX: usize = 5;

/// Source of pictures over the outbound HTTP client.
#[derive(Debug)]
pub(crate) struct OutboundPictures(Fetcher);

impl OutboundPictures {
    pub(crate) fn new(settings: &MediaSettings) -> Self {
        let limits = FetchLimits {
            bytes_max: settings.decode_limits().bytes_max,
            time_max: Duration::from_secs(settings.fetch_seconds_max),
            redirects_max: REDIRECTS_MAX,
        };
        let reach = if settings.fetch_loopback { Reach::PublicAndLoopback } else { Reach::Public };
        Self(Fetcher::new(USER_AGENT, ACCEPT, limits, reach))
    }
}

#[async_trait]
impl PictureSource for OutboundPictures {
    async fn fetch(&self, address: &str) -> Result<Bytes, FetchFailure> {
        let fetched = self.0.get(address).await;
        fetched.map_err(|error| FetchFailure {
            reason: error.to_string(),
            is_temporary: error.is_temporary(),
        })
    }
}
