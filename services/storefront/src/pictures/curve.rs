//! Curves of lines and cubic Bézier segments, parsed from and written as SVG path data.

use std::fmt::Write as _;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

impl Point {
    /// Point at `distance` to the right of this one, as seen in `direction`.
    fn offset(self, direction: Point, distance: f64) -> Point {
        let length = direction.x.hypot(direction.y).max(f64::EPSILON);
        Point {
            x: self.x - direction.y / length * distance,
            y: self.y + direction.x / length * distance,
        }
    }

    fn minus(self, other: Point) -> Point {
        Point { x: self.x - other.x, y: self.y - other.y }
    }

    fn distance(self, other: Point) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }
}

/// Segment of a curve: a straight line, or a cubic Bézier curve with its two control points and its end.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Segment {
    Line(Point),
    Cubic(Point, Point, Point),
}

impl Segment {
    fn end(self) -> Point {
        match self {
            Segment::Line(end) | Segment::Cubic(_, _, end) => end,
        }
    }

    fn map(self, change: impl Fn(Point) -> Point) -> Segment {
        match self {
            Segment::Line(end) => Segment::Line(change(end)),
            Segment::Cubic(out, into, end) => {
                Segment::Cubic(change(out), change(into), change(end))
            }
        }
    }
}

/// Open curve of line and cubic Bézier segments.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Curve {
    start: Point,
    segments: Vec<Segment>,
}

impl Curve {
    /// Parses `M x y` followed by any `L x y` and `C x y x y x y`; stops at anything else.
    pub(super) fn parse(text: &str) -> Self {
        let mut curve = Curve { start: Point { x: 0.0, y: 0.0 }, segments: Vec::new() };
        let mut rest = text.trim();
        while let Some(letter) = rest.chars().next() {
            let body = &rest[letter.len_utf8()..];
            let end = body.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(body.len());
            let numbers: Vec<f64> =
                body[..end].split_whitespace().filter_map(|number| number.parse().ok()).collect();
            let points: Vec<Point> =
                numbers.chunks_exact(2).map(|pair| Point { x: pair[0], y: pair[1] }).collect();
            match (letter, points.as_slice()) {
                ('M', &[start]) => curve.start = start,
                ('L', ends) => curve.segments.extend(ends.iter().copied().map(Segment::Line)),
                ('C', points) => curve
                    .segments
                    .extend(points.chunks_exact(3).map(|at| Segment::Cubic(at[0], at[1], at[2]))),
                _ => break,
            }
            rest = &body[end..];
        }
        curve
    }

    pub(super) fn start(&self) -> Point {
        self.start
    }

    pub(super) fn end(&self) -> Point {
        self.segments.last().map_or(self.start, |segment| segment.end())
    }

    /// Tangent at the end of the curve.
    pub(super) fn end_tangent(&self) -> Point {
        let before = match self.segments.last() {
            Some(Segment::Cubic(_, into, _)) => *into,
            _ => self.segments.iter().rev().nth(1).map_or(self.start, |segment| segment.end()),
        };
        self.end().minus(before)
    }

    /// Curve with every point transformed by `change`, which must be affine.
    pub(super) fn map(&self, change: impl Fn(Point) -> Point) -> Curve {
        Curve {
            start: change(self.start),
            segments: self.segments.iter().map(|segment| segment.map(&change)).collect(),
        }
    }

    pub(super) fn translated(&self, right: f64, down: f64) -> Curve {
        self.map(|Point { x, y }| Point { x: x + right, y: y + down })
    }

    /// Curve with integer coordinates, which are precise enough for light and shade.
    pub(super) fn rounded(&self) -> Curve {
        self.map(|Point { x, y }| Point { x: x.round(), y: y.round() })
    }

    pub(super) fn reversed(&self) -> Curve {
        let mut starts = vec![self.start];
        starts.extend(self.segments.iter().map(|segment| segment.end()));
        let segments = self.segments.iter().enumerate().rev().map(|(at, segment)| match *segment {
            Segment::Line(_) => Segment::Line(starts[at]),
            Segment::Cubic(out, into, _) => Segment::Cubic(into, out, starts[at]),
        });
        Curve { start: self.end(), segments: segments.collect() }
    }

    /// Offset curve: runs at a distance to the right of this one, from `first` at the start to `last` at the end.
    ///
    /// Control points are scaled with the chord of their segment, which is exact for circular arcs and close enough for
    /// every curve that turns less than a half circle per segment.
    pub(super) fn offset(&self, first: f64, last: f64) -> Curve {
        let total = self.length().max(f64::EPSILON);
        let mut length = 0.0;
        let mut from = self.start;
        let mut start = None;
        let mut segments = Vec::with_capacity(self.segments.len());
        for segment in &self.segments {
            let at = |length: f64| first + (last - first) * length / total;
            let (out, into, end) = match *segment {
                Segment::Line(end) => (end.minus(from), end.minus(from), end),
                Segment::Cubic(out, into, end) => (out.minus(from), end.minus(into), end),
            };
            let chord = from.distance(end);
            let new_from = from.offset(out, at(length));
            length += chord;
            let new_end = end.offset(into, at(length));
            start.get_or_insert(new_from);
            segments.push(match *segment {
                Segment::Line(_) => Segment::Line(new_end),
                Segment::Cubic(..) => {
                    let grown = new_from.distance(new_end) / chord.max(f64::EPSILON);
                    Segment::Cubic(
                        Point { x: new_from.x + out.x * grown, y: new_from.y + out.y * grown },
                        Point { x: new_end.x - into.x * grown, y: new_end.y - into.y * grown },
                        new_end,
                    )
                }
            });
            from = end;
        }
        Curve { start: start.unwrap_or(self.start), segments }
    }

    /// Length, approximated by the sum of the chords.
    fn length(&self) -> f64 {
        let mut from = self.start;
        let mut sum = 0.0;
        for segment in &self.segments {
            sum += from.distance(segment.end());
            from = segment.end();
        }
        sum
    }
}

/// Builder of the `d` attribute of a path. Segments are written relative to the current point, which is shorter.
#[derive(Debug, Clone)]
pub(super) struct PathBuilder {
    text: String,
    current: Point,
}

impl PathBuilder {
    /// Path that begins with `curve`.
    pub(super) fn start(curve: &Curve) -> Self {
        Self::at(curve.start).append(curve)
    }

    /// Path that consists of the start point only.
    pub(super) fn at(point: Point) -> Self {
        let current = tenths(point);
        Self { text: format!("M{}", pairs(&[current])), current }
    }

    /// Appends `curve`, which must begin at the current point.
    pub(super) fn append(mut self, curve: &Curve) -> Self {
        for segment in &curve.segments {
            match *segment {
                Segment::Line(end) => self.write_segment('l', &[end]),
                Segment::Cubic(out, into, end) => self.write_segment('c', &[out, into, end]),
            }
        }
        self
    }

    pub(super) fn vertical_to(mut self, y: f64) -> Self {
        let _ = write!(self.text, "V{}", number(y));
        self.current.y = y;
        self
    }

    pub(super) fn horizontal_to(mut self, x: f64) -> Self {
        let _ = write!(self.text, "H{}", number(x));
        self.current.x = x;
        self
    }

    pub(super) fn arc_to(mut self, direction: ArcDirection, rx: f64, ry: f64, to: Point) -> Self {
        let sweep = match direction {
            ArcDirection::Clockwise => 1,
            ArcDirection::CounterClockwise => 0,
        };
        let _ =
            write!(self.text, "A{} 0 0 {sweep} {}", pairs(&[Point { x: rx, y: ry }]), pairs(&[to]));
        self.current = tenths(to);
        self
    }

    /// Appends a cubic Bézier curve.
    pub(super) fn cubic_to(mut self, out: Point, into: Point, to: Point) -> Self {
        self.write_segment('c', &[out, into, to]);
        self
    }

    /// Appends a round cap: a half circle to `to`.
    pub(super) fn cap_to(self, radius: f64, to: Point) -> Self {
        self.arc_to(ArcDirection::CounterClockwise, radius, radius, to)
    }

    pub(super) fn open(self) -> String {
        self.text
    }

    pub(super) fn close(mut self) -> String {
        self.text.push('z');
        self.text
    }

    fn write_segment(&mut self, letter: char, points: &[Point]) {
        let from = self.current;
        let relative: Vec<Point> = points.iter().map(|point| point.minus(from)).collect();
        self.text.push(letter);
        self.text.push_str(&pairs(&relative));
        if let Some(&end) = relative.last() {
            let end = tenths(end);
            self.current = Point { x: from.x + end.x, y: from.y + end.y };
        }
    }
}

/// Direction of an arc, as seen on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ArcDirection {
    Clockwise,
    CounterClockwise,
}

/// Coordinates as path data, with as few spaces as possible.
pub(super) fn pairs(points: &[Point]) -> String {
    let mut text = String::new();
    for part in points.iter().flat_map(|point| [point.x, point.y]) {
        let part = number(part);
        if !text.is_empty() && !part.starts_with('-') {
            text.push(' ');
        }
        text.push_str(&part);
    }
    text
}

/// Shortest form of a coordinate with a precision of a tenth of a unit.
pub(super) fn number(value: f64) -> String {
    let tenths = round(value);
    if tenths == 0.0 { "0".to_owned() } else { tenths.to_string() }
}

fn tenths(point: Point) -> Point {
    Point { x: round(point.x), y: round(point.y) }
}

fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(curve: &Curve) -> String {
        PathBuilder::start(curve).close()
    }

    #[test]
    fn parsed_path_data_is_written_again() {
        let curve = Curve::parse("M10 20L30 40C1 2 3.5 4 -5 6");
        assert_eq!(written(&curve), "M10 20l20 20c-29-38-26.5-36-35-34z");
    }

    #[test]
    fn a_reversed_curve_runs_backwards() {
        let curve = Curve::parse("M0 0L10 0C20 0 30 10 30 20");
        assert_eq!(written(&curve.reversed()), "M30 20c0-10-10-20-20-20l-10 0z");
        assert_eq!(curve.reversed().reversed(), curve);
    }

    #[test]
    fn the_offset_of_a_line_is_a_parallel_line() {
        let curve = Curve::parse("M0 0L10 0");
        assert_eq!(written(&curve.offset(2.0, 2.0)), "M0 2l10 0z");
        assert_eq!(written(&curve.offset(2.0, 4.0)), "M0 2l10 2z");
    }

    #[test]
    fn the_offset_of_a_quarter_circle_is_a_quarter_circle() {
        let curve = Curve::parse("M100 0C100 55.2 55.2 100 0 100");
        assert_eq!(written(&curve.offset(-10.0, -10.0)), "M110 0c0 60.7-49.3 110-110 110z");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([12.0, 12.34, 0.04, -0.04, -3.26].map(number), ["12", "12.3", "0", "0", "-3.3"]);
    }
}
