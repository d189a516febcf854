//! Reserved ports: each has one holder.

use std::{collections::HashSet, net::TcpListener, thread};
use testkit::ReservedPort;

#[test]
fn concurrent_threads_reserve_different_ports_that_can_be_listened_on() {
    let takers: Vec<_> = (0..16)
        .map(|_| {
            thread::spawn(|| (0..8).map(|_| ReservedPort::reserve().unwrap()).collect::<Vec<_>>())
        })
        .collect();
    let ports: Vec<ReservedPort> =
        takers.into_iter().flat_map(|taker| taker.join().unwrap()).collect();
    let numbers: HashSet<u16> = ports.iter().map(ReservedPort::number).collect();
    assert_eq!(numbers.len(), 16 * 8);
    for number in numbers {
        TcpListener::bind(("127.0.0.1", number)).unwrap();
    }
}
