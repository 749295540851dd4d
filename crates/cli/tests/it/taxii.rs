//! A TAXII client in a hundred lines: one connection, one request after the other.

use serde_json::Value;
use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

/// The media type of TAXII 2.1.
pub(crate) const TAXII: &str = "application/taxii+json;version=2.1";

/// A client of a node's plain door.
pub(crate) struct Client {
    address: String,
    authorization: Option<String>,
    connection: Option<BufReader<TcpStream>>,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answered {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(held, _)| held == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The objects of an envelope; an empty envelope has none.
    pub(crate) fn objects(&self) -> Vec<Value> {
        let body = self.json();
        body["objects"].as_array().cloned().unwrap_or_default()
    }
}

impl Client {
    pub(crate) fn new(address: &str, authorization: Option<String>) -> Self {
        Self {
            address: address.to_owned(),
            authorization,
            connection: None,
        }
    }

    pub(crate) fn bearer(address: &str, token: &str) -> Self {
        Self::new(address, Some(format!("Bearer {token}")))
    }

    pub(crate) fn basic(address: &str, user: &str, password: &str) -> Self {
        use base64::Engine as _;
        let both = format!("{user}:{password}");
        let encoded = base64::engine::general_purpose::STANDARD.encode(both);
        Self::new(address, Some(format!("Basic {encoded}")))
    }

    pub(crate) fn get(&mut self, path: &str) -> Answered {
        self.ask("GET", path, None).unwrap()
    }

    pub(crate) fn post(&mut self, path: &str, body: &[u8]) -> Answered {
        self.ask("POST", path, Some(body)).unwrap()
    }

    /// One request; an error means that nobody knows what became of it.
    pub(crate) fn ask(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&[u8]>,
    ) -> io::Result<Answered> {
        let asked = self.exchange(method, path, body);
        if asked.is_err() {
            self.connection = None;
        }
        asked
    }

    fn exchange(&mut self, method: &str, path: &str, body: Option<&[u8]>) -> io::Result<Answered> {
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAccept: {TAXII}\r\n",
            self.address
        );
        if let Some(authorization) = &self.authorization {
            head.push_str("Authorization: ");
            head.push_str(authorization);
            head.push_str("\r\n");
        }
        if let Some(body) = body {
            let length = body.len();
            let told = format!("Content-Type: {TAXII}\r\nContent-Length: {length}\r\n");
            head.push_str(&told);
        }
        head += "\r\n";
        if self.connection.is_none() {
            let stream = TcpStream::connect(&self.address)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(Duration::from_mins(1)))?;
            self.connection = Some(BufReader::new(stream));
        }
        let connection = self.connection.as_mut().unwrap();
        let mut request = head.into_bytes();
        request.extend_from_slice(body.unwrap_or_default());
        connection.get_mut().write_all(&request)?;
        let answered = read(connection)?;
        if answered.header("connection") == Some("close") {
            self.connection = None;
        }
        Ok(answered)
    }
}

fn read(from: &mut BufReader<TcpStream>) -> io::Result<Answered> {
    let cut = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let mut line = String::new();
    from.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status = status.ok_or_else(cut)?;
    let mut headers = Vec::new();
    loop {
        line.clear();
        if from.read_line(&mut line)? == 0 {
            return Err(cut());
        }
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut answered = Answered {
        status,
        headers,
        body: Vec::new(),
    };
    if answered.header("transfer-encoding") == Some("chunked") {
        loop {
            line.clear();
            from.read_line(&mut line)?;
            let size = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
            let mut chunk = vec![0; size + 2];
            from.read_exact(&mut chunk)?;
            chunk.truncate(size);
            answered.body.extend(chunk);
            if size == 0 {
                return Ok(answered);
            }
        }
    }
    let length = answered.header("content-length").map(str::parse);
    let length = length.transpose().map_err(io::Error::other)?.unwrap_or(0);
    answered.body.resize(length, 0);
    from.read_exact(&mut answered.body)?;
    Ok(answered)
}
