//! Response recording: the shop's own responses, which the baseline server then gives as constant answers.

use crate::{
    http_connection::{EdgeAddress, HttpConnection},
    load_generator::Workload,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, io::Write};
use tempfile::NamedTempFile;

/// Iterations that are recorded: more than a whole cycle of the mixed load, so that each of its requests occurs.
const RECORDED_ITERATIONS: u64 = 64;
/// The most responses kept of a route. They are given in turn, so that the mean size is the shop's.
const RESPONSES_PER_ROUTE_MAX: usize = 64;
/// Number of the client that records: no client of a load has it, so that its idempotency keys are its own.
const RECORDING_CLIENT: usize = 1_000_000;

/// Recorded responses by method and route.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Recording(Vec<RecordedRoute>);

/// Recorded responses of one method and route.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RecordedRoute {
    pub(crate) method: String,
    /// Path with placeholders for identifiers, in the syntax of axum's router.
    pub(crate) route: String,
    pub(crate) status: u16,
    pub(crate) bodies: Vec<String>,
}

impl Recording {
    /// Records the responses of a workload at an edge, by a client of its own and outside of any measurement.
    ///
    /// # Errors
    ///
    /// A sentence where the connection fails or a response is wrong.
    pub(crate) async fn of(edge: &EdgeAddress, workload: &impl Workload) -> Result<Self, String> {
        let mut connection = HttpConnection::connect(edge).await?.recording();
        for number in 0..RECORDED_ITERATIONS {
            workload.run(&mut connection, RECORDING_CLIENT, number).await?;
        }
        Ok(connection.into_recording())
    }

    /// Adds a response. The first status of a route is the route's: the load generator accepts no other.
    pub(crate) fn add(&mut self, method: &str, path: &str, status: u16, body: &[u8]) {
        let route = route_of(path);
        let body = String::from_utf8_lossy(body).into_owned();
        match self.0.iter_mut().find(|it| it.method == method && it.route == route) {
            Some(known) if known.bodies.len() < RESPONSES_PER_ROUTE_MAX => known.bodies.push(body),
            Some(_) => {}
            None => self.0.push(RecordedRoute {
                method: method.to_owned(),
                route,
                status,
                bodies: vec![body],
            }),
        }
    }

    /// The recorded routes, with the methods of each.
    pub(crate) fn into_routes(self) -> BTreeMap<String, Vec<RecordedRoute>> {
        let mut routes = BTreeMap::<String, Vec<RecordedRoute>>::new();
        for recorded in self.0 {
            routes.entry(recorded.route.clone()).or_default().push(recorded);
        }
        routes
    }

    /// Writes the recording to a temporary file, which is deleted when it is dropped.
    pub(crate) fn write(&self) -> Result<NamedTempFile, String> {
        let mut file = NamedTempFile::new().map_err(|error| error.to_string())?;
        let json = serde_json::to_vec(self).map_err(|error| error.to_string())?;
        file.write_all(&json).map_err(|error| error.to_string())?;
        Ok(file)
    }

    /// Reads a recording.
    pub(crate) fn read(path: &str) -> Result<Self, String> {
        let json = std::fs::read(path).map_err(|error| format!("{path}: {error}"))?;
        serde_json::from_slice(&json).map_err(|error| format!("{path}: {error}"))
    }
}

/// Route of a path: every second segment below `/api/v1` is an identifier. What is elsewhere has none.
fn route_of(path: &str) -> String {
    let path = path.split('?').next().unwrap_or(path);
    if !path.starts_with("/api/v1/") {
        return path.to_owned();
    }
    let segments = path.split('/').skip(3).enumerate();
    segments.fold("/api/v1".to_owned(), |route, (index, segment)| match index % 2 {
        0 => format!("{route}/{segment}"),
        _ => format!("{route}/{{id{index}}}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_and_queries_are_not_part_of_a_route() {
        assert_eq!(route_of("/api/v1/carts"), "/api/v1/carts");
        assert_eq!(route_of("/api/v1/products?limit=20&q=a/b"), "/api/v1/products");
        assert_eq!(route_of("/auth/token"), "/auth/token");
        assert_eq!(route_of("/api/v1/carts/17/lines/MUG-1"), "/api/v1/carts/{id1}/lines/{id3}");
    }

    #[test]
    fn a_route_keeps_a_bounded_number_of_responses_and_survives_its_file() {
        let mut recording = Recording::default();
        (0..100).for_each(|it| recording.add("GET", "/api/v1/products/x", 200, &[b'0' + it % 10]));
        recording.add("POST", "/api/v1/carts", 201, b"{}");
        let file = recording.write().unwrap();
        let read = Recording::read(file.path().to_str().unwrap()).unwrap().into_routes();
        assert_eq!(read["/api/v1/products/{id1}"][0].bodies.len(), RESPONSES_PER_ROUTE_MAX);
        assert_eq!(read["/api/v1/carts"][0].status, 201);
    }
}
