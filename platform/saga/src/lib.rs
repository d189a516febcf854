//! Steps with undo, a durable log, recovery.
