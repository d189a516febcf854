//! Servers of every kind: each starts, keeps its data when it is killed, and stands still while it is paused.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue should say where")]

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};
use test_servers::{
    AnyServer, KafkaServer, MongoServer, RabbitServer, RedisCluster, RedisServer, SmtpServer,
    SmtpServerOptions, ToxiproxyServer,
};

const WAIT: Duration = Duration::from_millis(300);

fn is_reachable(address: &str) -> bool {
    let address: SocketAddr = address.parse().unwrap();
    TcpStream::connect_timeout(&address, WAIT).is_ok()
}

/// Whether the server there says something to these bytes; one that stands still takes the connection and does not.
fn answers(address: &str, request: &[u8]) -> bool {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(WAIT)).unwrap();
    stream.write_all(request).unwrap();
    stream.read(&mut [0; 1]).is_ok_and(|count| count == 1)
}

/// Waits as long as the server may take.
fn wait_for_answer(address: &str, request: &[u8]) {
    let mut attempts = 0;
    while !answers(address, request) {
        attempts += 1;
        assert!(attempts < 100, "{address} answers again");
    }
}

#[test]
fn redis_keeps_its_data_over_a_kill_and_stands_still_while_it_is_paused() {
    let program = test_servers::redis_program().unwrap();
    let mut redis = RedisServer::start(&program).unwrap();
    let url = redis.url();
    redis.command(&["SET", "word", "kept"]).unwrap();
    redis.restart().unwrap();
    assert_eq!(redis.url(), url);
    assert_eq!(redis.command(&["GET", "word"]).unwrap(), "kept");
    redis.pause().unwrap();
    assert!(!answers(&redis.address(), b"PING\r\n"));
    redis.resume().unwrap();
    wait_for_answer(&redis.address(), b"PING\r\n");
    redis.command(&["CONFIG", "SET", "requirepass", "secret"]).unwrap();
    assert!(redis.command(&["GET", "word"]).unwrap_err().to_string().contains("NOAUTH"));
    let address = redis.address();
    drop(redis);
    assert!(!is_reachable(&address), "it goes with its handle");
}

#[test]
fn a_mail_server_keeps_its_mails_over_a_kill_and_stands_still_while_it_is_paused() {
    let python = test_servers::smtp_python().unwrap();
    let mut smtp = SmtpServer::start(&python, SmtpServerOptions::default()).unwrap();
    let conversation = b"EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n";
    let mut stream = TcpStream::connect(smtp.address()).unwrap();
    for line in conversation.split_inclusive(|byte| *byte == b'\n') {
        stream.write_all(line).unwrap();
        // The answer of each command, and the greeting before them.
        assert!(stream.read(&mut [0; 1_024]).unwrap() > 0);
    }
    stream.write_all(b"Subject: kept\r\n\r\nHello\r\n.\r\nQUIT\r\n").unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("250 accepted"), "{rest}");
    smtp.restart().unwrap();
    assert!(smtp.accepted().unwrap()[0].contains("kept"));
    smtp.pause().unwrap();
    assert!(!answers(&smtp.address(), b""));
    smtp.resume().unwrap();
    wait_for_answer(&smtp.address(), b"");
    let address = smtp.address();
    drop(smtp);
    assert!(!is_reachable(&address), "it goes with its handle");
}

#[test]
fn a_redis_cluster_divides_the_keys_and_finds_a_node_again() {
    let program = test_servers::redis_program().unwrap();
    let mut cluster = RedisCluster::start(&program).unwrap();
    assert_eq!(cluster.urls().len(), 3);
    let taken = |cluster: &mut RedisCluster| {
        let set = |node: &mut RedisServer| node.command(&["SET", "word", "kept"]);
        cluster.nodes().iter_mut().flat_map(set).count()
    };
    assert_eq!(taken(&mut cluster), 1, "the others say where the key belongs");
    for node in cluster.nodes() {
        node.restart().unwrap();
    }
    cluster.wait_until_whole().unwrap();
    assert_eq!(taken(&mut cluster), 1);
}

/// Request for the versions of the protocol, which brokers of every version answer.
const KAFKA_REQUEST: &[u8] = &[0, 0, 0, 11, 0, 18, 0, 0, 0, 0, 0, 7, 0, 1, b't'];

fn kafka(mut kafka: KafkaServer) {
    let address = kafka.address();
    assert!(is_reachable(&kafka.password_address()));
    kafka.pause().unwrap();
    assert!(!answers(&address, KAFKA_REQUEST));
    kafka.resume().unwrap();
    wait_for_answer(&address, KAFKA_REQUEST);
    kafka.kill().unwrap();
    assert!(!is_reachable(&address));
    kafka.run().unwrap();
    assert_eq!(kafka.address(), address);
    wait_for_answer(&address, KAFKA_REQUEST);
}

#[test]
fn the_newest_kafka_is_killed_and_paused_and_comes_back() {
    kafka(KafkaServer::start(&test_servers::kafka_libraries().unwrap()).unwrap());
}

#[test]
fn the_oldest_kafka_is_killed_and_paused_and_comes_back() {
    kafka(KafkaServer::start(&test_servers::old_kafka_libraries().unwrap()).unwrap());
}

/// What a client of AMQP 0-9-1 says first.
const AMQP_REQUEST: &[u8] = b"AMQP\0\0\x09\x01";

#[test]
fn rabbitmq_is_killed_and_paused_and_comes_back() {
    let mut rabbit = RabbitServer::start(&test_servers::rabbitmq_program().unwrap()).unwrap();
    let address = rabbit.address();
    assert!(is_reachable(&rabbit.stream_address()));
    // Authorization of guest:guest.
    let request = b"PUT /api/vhosts/kept HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\
                    Authorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n\r\n";
    wait_for_answer(&rabbit.management_address(), request);
    rabbit.pause().unwrap();
    assert!(!answers(&address, AMQP_REQUEST));
    rabbit.resume().unwrap();
    wait_for_answer(&address, AMQP_REQUEST);
    rabbit.restart().unwrap();
    assert_eq!(rabbit.address(), address);
    wait_for_answer(&address, AMQP_REQUEST);
    rabbit.stop().unwrap();
    assert!(!is_reachable(&address));
}

/// MongoDB's `isMaster` as a query of the old form, with the length of everything first.
fn mongodb_request() -> Vec<u8> {
    let document = b"\x13\0\0\0\x10isMaster\0\x01\0\0\0\0";
    let body = [&0_u32.to_le_bytes()[..], b"admin.$cmd\0", &[0; 4], &[0xff; 4], document].concat();
    let length = u32::try_from(16 + body.len()).unwrap();
    let query = 2004_u32;
    let header = [length, 1, 0, query].map(u32::to_le_bytes).concat();
    [header, body].concat()
}

#[test]
fn a_server_of_mongodbs_protocol_is_killed_and_paused_and_comes_back() {
    let mut mongodb = MongoServer::start(&test_servers::mongodb_libraries().unwrap()).unwrap();
    let (address, request) = (mongodb.address(), mongodb_request());
    wait_for_answer(&address, &request);
    mongodb.pause().unwrap();
    assert!(!answers(&address, &request));
    mongodb.resume().unwrap();
    wait_for_answer(&address, &request);
    mongodb.restart().unwrap();
    assert_eq!(mongodb.address(), address);
    wait_for_answer(&address, &request);
}

#[test]
fn a_proxy_delays_holds_back_and_refuses_until_it_is_told_not_to() {
    let toxiproxy = ToxiproxyServer::start(&test_servers::toxiproxy_program().unwrap()).unwrap();
    let redis = RedisServer::start(&test_servers::redis_program().unwrap()).unwrap();
    let proxy = toxiproxy.proxy("redis", &redis.address()).unwrap();
    let ping = || answers(proxy.address(), b"PING\r\n");
    assert!(ping());
    proxy.add_latency(2 * WAIT).unwrap();
    assert!(!ping(), "the answer comes later");
    proxy.remove_latency().unwrap();
    wait_for_answer(proxy.address(), b"PING\r\n");
    proxy.add_timeout().unwrap();
    assert!(!ping());
    proxy.remove_timeout().unwrap();
    wait_for_answer(proxy.address(), b"PING\r\n");
    proxy.disable().unwrap();
    assert!(!is_reachable(proxy.address()));
    proxy.enable().unwrap();
    wait_for_answer(proxy.address(), b"PING\r\n");
    assert!(proxy.add_latency(WAIT).and(proxy.add_latency(WAIT)).is_err(), "it is there already");
    proxy.remove_latency().unwrap();
    let other = RedisServer::start(&test_servers::redis_program().unwrap()).unwrap();
    proxy.redirect(&other.address()).unwrap();
    redis.command(&["SHUTDOWN", "NOSAVE"]).unwrap_err();
    wait_for_answer(proxy.address(), b"PING\r\n");
}

#[test]
fn any_server_that_can_be_flushed_forgets_what_it_had() {
    let mut redis = RedisServer::start(&test_servers::redis_program().unwrap()).unwrap();
    redis.command(&["SET", "word", "kept"]).unwrap();
    AnyServer::flush(&mut redis).unwrap();
    assert_eq!(redis.command(&["DBSIZE"]).unwrap(), "0");
    let toxiproxy = ToxiproxyServer::start(&test_servers::toxiproxy_program().unwrap());
    let refused = AnyServer::flush(&mut toxiproxy.unwrap()).unwrap_err();
    assert!(refused.to_string().contains("toxiproxy"), "{refused}");
}

#[test]
fn a_kept_server_goes_on_without_its_handle_until_it_is_stopped() {
    let redis = RedisServer::start(&test_servers::redis_program().unwrap()).unwrap();
    let address = redis.address();
    let kept = redis.keep().unwrap();
    assert!(kept.is_running() && is_reachable(&address));
    kept.stop().unwrap();
    assert!(!kept.is_running() && !is_reachable(&address) && !kept.folder.exists());
    kept.stop().unwrap();
}
