//! Charts as SVG, for light and dark backgrounds.

mod axis;
mod svg;

use crate::{engine_metrics::HistogramBucket, numbers::float};
use axis::Axis;
use serde::Serialize;
use svg::{SvgChart, duration};

/// Curve of one figure over another, as a chart of one or more series.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Curve {
    /// Name of its file.
    pub(crate) name: &'static str,
    pub(crate) title: String,
    pub(crate) across: &'static str,
    pub(crate) up: &'static str,
    pub(crate) lines: Vec<Series>,
}

/// Series of points in a curve.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) points: Vec<[f64; 2]>,
}

/// Line chart with a linear horizontal axis, and a logarithmic vertical one where the figures differ much.
pub(crate) fn curve(curve: &Curve, source: &str) -> String {
    let points = || curve.lines.iter().flat_map(|line| &line.points);
    let across = Axis::linear(points().map(|[across, _]| *across));
    let up = Axis::linear_or_logarithmic(points().map(|[_, up]| *up));
    let mut chart = SvgChart::new(&curve.title, source);
    chart.axes(&across, curve.across, &up, curve.up, &|figure| svg::number(figure));
    for (number, line) in curve.lines.iter().enumerate() {
        chart.line(number, &line.name, &line.points, &across, &up);
    }
    chart.end()
}

/// Bar chart of the latency histogram of the shop's flushes.
pub(crate) fn flushes(buckets: &[HistogramBucket], source: &str) -> String {
    let total: u64 = buckets.iter().map(|bucket| bucket.count).sum();
    let percent = |count: u64| 100.0 * float(count) / float(total.max(1));
    let bars: Vec<_> = buckets
        .iter()
        .map(|bucket| (format!("≤ {}", duration(bucket.up_to_us)), percent(bucket.count)))
        .collect();
    let up = Axis::linear(bars.iter().map(|(_, height)| *height));
    let mut chart = SvgChart::new("The shop's flushes under load, by how long they took", source);
    chart.bars(&bars, &up, "percent of flushes");
    chart.end()
}

/// Horizontal bar chart of the parts of a whole, the largest first.
pub(crate) fn shares(title: &str, parts: &[(String, f64)], source: &str) -> String {
    let across = Axis::linear(parts.iter().map(|(_, figure)| *figure));
    let mut chart = SvgChart::new(title, source);
    chart.rows(parts, &across);
    chart.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_has_its_texts_its_points_and_both_colour_schemes() {
        let line = |name: &str, points: &[[f64; 2]]| Series {
            name: name.to_owned(),
            points: points.to_vec(),
        };
        let chart = curve(
            &Curve {
                name: "clients",
                title: "Orders & clients".to_owned(),
                across: "clients",
                up: "orders/s",
                lines: vec![
                    line("shop", &[[1.0, 10.0], [2.0, 20.0]]),
                    line("<constant>", &[[1.0, 40.0], [2.0, 80.0]]),
                ],
            },
            "a machine",
        );
        for part in ["Orders &amp; clients", "&lt;constant&gt;", "prefers-color-scheme: dark"] {
            assert!(chart.contains(part), "{part} is missing in\n{chart}");
        }
        assert_eq!(chart.matches("<polyline").count(), 2);
        assert_eq!(chart.matches("<circle").count(), 4);
        assert!(!chart.contains("NaN") && !chart.contains("inf"));
    }

    #[test]
    fn bars_show_percentages() {
        let buckets =
            [(512.0, 1), (1_024.0, 3)].map(|(up_to_us, count)| HistogramBucket { up_to_us, count });
        let chart = flushes(&buckets, "a machine");
        assert!(chart.contains("≤ 512 µs") && chart.contains("≤ 1.0 ms"), "{chart}");
        assert!(chart.contains(">75<") && chart.contains(">25<"), "{chart}");
    }

    #[test]
    fn parts_are_named_with_their_figures() {
        let parts = [("SQLite & friends".to_owned(), 420.0), ("JSON".to_owned(), 210.0)];
        let chart = shares("An order", &parts, "counted");
        assert!(chart.contains("SQLite &amp; friends") && chart.contains(">420<"), "{chart}");
        assert!(!chart.contains("NaN") && chart.ends_with("</svg>\n"));
    }

    #[test]
    fn a_curve_without_points_is_still_a_chart() {
        let (title, lines) = ("Nothing".to_owned(), Vec::new());
        let chart = curve(&Curve { name: "none", title, across: "x", up: "y", lines }, "a machine");
        assert!(chart.ends_with("</svg>\n") && !chart.contains("NaN"));
    }
}
