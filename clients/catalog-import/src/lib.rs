//! Imports a catalogue through the public API.
