//! As little of Redis's protocol as an attacker needs: any command, and its answer as text.

use std::{
    env,
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    time::Duration,
};

/// A connection.
#[derive(Debug)]
pub(crate) struct Session {
    stream: BufReader<UnixStream>,
}

/// The parts of `REDIS_URL`: `unix:///socket?user=…&pass=…`.
fn address() -> Option<(String, String, String)> {
    let url = env::var("REDIS_URL").ok()?;
    let (path, query) = url.strip_prefix("unix://")?.split_once('?')?;
    let part = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)).map(str::to_owned);
    Some((path.to_owned(), part("user=")?, part("pass=")?))
}

impl Session {
    /// Connects with what the container was given.
    pub(crate) fn open() -> io::Result<Self> {
        let (path, user, password) = address().ok_or_else(|| io::Error::other("REDIS_URL is not understood"))?;
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let mut session = Self { stream: BufReader::new(stream) };
        match session.run(&["AUTH", &user, &password])? {
            Ok(_) => Ok(session),
            Err(refused) => Err(io::Error::other(refused)),
        }
    }

    /// One command; the inner error is Redis's own.
    pub(crate) fn run(&mut self, words: &[&str]) -> io::Result<Result<String, String>> {
        let mut request = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            request.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            request.extend_from_slice(word.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        self.stream.get_mut().write_all(&request)?;
        self.reply()
    }

    fn reply(&mut self) -> io::Result<Result<String, String>> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end();
        let (kind, rest) = line.split_at_checked(1).unwrap_or((line, ""));
        let length = || rest.parse::<i64>().map_err(io::Error::other);
        Ok(match kind {
            "-" => Err(rest.to_owned()),
            "$" => Ok(match usize::try_from(length()?) {
                Err(_) => "(nil)".to_owned(),
                Ok(length) => {
                    let mut bytes = vec![0; length + 2];
                    self.stream.read_exact(&mut bytes)?;
                    String::from_utf8_lossy(&bytes[..length]).into_owned()
                }
            }),
            "*" => {
                let mut parts = Vec::new();
                for _ in 0..length()?.max(0) {
                    parts.push(self.reply()?.unwrap_or_else(|refused| refused));
                }
                Ok(format!("[{}]", parts.join(", ")))
            }
            _ => Ok(rest.to_owned()),
        })
    }
}
