//! Interoperability tests: programs of other languages against a real shop. The programs are in `typescript/` and `java/`,
//! the tests that build and run them in `tests/`.
