//! The module table, readiness, tracked tasks, drain.
