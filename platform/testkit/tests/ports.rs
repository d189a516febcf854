//! A port belongs to one holder.

use std::{collections::HashSet, net::TcpListener, thread};
use testkit::Port;

#[test]
fn threads_that_take_ports_at_once_get_different_ones_that_can_be_listened_on() {
    let takers: Vec<_> = (0..16)
        .map(|_| thread::spawn(|| (0..8).map(|_| Port::take().unwrap()).collect::<Vec<_>>()))
        .collect();
    let ports: Vec<Port> = takers.into_iter().flat_map(|taker| taker.join().unwrap()).collect();
    let numbers: HashSet<u16> = ports.iter().map(Port::number).collect();
    assert_eq!(numbers.len(), 16 * 8);
    for number in numbers {
        TcpListener::bind(("127.0.0.1", number)).unwrap();
    }
}
