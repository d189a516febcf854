//! Client of Redis for what the servers themselves need: a command in, its answer out.

use std::{
    fmt::Write as _,
    io::{self, BufRead, BufReader, Write as _},
    net::TcpStream,
    time::Duration,
};

/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Answer to a command: a simple or bulk string or number as text, an array as its elements, one a line.
pub(crate) fn command(address: &str, words: &[&str]) -> io::Result<String> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        // Writing to a string does not fail.
        let _ = write!(request, "${}\r\n{word}\r\n", word.len());
    }
    (&stream).write_all(request.as_bytes())?;
    answer(&mut BufReader::new(stream))
}

fn answer(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let line = line.trim_end();
    let Some((kind, rest)) = line.split_at_checked(1) else {
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    let wrong = || io::Error::other(format!("an answer that is none: {line}"));
    match kind {
        "+" | ":" => Ok(rest.to_owned()),
        "-" => Err(io::Error::other(rest.to_owned())),
        "$" => {
            let Ok(length) = rest.parse::<usize>() else { return Ok(String::new()) };
            let mut bytes = vec![0; length + 2];
            reader.read_exact(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes[..length]).into_owned())
        }
        // No array, as of the consumers of entries of which none is pending.
        "*" if rest == "-1" => Ok(String::new()),
        "*" => {
            let count = rest.parse::<usize>().map_err(|_| wrong())?;
            let elements: io::Result<Vec<String>> = (0..count).map(|_| answer(reader)).collect();
            Ok(elements?.join("\n"))
        }
        _ => Err(wrong()),
    }
}
