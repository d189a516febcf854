//! Scratch buffer of a thread, into which values are encoded: it does not have to grow from one value to the next.

use std::cell::RefCell;

/// Largest buffer that a thread keeps between two values, in bytes.
const SCRATCH_BYTES_MAX: usize = 64 << 10;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What `write` writes into the buffer, as a vector without spare capacity.
pub(crate) fn written<E>(write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<Vec<u8>, E> {
    SCRATCH.with(|scratch| {
        // Taken, so that a value which encodes another one finds an empty buffer.
        let mut buffer = scratch.take();
        buffer.clear();
        let written = write(&mut buffer).map(|()| buffer.as_slice().to_vec());
        if buffer.capacity() <= SCRATCH_BYTES_MAX {
            scratch.replace(buffer);
        }
        written
    })
}
