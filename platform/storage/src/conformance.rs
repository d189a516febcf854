//! What every engine's documents and key-value stores must do; engines run these suites against themselves.
