//! A browser of the plainest kind: one kept-alive connection, a cookie jar, forms found by their fields.

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, LOCATION, RETRY_AFTER, SET_COOKIE};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::collections::BTreeMap;
use tokio::net::TcpStream;

/// An answer.
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Where it sends the browser.
    pub location: Option<String>,
    /// After how many seconds it is asked again, if it says so.
    pub retry_after: Option<u64>,
    /// Its body.
    pub body: String,
}

/// See the module.
pub struct Client {
    port: u16,
    host: String,
    /// None while it rests.
    connection: Option<SendRequest<Full<Bytes>>>,
    cookies: BTreeMap<String, String>,
    authorization: Option<String>,
    gzip: bool,
}

impl Client {
    /// Connects to `127.0.0.1:port`, speaking to the host `localhost:port`.
    pub async fn connect(port: u16) -> Result<Client> {
        let (host, connection) = (format!("localhost:{port}"), Some(open(port).await?));
        Ok(Client { port, host, connection, cookies: BTreeMap::new(), authorization: None, gzip: false })
    }

    /// Lets go of its connection; the next request opens another one.
    pub fn rest(&mut self) {
        self.connection = None;
    }

    /// From now on sends this `Authorization` header, or none.
    pub fn authorize(&mut self, header: Option<String>) {
        self.authorization = header;
    }

    /// From now on reads gzip, as browsers do.
    pub fn read_gzip(&mut self) {
        self.gzip = true;
    }

    /// Asks for a path, or an address of the same host.
    pub async fn get(&mut self, target: &str) -> Result<Answer> {
        self.ask(Method::GET, target, String::new()).await
    }

    /// Shows this secret of a session from now on.
    pub fn enter(&mut self, secret: &str) {
        self.cookies.insert("preau".into(), secret.into());
    }

    /// Sends a form.
    pub async fn post(&mut self, target: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.ask(Method::POST, target, body).await
    }

    async fn ask(&mut self, method: Method, target: &str, body: String) -> Result<Answer> {
        let path = target.strip_prefix(&format!("http://{}", self.host)).unwrap_or(target);
        let mut request = Request::builder().method(method).uri(path).header(HOST, &self.host);
        if !self.cookies.is_empty() {
            let line: Vec<String> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
            request = request.header(COOKIE, line.join("; "));
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        if self.gzip {
            request = request.header(ACCEPT_ENCODING, "gzip");
        }
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        // A server lets go of a connection that was silent for long, as between two rounds on a busy machine.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => open(self.port).await?,
        };
        if connection.ready().await.is_err() {
            connection = open(self.port).await?;
        }
        let response = connection.send_request(request.body(Full::new(Bytes::from(body)))?).await?;
        for line in response.headers().get_all(SET_COOKIE) {
            let pair = line.to_str()?.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let location = response.headers().get(LOCATION).and_then(|l| l.to_str().ok()).map(str::to_owned);
        let status = response.status();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|text| text.to_str().ok()?.parse().ok());
        let bytes = response.into_body().collect().await?.to_bytes();
        self.connection = Some(connection);
        Ok(Answer { status, location, retry_after, body: String::from_utf8_lossy(&bytes).into_owned() })
    }

    /// Signs in with a local account through the pages, as a guest does, and ends where the sign-in leads.
    pub async fn sign_in(&mut self, start: &str, login: &str, password: &str) -> Result<Answer> {
        let begun = self.get(start).await?;
        let step = begun.location.context("no sign-in began")?;
        let page = self.get(&step).await?;
        ensure!(page.body.contains("value=\"guest\""), "the page does not ask who one is");
        let page = self.get(&format!("{step}?public=guest")).await?;
        let token = field(&page.body, "token")?;
        let fields = [("token", token.as_str()), ("public", "guest"), ("login", login), ("password", password)];
        let answer = self.post(&format!("{step}/password"), &fields).await?;
        if answer.status != StatusCode::SEE_OTHER {
            bail!("sign-in refused with {}", answer.status);
        }
        Ok(answer)
    }
}

async fn open(port: u16) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let (connection, driver) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(driver);
    Ok(connection)
}

/// The value of a hidden field.
pub fn field(page: &str, name: &str) -> Result<String> {
    let after = page.split(&format!("name=\"{name}\"")).nth(1).context("the page has no such field")?;
    let value = after.split("value=\"").nth(1).context("the field has no value")?;
    Ok(value.split('"').next().unwrap_or_default().to_owned())
}

/// A value of an attribute as it was before it was written into a page.
pub fn unescaped(value: &str) -> String {
    value.replace("&#34;", "\"").replace("&#39;", "'").replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&")
}
