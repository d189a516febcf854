//! Finds who answers at an address: the route table in a form that is quick to search.

use crate::routes::{self, BodySize};
use axum::http::{HeaderValue, Method};
use runtime::BuildError;
use std::collections::BTreeMap;
use transport::{Channel, Edge};

/// The way from an edge to every address that can be reached through it.
pub(crate) struct Directions {
    places: matchit::Router<Place>,
    pages: Option<Way>,
}

/// An address, and what can be done there.
pub(crate) struct Place {
    /// As it stands in the table.
    pub(crate) path: &'static str,
    /// The methods, as they stand in `Allow`.
    pub(crate) allow: HeaderValue,
    ways: Vec<(Method, Way)>,
}

/// The way to who answers.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) transport: Channel,
    pub(crate) body: BodySize,
}

/// What is at an address.
pub(crate) enum Found<'a> {
    /// Somebody who answers; `id` is the first part of the path that is not fixed.
    Way { place: &'a Place, way: &'a Way, id: Option<&'a str> },
    /// Somebody, but not for this method.
    OtherMethods(&'a Place),
    /// A page of the storefront, or none: it knows.
    Page(&'a Way),
    /// Nothing.
    Nothing,
}

impl Directions {
    /// The directions of an edge, with the ways to services that `way` gives.
    pub(crate) fn of(
        edge: Edge,
        way: impl Fn(&'static str) -> Result<Channel, BuildError>,
    ) -> Result<Self, BuildError> {
        let mut paths: BTreeMap<&'static str, Vec<(Method, Way)>> = BTreeMap::new();
        for route in routes::of(edge) {
            let to = Way { transport: way(route.service)?, body: route.body };
            let methods = route.methods.iter().cloned();
            paths.entry(route.path).or_default().extend(methods.map(|method| (method, to.clone())));
        }
        let mut places = matchit::Router::new();
        for (path, ways) in paths {
            let place = Place { path, allow: allow(&ways)?, ways };
            places
                .insert(path, place)
                .map_err(|error| BuildError::Other(format!("{path}: {error}")))?;
        }
        let pages = match edge {
            Edge::Shop => Some(Way { transport: way(routes::PAGES)?, body: BodySize::Usual }),
            Edge::Operator | Edge::Internal => None,
        };
        Ok(Self { places, pages })
    }

    /// What is at `path` for `method`.
    pub(crate) fn find<'a>(&'a self, method: &Method, path: &'a str) -> Found<'a> {
        let Ok(found) = self.places.at(path) else { return self.beside(path) };
        let place = found.value;
        // Who can be read can be asked for its head.
        let wanted = if *method == Method::HEAD { &Method::GET } else { method };
        match place.ways.iter().find(|(method, _)| method == wanted) {
            Some((_, way)) => {
                let id = found.params.iter().next().map(|(_, value)| value);
                Found::Way { place, way, id }
            }
            None => Found::OtherMethods(place),
        }
    }

    fn beside(&self, path: &str) -> Found<'_> {
        let below = |prefix: &&str| {
            path.strip_prefix(*prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        match &self.pages {
            Some(pages) if path.starts_with('/') && !routes::NO_PAGES.iter().any(below) => {
                Found::Page(pages)
            }
            _ => Found::Nothing,
        }
    }
}

fn allow(ways: &[(Method, Way)]) -> Result<HeaderValue, BuildError> {
    let mut methods: Vec<&str> = ways.iter().map(|(method, _)| method.as_str()).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.push("OPTIONS");
    methods.sort_unstable();
    HeaderValue::from_str(&methods.join(", ")).map_err(|error| BuildError::Other(error.to_string()))
}

impl std::fmt::Debug for Directions {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Directions")
    }
}
