//! An edge: where one can go from it, and how many may be inside at the same time.

use crate::directions::Directions;
use kernel::{Problem, codes};
use std::sync::atomic::{AtomicUsize, Ordering};
use transport::Edge;

/// One of the two edges.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) edge: Edge,
    pub(crate) directions: Directions,
    requests_max: usize,
    inside: AtomicUsize,
}

/// The place of a request that is being answered, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Inside<'a>(&'a Door);

impl Door {
    pub(crate) fn new(edge: Edge, directions: Directions, requests_max: usize) -> Self {
        Self { edge, directions, requests_max, inside: AtomicUsize::new(0) }
    }

    /// Lets a request in, or says at once that there is no place.
    pub(crate) fn enter(&self) -> Result<Inside<'_>, Problem> {
        let before = self.inside.fetch_add(1, Ordering::Relaxed);
        // Taken first and given back at once if there is none: two requests never share the last place.
        let inside = Inside(self);
        if before < self.requests_max { Ok(inside) } else { Err(overloaded()) }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Too much is under way here or further in.
pub(crate) fn overloaded() -> Problem {
    let title = "too many requests are under way; ask again shortly";
    Problem::new(503, codes::OVERLOADED, title).retry_after(1)
}
