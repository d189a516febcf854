//! Pictures of the figures, as SVG that can be read on light and on dark ground.

mod scale;
mod svg;

use crate::{engine::Bucket, report::Curve};
use scale::Scale;
use svg::{Picture, duration};

/// A curve: straight across, by powers of ten upwards where the figures differ much.
pub(crate) fn curve(curve: &Curve, source: &str) -> String {
    let points = || curve.lines.iter().flat_map(|line| &line.points);
    let across = Scale::even(points().map(|[across, _]| *across));
    let up = Scale::fitting(points().map(|[_, up]| *up));
    let mut picture = Picture::new(&curve.title, source);
    picture.axes(&across, curve.across, &up, curve.up, &|figure| svg::number(figure));
    for (number, line) in curve.lines.iter().enumerate() {
        picture.line(number, &line.name, &line.points, &across, &up);
    }
    picture.end()
}

/// How long the shop's flushes took: a bar for each power of two.
pub(crate) fn flushes(buckets: &[Bucket], source: &str) -> String {
    let total: u64 = buckets.iter().map(|bucket| bucket.count).sum();
    let percent =
        |count: u64| 100.0 * crate::report::float(count) / crate::report::float(total.max(1));
    let bars: Vec<_> = buckets
        .iter()
        .map(|bucket| (format!("≤ {}", duration(bucket.up_to_us)), percent(bucket.count)))
        .collect();
    let up = Scale::even(bars.iter().map(|(_, height)| *height));
    let mut picture = Picture::new("The shop's flushes under load, by how long they took", source);
    picture.bars(&bars, &up, "percent of flushes");
    picture.end()
}

/// What something is made of: a bar to the right for each part, the largest first.
pub(crate) fn shares(title: &str, parts: &[(String, f64)], source: &str) -> String {
    let across = Scale::even(parts.iter().map(|(_, figure)| *figure));
    let mut picture = Picture::new(title, source);
    picture.rows(parts, &across);
    picture.end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::CurveLine;

    #[test]
    fn a_curve_shows_its_words_its_points_and_both_grounds() {
        let line = |name: &str, points: &[[f64; 2]]| CurveLine {
            name: name.to_owned(),
            points: points.to_vec(),
        };
        let picture = curve(
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
            assert!(picture.contains(part), "{part} is missing in\n{picture}");
        }
        assert_eq!(picture.matches("<polyline").count(), 2);
        assert_eq!(picture.matches("<circle").count(), 4);
        assert!(!picture.contains("NaN") && !picture.contains("inf"));
    }

    #[test]
    fn bars_tell_shares() {
        let buckets =
            [(512.0, 1), (1_024.0, 3)].map(|(up_to_us, count)| Bucket { up_to_us, count });
        let picture = flushes(&buckets, "a machine");
        assert!(picture.contains("≤ 512 µs") && picture.contains("≤ 1.0 ms"), "{picture}");
        assert!(picture.contains(">75<") && picture.contains(">25<"), "{picture}");
    }

    #[test]
    fn parts_are_named_with_their_figures() {
        let parts = [("SQLite & friends".to_owned(), 420.0), ("JSON".to_owned(), 210.0)];
        let picture = shares("An order", &parts, "counted");
        assert!(picture.contains("SQLite &amp; friends") && picture.contains(">420<"), "{picture}");
        assert!(!picture.contains("NaN") && picture.ends_with("</svg>\n"));
    }

    #[test]
    fn a_curve_without_points_is_still_a_picture() {
        let (title, lines) = ("Nothing".to_owned(), Vec::new());
        let picture =
            curve(&Curve { name: "none", title, across: "x", up: "y", lines }, "a machine");
        assert!(picture.ends_with("</svg>\n") && !picture.contains("NaN"));
    }
}
