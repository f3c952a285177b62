//! Enough of three languages to know what is asked, and that it was answered.

use std::collections::HashMap;

use super::Server;

/// A word that Redis says back after everything that was asked before it.
const ECHO: &[u8] = b"*2\r\n$4\r\nECHO\r\n$17\r\nslotyard-was-here\r\n";
const ECHOED: &[u8] = b"slotyard-was-here";

/// What one client has said so far, as far as it is needed to understand what it says next.
#[derive(Debug)]
pub(super) struct Speech {
    speaks: Server,
    /// Postgres: bytes of a message that is not whole yet.
    partial: Vec<u8>,
    greeted: bool,
    /// Postgres: statements by the name they were prepared under.
    statements: HashMap<Vec<u8>, Vec<u8>>,
}

impl Speech {
    pub(super) fn new(speaks: Server) -> Self {
        Self { speaks, partial: Vec::new(), greeted: false, statements: HashMap::new() }
    }

    /// The requests that these bytes complete.
    pub(super) fn hear(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        match self.speaks {
            Server::Redis => vec![bytes.to_vec()],
            Server::Docker => {
                let verbs: [&[u8]; 5] = [b"GET /", b"POST /", b"PUT /", b"DELETE /", b"HEAD /"];
                let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
                if verbs.iter().any(|verb| line.starts_with(verb)) { vec![line.to_vec()] } else { Vec::new() }
            }
            Server::Postgres => {
                self.partial.extend_from_slice(bytes);
                std::iter::from_fn(|| self.next_message()).flatten().collect()
            }
        }
    }

    /// Takes the next whole message; the inner `None` is one that asks for nothing.
    fn next_message(&mut self) -> Option<Option<Vec<u8>>> {
        // The first message has no letter before its length.
        let letter = usize::from(self.greeted);
        let length = self.partial.get(letter..letter + 4)?;
        let length = u32::from_be_bytes(length.try_into().ok()?) as usize;
        if self.partial.len() < letter + length {
            return None;
        }
        let message: Vec<u8> = self.partial.drain(..letter + length).collect();
        if !self.greeted {
            // Requests for encryption have these numbers; the greeting comes after them.
            let code = message.get(4..8).unwrap_or_default();
            self.greeted = ![80_877_103_u32, 80_877_104].iter().any(|asks| asks.to_be_bytes() == code);
            return Some(None);
        }
        let body = message.get(5..).unwrap_or_default();
        let mut texts = body.split(|byte| *byte == 0);
        let (first, second) = (texts.next().unwrap_or_default(), texts.next().unwrap_or_default());
        Some(match message.first() {
            Some(b'Q') => Some(first.to_vec()),
            Some(b'P') => {
                self.statements.insert(first.to_vec(), second.to_vec());
                None
            }
            // A run of the statement `second` with the parameters that follow.
            Some(b'B') => Some([self.statements.get(second).map_or(&[][..], Vec::as_slice), body].concat()),
            _ => None,
        })
    }

    /// What is sent after a request so that its answer can be known.
    pub(super) fn postscript(&self) -> &'static [u8] {
        if self.speaks == Server::Redis { ECHO } else { b"" }
    }

    /// Whether the server's bytes since the request say that it is done.
    pub(super) fn is_answer(&self, mut bytes: &[u8]) -> bool {
        let has = |wanted: &[u8]| bytes.windows(wanted.len()).any(|part| part == wanted);
        match self.speaks {
            Server::Docker => has(b"\r\n\r\n"),
            Server::Redis => has(ECHOED),
            Server::Postgres => loop {
                let Some(length) = bytes.get(1..5).and_then(|l| l.try_into().ok()).map(u32::from_be_bytes) else {
                    return false;
                };
                match bytes.split_at_checked(1 + length as usize) {
                    // Ready for the next query.
                    Some((message, _)) if message.first() == Some(&b'Z') => return true,
                    Some((_, rest)) => bytes = rest,
                    None => return false,
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(letter: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap();
        [&[letter][..], &length.to_be_bytes(), body].concat()
    }

    #[test]
    fn a_prepared_statement_is_known_at_every_run_of_it_however_the_bytes_come() {
        let mut speech = Speech::new(Server::Postgres);
        let greeting = [&12_u32.to_be_bytes()[..], &196_608_u32.to_be_bytes(), b"user"].concat();
        let parse = message(b'P', b"s1\0insert into t values ($1)\0\0\0");
        let bind = message(b'B', b"\0s1\0\0\0\0\x01\0\0\0\x02ok");
        let all = [greeting, parse, bind.clone(), message(b'S', b"")].concat();
        let heard: Vec<Vec<u8>> = all.chunks(3).flat_map(|part| speech.hear(part)).collect();
        assert_eq!(heard.len(), 1);
        assert!(heard[0].starts_with(b"insert into t") && heard[0].ends_with(b"ok"));
        assert_eq!(speech.hear(&bind).len(), 1);
        assert_eq!(speech.hear(&message(b'Q', b"COMMIT\0")), [b"COMMIT".to_vec()]);
    }

    #[test]
    fn an_answer_is_one_only_when_it_is_whole() {
        let speech = Speech::new(Server::Postgres);
        let answer = [message(b'C', b"COMMIT\0"), message(b'Z', b"I")].concat();
        assert!(speech.is_answer(&answer));
        assert!(!speech.is_answer(&answer[..answer.len() - 1]));
        assert!(!speech.is_answer(&message(b'C', b"Z\0")));
        assert!(!Speech::new(Server::Docker).is_answer(b"HTTP/1.1 201 Created\r\n"));
    }
}
