//! Crypto-shredding: what is personal is encrypted with a key per data subject and purpose, and erased by destroying the key.
//!
//! The keys are leaves of a puncturable pseudorandom function (the tree of Goldreich, Goldwasser and Micali): all of them follow
//! from one root, so a new subject costs no write. To destroy one, the root is replaced by the nodes beside the path to that
//! leaf, from which every other key still follows and that one does not. So the key file changes only when somebody is erased.
//!
//! [`SubjectKeys`] is the key store of a process; a [`KeyFile`] is where it is kept, beside the data and outside of its backups.

#![warn(missing_docs)]

mod encryption;
mod erasure;
mod key_file;
mod key_id;
mod key_state;
mod keys;
mod stored_keys;
mod tree;

pub use erasure::{Erasure, ErasureList, InvalidErasureList};
pub use key_file::{KeyFile, MasterSecret, MemoryKeyFile};
pub use key_id::KeyId;
pub use keys::{KeysInUse, OpenKeysError, Opened, SubjectKeys, WriteKeysError};
pub use stored_keys::{STORE_ID_BYTES, store_id_of};
