//! The loopback port: blocking HTTP/1.1 with a thread per connection, so that it works with every async runtime and
//! without one.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::malfunction::Malfunction;

/// Maximum size of the head of a request, in bytes.
const HEAD_BYTES_MAX: u64 = 64 * 1024;
/// Maximum size of the body of a request, in bytes.
const BODY_BYTES_MAX: usize = 256 * 1024;
/// How long a connection may stay idle, in seconds, so that threads end soon after a test.
const IDLE_SECONDS: u64 = 600;

/// The used parts of a request.
pub(super) struct Question {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) accept: Option<String>,
    pub(super) authorization: Option<String>,
    pub(super) body: Vec<u8>,
}

/// A response.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) media_type: String,
    pub(super) location: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn status(status: u16) -> Self {
        Self { status, media_type: "text/plain".to_owned(), location: None, body: Vec::new() }
    }
}

/// Answers the requests to a port.
pub(super) trait Answering: Clone + Send + 'static {
    /// Counts the request, and returns the failure to answer it with, if any.
    fn malfunction_at(&self, path: &str) -> Option<Malfunction>;

    /// The correct answer.
    fn answer(&self, question: &Question) -> Answer;
}

/// A port that answers until it is dropped.
#[derive(Debug)]
pub(super) struct Listening {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
}

/// A free port, and the issuer at it.
pub(super) fn bind() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free loopback port");
    let issuer = format!("http://{}", listener.local_addr().expect("a bound port"));
    (listener, issuer)
}

impl Listening {
    /// The answering value must not own the port, since the threads would then keep it open.
    pub(super) fn start(listener: TcpListener, answering: impl Answering) -> Self {
        let address = listener.local_addr().expect("a bound port");
        let ended = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ended);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(connection), answering) = (connection, answering.clone()) else { continue };
                std::thread::spawn(move || serve(&connection, &answering));
            }
        });
        Self { address, ended }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // The listener blocks until a connection, so this makes one.
        drop(TcpStream::connect(self.address));
    }
}

/// Answers the requests of a connection until it ends.
fn serve(connection: &TcpStream, answering: &impl Answering) {
    connection.set_nodelay(true).ok();
    connection.set_read_timeout(Some(Duration::from_secs(IDLE_SECONDS))).ok();
    let mut reader = BufReader::new(connection);
    while let Some(question) = read(&mut reader) {
        let stays = match answering.malfunction_at(&question.path) {
            Some(Malfunction::Unreachable) => return,
            Some(Malfunction::NoResponse) => {
                // Blocks until the caller closes the connection.
                reader.read_exact(&mut [0; 1]).ok();
                return;
            }
            Some(Malfunction::Truncated) => {
                let answer = answering.answer(&question);
                write(connection, &answer, answer.body.len() / 2);
                return;
            }
            Some(Malfunction::Status(status)) => write(connection, &Answer::status(status), 0),
            Some(Malfunction::Body { media_type, body }) => {
                let answer = Answer { status: 200, media_type, location: None, body };
                write(connection, &answer, answer.body.len())
            }
            Some(Malfunction::Redirect(to)) => {
                write(connection, &Answer { location: Some(to), ..Answer::status(302) }, 0)
            }
            None => {
                let answer = answering.answer(&question);
                write(connection, &answer, answer.body.len())
            }
        };
        if !stays {
            return;
        }
    }
}

/// The next request; `None` at the end of the connection, and for an invalid request.
fn read(reader: &mut BufReader<&TcpStream>) -> Option<Question> {
    let mut lines = Vec::new();
    let mut head = reader.by_ref().take(HEAD_BYTES_MAX);
    loop {
        let mut line = String::new();
        head.read_line(&mut line).ok().filter(|length| *length > 0)?;
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            break;
        }
        lines.push(line.to_owned());
    }
    let mut request_line = lines.first()?.split(' ');
    let (method, target) = (request_line.next()?.to_owned(), request_line.next()?.to_owned());
    let header = |name: &str| {
        let of_name =
            |line: &&String| line.split_once(':').is_some_and(|(n, _)| n.eq_ignore_ascii_case(name));
        lines[1..]
            .iter()
            .find(of_name)
            .and_then(|line| line.split_once(':'))
            .map(|(_, value)| value.trim().to_owned())
    };
    let length = header("content-length").map_or(Ok(0), |length| length.parse::<usize>()).ok()?;
    if length > BODY_BYTES_MAX {
        return None;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let path = target.split('?').next().unwrap_or_default().to_owned();
    Some(Question { method, path, accept: header("accept"), authorization: header("authorization"), body })
}

/// Sends the answer with this number of bytes of its body, and returns whether the connection is still open.
fn write(mut connection: &TcpStream, answer: &Answer, bytes: usize) -> bool {
    let location = answer.location.as_ref().map_or(String::new(), |to| format!("Location: {to}\r\n"));
    let head = format!(
        "HTTP/1.1 {} .\r\nContent-Type: {}\r\n{location}Content-Length: {}\r\nCache-Control: no-store\r\n\r\n",
        answer.status,
        answer.media_type,
        answer.body.len()
    );
    let whole = [head.as_bytes(), &answer.body[..bytes]].concat();
    connection.write_all(&whole).is_ok()
}
