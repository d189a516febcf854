//! Metrics of an HTTP server: requests by route and status, their latency, and those in flight.

use crate::metrics::{Gauge, Histogram, LATENCY_BUCKETS, Metrics};
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Metrics of the HTTP server of one service: the histogram `http_server_requests_seconds{service,method,route,status}` and
/// the gauge `http_server_requests_in_flight{service}`.
#[derive(Clone, Debug)]
pub struct HttpMetrics {
    service: &'static str,
    metrics: Metrics,
    in_flight: Gauge,
    /// Series by route. Looked up by `&str`, so that a known series allocates nothing.
    routes: Arc<RwLock<HashMap<Box<str>, Vec<RouteSeries>>>>,
}

/// Histogram of the responses of a route with one method and status.
#[derive(Debug)]
struct RouteSeries {
    method: &'static str,
    status: u16,
    seconds: Histogram,
}

/// Limit of routes that are told apart; the rest share the route `other`. Routes are templates such as
/// `/api/v1/things/{id}`, so a server has far fewer, and a caller who passes whole paths by mistake fills no memory.
const ROUTES_MAX: usize = 1_000;

impl HttpMetrics {
    /// Metrics of this service, in the process's registry.
    pub fn new(metrics: &Metrics, service: &'static str) -> Self {
        let help = "Requests being answered at the moment";
        let in_flight =
            metrics.gauge("http_server_requests_in_flight", help, &[("service", service)]);
        Self { service, metrics: metrics.clone(), in_flight, routes: Arc::default() }
    }

    /// Counts a request as in flight until the guard is dropped.
    pub fn begin(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// Records a response. `route` is the template that matched, such as `/api/v1/things/{id}`, never the path; a method that
    /// HTTP does not define counts as `other`.
    pub fn record_response(&self, method: &str, route: &str, status: u16, latency: Duration) {
        let method = known_method(method);
        let seconds =
            self.find(method, route, status).unwrap_or_else(|| self.insert(method, route, status));
        seconds.observe(latency.as_secs_f64());
    }

    fn find(&self, method: &'static str, route: &str, status: u16) -> Option<Histogram> {
        let routes = self.routes.read();
        let known =
            routes.get(route)?.iter().find(|it| it.method == method && it.status == status)?;
        Some(known.seconds.clone())
    }

    fn insert(&self, method: &'static str, route: &str, status: u16) -> Histogram {
        let mut routes = self.routes.write();
        let is_new = !routes.contains_key(route);
        let route = if is_new && routes.len() >= ROUTES_MAX { "other" } else { route };
        let text = status.to_string();
        let labels = [
            ("service", self.service),
            ("method", method),
            ("route", route),
            ("status", text.as_str()),
        ];
        let help = "Time from the arrival of a request to its answer";
        // The registry hands out one histogram for one set of labels, also when two requests race to this point.
        let seconds = self.metrics.seconds("http_server_requests", help, &labels, LATENCY_BUCKETS);
        let series = routes.entry(route.into()).or_default();
        if !series.iter().any(|it| it.method == method && it.status == status) {
            series.push(RouteSeries { method, status, seconds: seconds.clone() });
        }
        seconds
    }
}

/// Guard of a request in flight.
#[derive(Debug)]
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Method by its own name; an invented one must not add a series.
fn known_method(method: &str) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(page: &str, part: &str) -> Vec<String> {
        page.lines().filter(|line| line.contains(part)).map(str::to_owned).collect()
    }

    #[test]
    fn each_method_route_and_status_has_its_own_series() {
        let metrics = Metrics::new();
        let http = HttpMetrics::new(&metrics, "one-service");
        for (method, status) in [("GET", 200), ("GET", 200), ("GET", 404), ("BREW", 405)] {
            http.record_response(method, "/things/{id}", status, Duration::from_millis(3));
        }
        assert_eq!(lines(&metrics.encode(), "requests_seconds_count").len(), 3);
        let of = |labels: &str, count: u32| {
            let line = format!("http_server_requests_seconds_count{{{labels}}} {count}");
            assert!(metrics.encode().lines().any(|it| it == line), "{line}\n{}", metrics.encode());
        };
        of(r#"service="one-service",method="GET",route="/things/{id}",status="200""#, 2);
        of(r#"service="one-service",method="GET",route="/things/{id}",status="404""#, 1);
        of(r#"service="one-service",method="other",route="/things/{id}",status="405""#, 1);
    }

    #[test]
    fn services_of_one_process_share_a_page_and_not_a_series() {
        let metrics = Metrics::new();
        for service in ["one-service", "two-service"] {
            HttpMetrics::new(&metrics, service).record_response(
                "GET",
                "/health",
                200,
                Duration::ZERO,
            );
        }
        assert_eq!(lines(&metrics.encode(), "requests_seconds_count").len(), 2);
        assert_eq!(lines(&metrics.encode(), "# TYPE http_server_requests_seconds").len(), 1);
    }

    #[test]
    fn a_request_in_flight_is_counted_until_its_guard_is_dropped() {
        let metrics = Metrics::new();
        let http = HttpMetrics::new(&metrics, "one-service");
        let (first, second) = (http.begin(), http.begin());
        drop(first);
        let in_flight = |count: u8| {
            lines(&metrics.encode(), &format!("in_flight{{service=\"one-service\"}} {count}"))
        };
        assert_eq!(in_flight(1).len(), 1);
        drop(second);
        assert_eq!(in_flight(0).len(), 1);
    }

    #[test]
    fn routes_beyond_the_limit_share_one_series() {
        let metrics = Metrics::new();
        let http = HttpMetrics::new(&metrics, "one-service");
        for number in 0..ROUTES_MAX + 50 {
            http.record_response("GET", &format!("/things/{number}"), 200, Duration::ZERO);
        }
        let counts = lines(&metrics.encode(), "requests_seconds_count");
        assert_eq!(counts.len(), ROUTES_MAX + 1);
        assert!(
            counts.iter().any(|line| line.contains("route=\"other\"") && line.ends_with(" 50"))
        );
    }

    #[test]
    fn no_response_is_lost_under_concurrent_requests() {
        let metrics = Metrics::new();
        let http = HttpMetrics::new(&metrics, "one-service");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    (0..500).for_each(|_| http.record_response("GET", "/", 200, Duration::ZERO));
                });
            }
        });
        assert!(lines(&metrics.encode(), "requests_seconds_count")[0].ends_with(" 2000"));
    }
}
