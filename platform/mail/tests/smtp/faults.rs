//! Scripted mail servers: each says its lines and then does something wrong.

use crate::{mailer, message, options};
use mail::{MailError, Mailer, SmtpMailer};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What a scripted server does at the end of its lines.
#[derive(Clone, Copy, Debug)]
enum End {
    /// It closes the connection.
    Close,
    /// It resets it.
    Reset,
    /// It says nothing more.
    Hang,
    /// It never stops.
    Talk,
}

/// Answers of a server that accepts a message, one for each command and one for the message.
const ANSWERS: [&str; 6] = [
    "220 hello\r\n",
    "250 mail\r\n",
    "250 ok\r\n",
    "250 ok\r\n",
    "354 go on\r\n",
    "250 accepted\r\n",
];

/// A server that gives this many of the answers to each client. Returns its address.
async fn scripted(answers: usize, end: End) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, answers, end));
        }
    });
    address
}

async fn answer(mut stream: TcpStream, answers: usize, end: End) {
    for (index, line) in ANSWERS.iter().take(answers).enumerate() {
        if index > 0 {
            let is_message = index + 1 == ANSWERS.len();
            read_until(&mut stream, if is_message { b"\r\n.\r\n" } else { b"\r\n" }).await;
        }
        stream.write_all(line.as_bytes()).await.unwrap();
    }
    match end {
        End::Close => {}
        End::Reset => stream.set_zero_linger().unwrap(),
        End::Hang => std::future::pending().await,
        End::Talk => {
            let line = format!("250-{}\r\n", "and more of it ".repeat(200));
            while stream.write_all(line.as_bytes()).await.is_ok() {}
        }
    }
}

async fn read_until(stream: &mut TcpStream, end: &[u8]) {
    let mut read = Vec::new();
    while !read.ends_with(end) {
        match stream.read_u8().await {
            Ok(byte) => read.push(byte),
            Err(_) => return,
        }
    }
}

#[tokio::test]
async fn wherever_a_server_fails_the_message_is_tried_again() {
    for answers in 0..ANSWERS.len() {
        for end in [End::Close, End::Reset, End::Hang, End::Talk] {
            let address = scripted(answers, end).await;
            let mut options = options(&format!("smtp://{address}"));
            if matches!(end, End::Hang) {
                options.timeout = Duration::from_millis(200);
            }
            let sent = SmtpMailer::new(&options).unwrap().send(&message("ada@example.com")).await;
            let is_unavailable = matches!(sent, Err(MailError::Unavailable(_)));
            assert!(is_unavailable, "{answers} {end:?}: {sent:?}");
        }
    }
}

#[tokio::test]
async fn what_happens_after_the_acceptance_does_not_matter() {
    for end in [End::Close, End::Reset] {
        let address = scripted(ANSWERS.len(), end).await;
        mailer(&address).send(&message("ada@example.com")).await.unwrap();
    }
}

#[tokio::test]
async fn nobody_who_listens_is_no_reason_to_give_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let sent = mailer(&address).send(&message("ada@example.com")).await;
    assert!(matches!(sent, Err(MailError::Unavailable(_))), "{sent:?}");
}

#[tokio::test]
async fn what_is_no_smtp_is_no_reason_to_give_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let sent = mailer(&address).send(&message("ada@example.com")).await;
    assert!(matches!(sent, Err(MailError::Unavailable(_))), "{sent:?}");
}
