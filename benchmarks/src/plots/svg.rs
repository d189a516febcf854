//! SVG writer for axes, lines and bars.

use super::axis::Axis;
use std::fmt::Write;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 76.0;
const BOTTOM: f64 = 72.0;

/// Style sheet with colours that stay distinct on both backgrounds, also with colour blindness.
const STYLE: &str = "\
svg{--ground:#fff;--ink:#1f2328;--faint:#59636e;--grid:#d8dee4;--c0:#0550ae;--c1:#bc4c00;--c2:#1a7f37;--c3:#8250df}
@media (prefers-color-scheme: dark){svg{--ground:#0d1117;--ink:#f0f6fc;--faint:#9198a1;--grid:#30363d;--c0:#58a6ff;--c1:#f0883e;--c2:#56d364;--c3:#bc8cff}}
text{font:13px system-ui,sans-serif;fill:var(--ink)}
.title{font-size:16px;font-weight:600}.faint{font-size:11px;fill:var(--faint)}
.grid{stroke:var(--grid)}.ground{fill:var(--ground)}
.line{fill:none;stroke-width:2}";

/// SVG chart under construction.
pub(super) struct SvgChart(String);

impl SvgChart {
    /// Starts a chart with a title and the source of its figures.
    pub(super) fn new(title: &str, source: &str) -> Self {
        let (title, source) = (escaped(title), escaped(source));
        let mut chart = Self(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n\
             <rect class=\"ground\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n"
        ));
        chart.text(16.0, 26.0, "title", "start", &title);
        chart.text(16.0, HEIGHT - 12.0, "faint", "start", &source);
        chart
    }

    /// Draws both axes with ticks and names.
    pub(super) fn axes(
        &mut self,
        across: &Axis,
        across_name: &str,
        up: &Axis,
        up_name: &str,
        word: &dyn Fn(f64) -> String,
    ) {
        self.vertical_axis(up, up_name);
        for mark in across.ticks() {
            self.text(x(across, mark), HEIGHT - BOTTOM + 18.0, "faint", "middle", &word(mark));
        }
        let middle = f64::midpoint(LEFT, WIDTH - RIGHT);
        self.text(middle, HEIGHT - BOTTOM + 38.0, "", "middle", &escaped(across_name));
    }

    /// Draws a line with a dot at each point, and its entry in the legend.
    pub(super) fn line(
        &mut self,
        number: usize,
        name: &str,
        points: &[[f64; 2]],
        across: &Axis,
        up: &Axis,
    ) {
        let colour = format!("var(--c{})", number % 4);
        let places: Vec<_> =
            points.iter().map(|[one, other]| (x(across, *one), y(up, *other))).collect();
        let mut path = String::new();
        for (x, y) in &places {
            // Writing to a string cannot fail.
            let _ = write!(path, "{x:.1},{y:.1} ");
        }
        self.add(&format!(
            "<polyline class=\"line\" style=\"stroke:{colour}\" points=\"{}\"/>",
            path.trim_end()
        ));
        let radius = if places.len() > 30 { 1.5 } else { 3.5 };
        for (x, y) in places {
            self.add(&format!(
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" style=\"fill:{colour}\"/>"
            ));
        }
        let left = LEFT + 60.0 + 140.0 * f64::from(u8::try_from(number % 4).unwrap_or(0));
        self.add(&format!(
            "<rect x=\"{left}\" y=\"48\" width=\"12\" height=\"12\" style=\"fill:{colour}\"/>"
        ));
        self.text(left + 18.0, 59.0, "", "start", &escaped(name));
    }

    /// Draws vertical bars with names below and figures above.
    pub(super) fn bars(&mut self, bars: &[(String, f64)], up: &Axis, up_name: &str) {
        self.vertical_axis(up, up_name);
        let count = f64::from(u16::try_from(bars.len().max(1)).unwrap_or(u16::MAX));
        let room = (WIDTH - LEFT - RIGHT) / count;
        let mut left = LEFT;
        for (name, height) in bars {
            let (top, middle) = (y(up, *height), left + room / 2.0);
            self.add(&format!(
                "<rect x=\"{:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" style=\"fill:var(--c0)\"/>",
                left + room * 0.1,
                room * 0.8,
                HEIGHT - BOTTOM - top,
            ));
            self.text(middle, top - 5.0, "faint", "middle", &number(*height));
            self.text(middle, HEIGHT - BOTTOM + 18.0, "faint", "middle", &escaped(name));
            left += room;
        }
    }

    /// Draws horizontal bars with names before and figures after them.
    pub(super) fn rows(&mut self, rows: &[(String, f64)], across: &Axis) {
        let count = f64::from(u16::try_from(rows.len().max(1)).unwrap_or(u16::MAX));
        let room = ((HEIGHT - TOP - 20.0) / count).min(40.0);
        // Names are longer than the figures of an axis.
        let left = LEFT + 90.0;
        let mut top = TOP - 28.0;
        for (name, figure) in rows {
            let (length, middle) =
                (across.position(*figure) * (WIDTH - RIGHT - left - 50.0), top + room / 2.0 + 4.0);
            self.text(left - 8.0, middle, "", "end", &escaped(name));
            self.add(&format!(
                "<rect x=\"{left}\" y=\"{:.1}\" width=\"{length:.1}\" height=\"{:.1}\" style=\"fill:var(--c0)\"/>",
                top + room * 0.1,
                room * 0.8,
            ));
            self.text(left + length + 6.0, middle, "faint", "start", &number(*figure));
            top += room;
        }
    }

    /// The finished SVG document.
    pub(super) fn end(self) -> String {
        self.0 + "</svg>\n"
    }

    fn vertical_axis(&mut self, up: &Axis, name: &str) {
        for mark in up.ticks() {
            let y = y(up, mark);
            self.add(&format!(
                "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{}\" y2=\"{y:.1}\"/>",
                WIDTH - RIGHT
            ));
            self.text(LEFT - 8.0, y + 4.0, "faint", "end", &number(mark));
        }
        self.text(16.0, 59.0, "", "start", &escaped(name));
    }

    fn text(&mut self, x: f64, y: f64, class: &str, anchor: &str, escaped: &str) {
        self.add(&format!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\" text-anchor=\"{anchor}\">{escaped}</text>"
        ));
    }

    fn add(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }
}

/// Figure in short form, such as `20k`.
pub(super) fn number(figure: f64) -> String {
    match figure.abs() {
        size if size >= 1e6 => format!("{}M", trimmed(figure / 1e6)),
        size if size >= 1e4 => format!("{}k", trimmed(figure / 1e3)),
        _ => trimmed(figure),
    }
}

/// Duration in short form, such as `2.0 ms`.
pub(super) fn duration(micros: f64) -> String {
    match micros {
        micros if micros >= 1e6 => format!("{:.1} s", micros / 1e6),
        micros if micros >= 1e3 => format!("{:.1} ms", micros / 1e3),
        micros => format!("{micros:.0} µs"),
    }
}

fn trimmed(figure: f64) -> String {
    let text = if figure.abs() >= 100.0 { format!("{figure:.0}") } else { format!("{figure:.2}") };
    if text.contains('.') {
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    text
}

fn x(across: &Axis, figure: f64) -> f64 {
    LEFT + across.position(figure) * (WIDTH - LEFT - RIGHT)
}

fn y(up: &Axis, figure: f64) -> f64 {
    HEIGHT - BOTTOM - up.position(figure) * (HEIGHT - TOP - BOTTOM)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_a_short_form() {
        let short = [0.0, 0.5, 20.0, 1_500.0, 20_000.0, 2_500_000.0].map(number);
        assert_eq!(short, ["0", "0.5", "20", "1500", "20k", "2.5M"]);
        assert_eq!([64.0, 2_048.0, 4_194_304.0].map(duration), ["64 µs", "2.0 ms", "4.2 s"]);
    }

    #[test]
    fn the_ends_of_an_axis_are_the_edges_of_the_plot() {
        let axis = Axis::linear(std::iter::once(100.0));
        assert!((x(&axis, 0.0) - LEFT).abs() < 1e-9);
        assert!((x(&axis, 100.0) - (WIDTH - RIGHT)).abs() < 1e-9);
        assert!((y(&axis, 100.0) - TOP).abs() < 1e-9, "more is higher");
        assert!((y(&axis, 0.0) - (HEIGHT - BOTTOM)).abs() < 1e-9);
    }
}
