//! The shop's pages in a real browser: what they promise to eyes, keyboards, screen readers and thin lines.

mod abroad;
mod accessibility;
mod browsing;
mod buying;
mod colours;
mod fitting;
mod keyboard;
mod lighthouse;
mod reacting;
mod tour;
mod traces;
mod weight;
