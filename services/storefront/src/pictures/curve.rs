//! Curves that goods are built from: chains of lines and bends, read from and written as path text.

use std::fmt::Write as _;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

impl Point {
    /// The point `distance` to the right of somebody who walks from here in `direction`.
    fn beside(self, direction: Point, distance: f64) -> Point {
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

/// A cubic Bézier step to `end`; a straight line is one whose handles lie on it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Line(Point),
    Bend(Point, Point, Point),
}

impl Step {
    fn end(self) -> Point {
        match self {
            Step::Line(end) | Step::Bend(_, _, end) => end,
        }
    }

    fn map(self, change: impl Fn(Point) -> Point) -> Step {
        match self {
            Step::Line(end) => Step::Line(change(end)),
            Step::Bend(out, into, end) => Step::Bend(change(out), change(into), change(end)),
        }
    }
}

/// An open chain of lines and bends.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Curve {
    start: Point,
    steps: Vec<Step>,
}

impl Curve {
    /// Reads `M x y` followed by any `L x y` and `C x y x y x y`; stops at anything else.
    pub(super) fn read(text: &str) -> Self {
        let mut curve = Curve { start: Point { x: 0.0, y: 0.0 }, steps: Vec::new() };
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
                ('L', ends) => curve.steps.extend(ends.iter().copied().map(Step::Line)),
                ('C', points) => curve
                    .steps
                    .extend(points.chunks_exact(3).map(|at| Step::Bend(at[0], at[1], at[2]))),
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
        self.steps.last().map_or(self.start, |step| step.end())
    }

    /// Where the curve is heading at its end.
    pub(super) fn heading(&self) -> Point {
        let before = match self.steps.last() {
            Some(Step::Bend(_, into, _)) => *into,
            _ => self.steps.iter().rev().nth(1).map_or(self.start, |step| step.end()),
        };
        self.end().minus(before)
    }

    /// The same curve with every point changed; straight for straight, so `change` must be affine.
    pub(super) fn map(&self, change: impl Fn(Point) -> Point) -> Curve {
        Curve {
            start: change(self.start),
            steps: self.steps.iter().map(|step| step.map(&change)).collect(),
        }
    }

    pub(super) fn moved(&self, right: f64, down: f64) -> Curve {
        self.map(|Point { x, y }| Point { x: x + right, y: y + down })
    }

    /// Coordinates without fractions: enough for light and shade, whose edges nobody measures.
    pub(super) fn coarse(&self) -> Curve {
        self.map(|Point { x, y }| Point { x: x.round(), y: y.round() })
    }

    pub(super) fn reversed(&self) -> Curve {
        let mut starts = vec![self.start];
        starts.extend(self.steps.iter().map(|step| step.end()));
        let steps = self.steps.iter().enumerate().rev().map(|(at, step)| match *step {
            Step::Line(_) => Step::Line(starts[at]),
            Step::Bend(out, into, _) => Step::Bend(into, out, starts[at]),
        });
        Curve { start: self.end(), steps: steps.collect() }
    }

    /// The curve that runs beside this one, `first` to its right at the start and `last` at the end.
    ///
    /// Handles grow with the chord of their bend, which is exact for arcs of a circle and close
    /// enough for every curve that turns less than a half circle per step.
    pub(super) fn beside(&self, first: f64, last: f64) -> Curve {
        let total = self.length().max(f64::EPSILON);
        let mut walked = 0.0;
        let mut from = self.start;
        let mut start = None;
        let mut steps = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let at = |walked: f64| first + (last - first) * walked / total;
            let (out, into, end) = match *step {
                Step::Line(end) => (end.minus(from), end.minus(from), end),
                Step::Bend(out, into, end) => (out.minus(from), end.minus(into), end),
            };
            let chord = from.distance(end);
            let new_from = from.beside(out, at(walked));
            walked += chord;
            let new_end = end.beside(into, at(walked));
            start.get_or_insert(new_from);
            steps.push(match *step {
                Step::Line(_) => Step::Line(new_end),
                Step::Bend(..) => {
                    let grown = new_from.distance(new_end) / chord.max(f64::EPSILON);
                    Step::Bend(
                        Point { x: new_from.x + out.x * grown, y: new_from.y + out.y * grown },
                        Point { x: new_end.x - into.x * grown, y: new_end.y - into.y * grown },
                        new_end,
                    )
                }
            });
            from = end;
        }
        Curve { start: start.unwrap_or(self.start), steps }
    }

    /// The sum of the chords: near enough to share a taper out along the way.
    fn length(&self) -> f64 {
        let mut from = self.start;
        let mut sum = 0.0;
        for step in &self.steps {
            sum += from.distance(step.end());
            from = step.end();
        }
        sum
    }
}

/// The `d` attribute in the making. Steps are written relative to the pen, which is shorter.
#[derive(Debug, Clone)]
pub(super) struct PathText {
    text: String,
    pen: Point,
}

impl PathText {
    /// A path that begins with `curve`.
    pub(super) fn start(curve: &Curve) -> Self {
        Self::at(curve.start).follow(curve)
    }

    /// A path that only stands at `point` so far.
    pub(super) fn at(point: Point) -> Self {
        let pen = tenths(point);
        Self { text: format!("M{}", pairs(&[pen])), pen }
    }

    /// Goes on along `curve`, which must begin where the path stands.
    pub(super) fn follow(mut self, curve: &Curve) -> Self {
        for step in &curve.steps {
            match *step {
                Step::Line(end) => self.step('l', &[end]),
                Step::Bend(out, into, end) => self.step('c', &[out, into, end]),
            }
        }
        self
    }

    pub(super) fn height(mut self, y: f64) -> Self {
        let _ = write!(self.text, "V{}", number(y));
        self.pen.y = y;
        self
    }

    pub(super) fn side(mut self, x: f64) -> Self {
        let _ = write!(self.text, "H{}", number(x));
        self.pen.x = x;
        self
    }

    pub(super) fn arc(mut self, turn: Turn, rx: f64, ry: f64, to: Point) -> Self {
        let sweep = match turn {
            Turn::Clockwise => 1,
            Turn::CounterClockwise => 0,
        };
        let _ =
            write!(self.text, "A{} 0 0 {sweep} {}", pairs(&[Point { x: rx, y: ry }]), pairs(&[to]));
        self.pen = tenths(to);
        self
    }

    /// One bend to `to`.
    pub(super) fn bend(mut self, out: Point, into: Point, to: Point) -> Self {
        self.step('c', &[out, into, to]);
        self
    }

    /// A half circle to `to`, as at the end of a bar.
    pub(super) fn cap(self, radius: f64, to: Point) -> Self {
        self.arc(Turn::CounterClockwise, radius, radius, to)
    }

    pub(super) fn open(self) -> String {
        self.text
    }

    pub(super) fn close(mut self) -> String {
        self.text.push('z');
        self.text
    }

    fn step(&mut self, letter: char, points: &[Point]) {
        let from = self.pen;
        let relative: Vec<Point> = points.iter().map(|point| point.minus(from)).collect();
        self.text.push(letter);
        self.text.push_str(&pairs(&relative));
        if let Some(&end) = relative.last() {
            let end = tenths(end);
            self.pen = Point { x: from.x + end.x, y: from.y + end.y };
        }
    }
}

/// Which way an arc goes, as seen on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Clockwise,
    CounterClockwise,
}

/// Coordinates as path data, with a space only where one is needed.
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

/// A coordinate in the shortest form that is right to a tenth of a unit.
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
        PathText::start(curve).close()
    }

    #[test]
    fn what_is_read_is_written() {
        let curve = Curve::read("M10 20L30 40C1 2 3.5 4 -5 6");
        assert_eq!(written(&curve), "M10 20l20 20c-29-38-26.5-36-35-34z");
    }

    #[test]
    fn a_reversed_curve_walks_back() {
        let curve = Curve::read("M0 0L10 0C20 0 30 10 30 20");
        assert_eq!(written(&curve.reversed()), "M30 20c0-10-10-20-20-20l-10 0z");
        assert_eq!(curve.reversed().reversed(), curve);
    }

    #[test]
    fn beside_a_line_runs_a_parallel() {
        let curve = Curve::read("M0 0L10 0");
        assert_eq!(written(&curve.beside(2.0, 2.0)), "M0 2l10 0z");
        assert_eq!(written(&curve.beside(2.0, 4.0)), "M0 2l10 2z");
    }

    #[test]
    fn beside_a_quarter_circle_runs_a_wider_one() {
        let curve = Curve::read("M100 0C100 55.2 55.2 100 0 100");
        assert_eq!(written(&curve.beside(-10.0, -10.0)), "M110 0c0 60.7-49.3 110-110 110z");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([12.0, 12.34, 0.04, -0.04, -3.26].map(number), ["12", "12.3", "0", "0", "-3.3"]);
    }
}
