//! Feeds out of the journal, consumers with an inbox.
