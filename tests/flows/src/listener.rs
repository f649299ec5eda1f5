//! A service's back channel: a small HTTP listener on loopback that hears of the end of sessions.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// How long a story waits for a notice that is on its way.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was said to the listener.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Method and path.
    pub line: String,
    /// Headers, as they came.
    pub head: String,
    /// The body, as it came.
    pub body: String,
    /// Fields of the form.
    pub form: Vec<(String, String)>,
}

/// See the module. It stops when it is dropped.
pub struct Listener {
    address: SocketAddr,
    heard: mpsc::UnboundedReceiver<Heard>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Listener {
    /// Listens on a free port and answers 200 to everything.
    pub async fn start() -> Listener {
        Listener::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await
    }

    /// Listens, and never answers what it heard.
    pub async fn mute() -> Listener {
        Listener::answering("").await
    }

    /// Listens, and answers with these bytes; with none, it keeps silent and holds the line.
    pub async fn answering(answer: &'static str) -> Listener {
        Listener::saying(move |_| answer.to_owned()).await
    }

    /// Listens, and answers with what this makes of what it heard; with nothing, it keeps silent and holds the line.
    pub async fn saying(answer: impl Fn(&Heard) -> String + Send + 'static) -> Listener {
        let socket = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port on loopback");
        let address = socket.local_addr().expect("a bound socket has an address");
        let (out, heard) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut stream, _)) = socket.accept().await {
                let Some(heard) = read(&mut stream).await else { continue };
                let answer = answer(&heard);
                // The story may be over already.
                let _ = out.send(heard);
                let _ = stream.write_all(answer.as_bytes()).await;
                if answer.is_empty() {
                    open.push(stream);
                }
            }
        });
        Listener { address, heard, task }
    }

    /// Address of the service that lives here.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.address.port())
    }

    /// The next thing said to it; the story fails when nothing is.
    pub async fn next(&mut self) -> Heard {
        let heard = tokio::time::timeout(PATIENCE, self.heard.recv()).await.expect("the service is told in time");
        heard.expect("the listener listens as long as the story")
    }

    /// Whether nothing was said to it so far.
    pub fn heard_nothing(&mut self) -> bool {
        self.heard.try_recv().is_err()
    }
}

impl Heard {
    /// The value of a field.
    pub fn field(&self, name: &str) -> &str {
        self.form.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

/// Reads one request with a body of known length.
pub(crate) async fn read(stream: &mut TcpStream) -> Option<Heard> {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0u8; 4096];
        let count = stream.read(&mut part).await.ok()?;
        bytes.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                let form = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
                return Some(Heard {
                    line: head.lines().next()?.to_owned(),
                    head: head.to_owned(),
                    body: body.to_owned(),
                    form,
                });
            }
        }
        if count == 0 || bytes.len() > 1 << 20 {
            return None;
        }
    }
}
