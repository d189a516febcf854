//! Servers of the tests.

use engine_redis::{RedisEngine, RedisOptions};
use std::sync::{Arc, Mutex, Weak};
use test_servers::{RedisServer, redis_program};

/// Server of the tests that do it no harm: it runs as long as one of them does. Nobody would stop a static one.
pub(crate) fn shared() -> Arc<RedisServer> {
    static SHARED: Mutex<Weak<RedisServer>> = Mutex::new(Weak::new());
    share(&SHARED, start)
}

/// What runs already, or a new one.
pub(crate) fn share<T>(shared: &Mutex<Weak<T>>, start: impl FnOnce() -> T) -> Arc<T> {
    let mut shared = shared.lock().unwrap();
    shared.upgrade().unwrap_or_else(|| {
        let started = Arc::new(start());
        *shared = Arc::downgrade(&started);
        started
    })
}

pub(crate) fn start() -> RedisServer {
    RedisServer::start(&redis_program().unwrap()).expect("the server starts")
}

pub(crate) async fn open(url: &str) -> RedisEngine {
    RedisEngine::open(RedisOptions::new(url).unwrap()).await.expect("the server answers")
}
