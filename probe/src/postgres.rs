//! As little of Postgres's protocol as an attacker needs: simple queries, whose answers and refusals are read as text.

use std::{
    env, fmt,
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    time::Duration,
};

use postgres_protocol::{
    authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256},
    message::frontend,
};

/// Why a statement gave nothing.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Postgres said no: its code and its words.
    Said(String, String),
    /// The connection was ended, or never came to be.
    Ended(io::Error),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said(code, words) => write!(f, "{code} {words}"),
            Self::Ended(error) => write!(f, "the connection ended: {error}"),
        }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Ended(error)
    }
}

/// Rows as texts; `None` is null.
pub(crate) type Rows = Vec<Vec<Option<String>>>;

/// The parts of `DATABASE_URL`: `postgres://user:password@localhost/database?host=/socket/folder`.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) user: String,
    password: String,
    pub(crate) database: String,
    folder: String,
}

impl Address {
    pub(crate) fn from_env() -> Option<Self> {
        let url = env::var("DATABASE_URL").ok()?;
        let (credentials, rest) = url.strip_prefix("postgres://")?.split_once('@')?;
        let (user, password) = credentials.split_once(':')?;
        let (database, query) = rest.split_once('/')?.1.split_once('?')?;
        let folder = query.split('&').find_map(|pair| pair.strip_prefix("host="))?;
        let folder = folder.replace("%2F", "/");
        Some(Self { user: user.into(), password: password.into(), database: database.into(), folder })
    }

    /// The same role's way into another database.
    pub(crate) fn into_database(mut self, database: &str) -> Self {
        database.clone_into(&mut self.database);
        self
    }

    /// Another role, with the password at hand.
    pub(crate) fn into_role(mut self, role: &str) -> Self {
        role.clone_into(&mut self.user);
        self
    }
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Session {
    stream: UnixStream,
}

impl Session {
    /// Connects with what the container was given.
    pub(crate) fn open(address: &Address) -> Result<Self, Refusal> {
        Self::with(address, &[])
    }

    /// Connects with further parameters, such as `replication`.
    pub(crate) fn with(address: &Address, more: &[(&str, &str)]) -> Result<Self, Refusal> {
        let stream = UnixStream::connect(format!("{}/.s.PGSQL.5432", address.folder))?;
        let mut session = Self { stream };
        session.patience(Duration::from_secs(20))?;
        let mut parameters = vec![("user", address.user.as_str()), ("database", address.database.as_str())];
        parameters.extend_from_slice(more);
        session.send(|buffer| frontend::startup_message(parameters, buffer))?;
        session.authenticate(address)?;
        session.answer()?;
        Ok(session)
    }

    /// How long an answer is waited for.
    pub(crate) fn patience(&self, limit: Duration) -> io::Result<()> {
        self.stream.set_read_timeout(Some(limit))
    }

    /// Runs statements; the rows of all of them.
    pub(crate) fn run(&mut self, sql: &str) -> Result<Rows, Refusal> {
        self.send(|buffer| frontend::query(sql, buffer))?;
        self.answer()
    }

    /// Waits until the other side ends the connection.
    pub(crate) fn outlast(&mut self) -> Result<Rows, Refusal> {
        self.answer()
    }

    fn send<B: Default + AsRef<[u8]>>(&mut self, fill: impl FnOnce(&mut B) -> io::Result<()>) -> io::Result<()> {
        let mut buffer = B::default();
        fill(&mut buffer)?;
        self.stream.write_all(buffer.as_ref())
    }

    fn receive(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 5];
        self.stream.read_exact(&mut head)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]).saturating_sub(4);
        let mut body = vec![0; length as usize];
        self.stream.read_exact(&mut body)?;
        Ok((head[0], body))
    }

    fn authenticate(&mut self, address: &Address) -> Result<(), Refusal> {
        let mut scram = ScramSha256::new(address.password.as_bytes(), ChannelBinding::unsupported());
        loop {
            let (tag, body) = self.receive()?;
            if tag != b'R' {
                return Err(refusal(&body));
            }
            match body.get(..4).unwrap_or_default() {
                [0, 0, 0, 0] => return Ok(()),
                [0, 0, 0, 10] => {
                    self.send(|buffer| frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), buffer))?;
                }
                [0, 0, 0, 11] => {
                    scram.update(&body[4..])?;
                    self.send(|buffer| frontend::sasl_response(scram.message(), buffer))?;
                }
                [0, 0, 0, 12] => scram.finish(&body[4..])?,
                _ => return Err(io::Error::other("another kind of authentication").into()),
            }
        }
    }

    /// Everything up to the moment at which Postgres is ready again.
    fn answer(&mut self) -> Result<Rows, Refusal> {
        let (mut rows, mut refused) = (Rows::new(), None);
        loop {
            let (tag, body) = match self.receive() {
                Ok(message) => message,
                // What was said before the end tells more than the end.
                Err(error) => return Err(refused.unwrap_or(Refusal::Ended(error))),
            };
            match tag {
                b'D' => rows.push(row(&body)),
                b'd' => rows.push(vec![Some(String::from_utf8_lossy(&body).into_owned())]),
                b'G' => self.send(|buffer| frontend::copy_fail("no", buffer))?,
                b'E' => refused = Some(refusal(&body)),
                b'Z' => return refused.map_or(Ok(rows), Err),
                _ => {}
            }
        }
    }
}

fn row(body: &[u8]) -> Vec<Option<String>> {
    let mut rest = body.get(2..).unwrap_or_default();
    let mut fields = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(i32::from_be_bytes(*length)).ok();
        let (field, after) = after.split_at(length.unwrap_or(0).min(after.len()));
        fields.push(length.map(|_| String::from_utf8_lossy(field).into_owned()));
        rest = after;
    }
    fields
}

fn refusal(body: &[u8]) -> Refusal {
    let fields = body.split(|b| *b == 0).filter_map(|field| Some((*field.first()?, field.get(1..)?)));
    let (mut code, mut words) = (String::new(), String::new());
    for (kind, text) in fields {
        match kind {
            b'C' => code = String::from_utf8_lossy(text).into_owned(),
            b'M' => words = String::from_utf8_lossy(text).into_owned(),
            _ => {}
        }
    }
    Refusal::Said(code, words)
}
