//! Route table of an edge: the public routes, compiled for fast matching.

use crate::{
    access::Access,
    routes::{self, BodyLimit},
};
use axum::http::{HeaderValue, Method};
use runtime::BuildError;
use std::collections::BTreeMap;
use transport::{Channel, Edge};

/// Route label of pages in metrics and logs; the storefront records which page it was.
pub(crate) const PAGES: &str = "pages";

/// Compiled routes of an edge, with the upstream of each.
pub(crate) struct RouteTable {
    entries: matchit::Router<RouteEntry>,
    /// Path prefixes whose pages are those of one service, and the service behind all other pages; none on an edge without pages.
    sites: Vec<(&'static str, Upstream)>,
    storefront: Option<Upstream>,
}

/// Path of the route table, with the methods it accepts.
pub(crate) struct RouteEntry {
    /// Path pattern, as listed in the routes.
    pub(crate) path: &'static str,
    /// Accepted methods, as the value of `Allow`.
    pub(crate) allow: HeaderValue,
    methods: Vec<(Method, Upstream)>,
}

/// Service that a request is forwarded to.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    pub(crate) channel: Channel,
    pub(crate) body_limit: BodyLimit,
    pub(crate) access: Access,
}

/// Result of matching a request against the route table.
pub(crate) enum RouteLookup<'a> {
    /// Route with its upstream; `id` is the first parameter of the path.
    Upstream { entry: &'a RouteEntry, upstream: &'a Upstream, id: Option<&'a str> },
    /// Path that does not accept the method.
    MethodNotAllowed(&'a RouteEntry),
    /// Path outside the API, which a service with pages resolves; with the label of the route.
    Site(&'a Upstream, &'static str),
    /// Unknown path.
    NotFound,
}

impl RouteTable {
    /// Route table of an edge, with the channels to services that `channel` gives.
    pub(crate) fn new(
        edge: Edge,
        channel: impl Fn(&'static str) -> Result<Channel, BuildError>,
    ) -> Result<Self, BuildError> {
        let mut paths: BTreeMap<&'static str, Vec<(Method, Upstream)>> = BTreeMap::new();
        for route in routes::of(edge) {
            let upstream = Upstream {
                channel: channel(route.service)?,
                body_limit: route.body,
                access: route.access,
            };
            let methods = route.methods.iter().cloned();
            let methods = methods.map(|method| (method, upstream.clone()));
            paths.entry(route.path).or_default().extend(methods);
        }
        let mut entries = matchit::Router::new();
        for (path, methods) in paths {
            let entry = RouteEntry { path, allow: allow(&methods)?, methods };
            entries
                .insert(path, entry)
                .map_err(|error| BuildError::Other(format!("{path}: {error}")))?;
        }
        let upstream = |service| {
            Ok::<_, BuildError>(Upstream {
                channel: channel(service)?,
                body_limit: BodyLimit::Default,
                // A service with pages decides itself who sees them.
                access: Access::Everybody,
            })
        };
        let (mut sites, mut storefront) = (Vec::new(), None);
        if edge == Edge::Shop {
            for (prefix, service) in routes::SITES {
                sites.push((*prefix, upstream(service)?));
            }
            storefront = Some(upstream(routes::STOREFRONT)?);
        }
        Ok(Self { entries, sites, storefront })
    }

    /// Match of a method and a path.
    pub(crate) fn find<'a>(&'a self, method: &Method, path: &'a str) -> RouteLookup<'a> {
        let Ok(found) = self.entries.at(path) else { return self.unlisted(path) };
        let entry = found.value;
        // Every route that accepts GET also accepts HEAD.
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        match entry.methods.iter().find(|(accepted, _)| accepted == method) {
            Some((_, upstream)) => {
                let id = found.params.iter().next().map(|(_, value)| value);
                RouteLookup::Upstream { entry, upstream, id }
            }
            None => RouteLookup::MethodNotAllowed(entry),
        }
    }

    fn unlisted(&self, path: &str) -> RouteLookup<'_> {
        let below = |prefix: &&str| {
            path.strip_prefix(*prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if let Some((prefix, site)) = self.sites.iter().find(|(prefix, _)| below(prefix)) {
            return RouteLookup::Site(site, prefix);
        }
        match &self.storefront {
            Some(storefront)
                if path.starts_with('/') && !routes::API_PREFIXES.iter().any(below) =>
            {
                RouteLookup::Site(storefront, PAGES)
            }
            _ => RouteLookup::NotFound,
        }
    }
}

fn allow(methods: &[(Method, Upstream)]) -> Result<HeaderValue, BuildError> {
    let mut names: Vec<&str> = methods.iter().map(|(method, _)| method.as_str()).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    names.push("OPTIONS");
    names.sort_unstable();
    HeaderValue::from_str(&names.join(", ")).map_err(|error| BuildError::Other(error.to_string()))
}

impl std::fmt::Debug for RouteTable {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("RouteTable")
    }
}
