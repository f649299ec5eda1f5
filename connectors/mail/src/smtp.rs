//! A mail server: one connection a letter, TLS before anything is said of anybody.
//!
//! The conversation is led here, command by command, since what a refusal means hangs on what was asked: a sender, an account or a name
//! that the server does not take is ours to mend, and only what it says of the recipient or of the text is of the letter. When the server
//! took the text, the letter is its own, however the conversation ends.

use crate::plain::Plain;
use crate::{MailConfig, MailTls};
use async_trait::async_trait;
use lettre::address::Envelope;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error, SUBMISSION_PORT, SUBMISSIONS_PORT};
use preau_connector_api::{Letter, NotSent, Post, Unavailable};
use std::error::Error as _;
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::time::timeout;

/// How long one address of the server has to take a connection.
const TO_CONNECT: Duration = Duration::from_secs(10);
/// How long everything may take before the text: until then nothing happened that would happen twice.
const BEFORE: Duration = Duration::from_secs(40);
/// How long the server may look at the text. Whoever leaves before it answered does not know whether it took the letter, and writes twice
/// (RFC 5321, 4.5.3.2.6, would wait for ten minutes).
const AT_LAST: Duration = Duration::from_secs(120);
/// How long it may take to say goodbye: by then the letter is sent, or is not.
const GOODBYE: Duration = Duration::from_secs(1);

pub(crate) struct Server {
    from: Mailbox,
    name: String,
    port: u16,
    way: MailTls,
    tls: TlsParameters,
    hello: ClientId,
    account: Option<Credentials>,
}

/// What was asked of the server when it did not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Connection,
    Account,
    Sender,
    Recipient,
    Text,
}

/// A conversation that ended early.
#[derive(Debug)]
struct Stopped {
    at: Asked,
    why: Why,
}

#[derive(Debug)]
enum Why {
    /// Nobody answers there.
    Nobody,
    /// The time was over.
    Late,
    Error(Error),
}

impl Asked {
    /// What an error at this point makes of the conversation.
    fn stops(self) -> impl Fn(Error) -> Stopped {
        move |error| Stopped { at: self, why: Why::Error(error) }
    }
}

impl Server {
    pub(crate) fn open(config: &MailConfig, name: &str, from: Mailbox, base: &Path) -> Result<Server, String> {
        let mut tls = TlsParameters::builder(name.to_owned());
        for file in &config.trusted_ca_files {
            let at = |what: String| format!("mail.trusted_ca_files: {}: {what}", file.display());
            let pem = std::fs::read(base.join(file)).map_err(|error| at(error.to_string()))?;
            let certificate = Certificate::from_pem(&pem).map_err(|_| at("it holds no certificate".to_owned()))?;
            tls = tls.add_root_certificate(certificate);
        }
        let tls = tls.build_rustls().map_err(|error| format!("mail: {error}"))?;
        let port = match config.tls {
            MailTls::Starttls => SUBMISSION_PORT,
            MailTls::Tls => SUBMISSIONS_PORT,
        };
        let account = match (&config.username, &config.password_file) {
            (Some(username), Some(file)) => {
                let text = std::fs::read_to_string(base.join(file))
                    .map_err(|error| format!("mail.password_file: {}: {error}", file.display()))?;
                let password = text.lines().next().filter(|line| !line.is_empty());
                let password = password.ok_or_else(|| format!("mail.password_file: {} is empty", file.display()))?;
                Some(Credentials::new(username.clone(), password.to_owned()))
            }
            _ => None,
        };
        Ok(Server {
            hello: ClientId::Domain(from.email.domain().to_owned()),
            name: name.to_owned(),
            port: config.port.unwrap_or(port),
            way: config.tls,
            from,
            tls,
            account,
        })
    }

    /// A conversation in which something can be said: over TLS, and signed in where there is an account.
    async fn connect(&self) -> Result<AsyncSmtpConnection, Stopped> {
        let mut line = match self.way {
            MailTls::Tls => {
                let to = (self.name.as_str(), self.port);
                AsyncSmtpConnection::connect_tokio1(to, Some(TO_CONNECT), &self.hello, Some(self.tls.clone()), None)
                    .await
                    .map_err(Asked::Connection.stops())?
            }
            MailTls::Starttls => {
                let mut line = in_plain(&self.name, self.port, &self.hello).await?;
                line.starttls(self.tls.clone(), &self.hello).await.map_err(Asked::Connection.stops())?;
                line
            }
        };
        if let Some(account) = &self.account {
            line.auth(&[Mechanism::Plain, Mechanism::Login], account).await.map_err(Asked::Account.stops())?;
        }
        Ok(line)
    }
}

/// A conversation before TLS.
async fn in_plain(name: &str, port: u16, hello: &ClientId) -> Result<AsyncSmtpConnection, Stopped> {
    let plain = Plain::connect(name, port, TO_CONNECT).await.map_err(|error| {
        let why = if error.kind() == io::ErrorKind::TimedOut { Why::Late } else { Why::Nobody };
        Stopped { at: Asked::Connection, why }
    })?;
    let line = AsyncSmtpConnection::connect_with_transport(Box::new(plain), hello).await;
    line.map_err(Asked::Connection.stops())
}

/// Everything until the text.
async fn announce(line: &mut AsyncSmtpConnection, envelope: &Envelope) -> Result<(), Stopped> {
    line.command(Mail::new(envelope.from().cloned(), Vec::new())).await.map_err(Asked::Sender.stops())?;
    for to in envelope.to() {
        line.command(Rcpt::new(to.clone(), Vec::new())).await.map_err(Asked::Recipient.stops())?;
    }
    line.command(Data).await.map_err(Asked::Text.stops())?;
    Ok(())
}

/// A letter in a conversation that begins like that.
async fn deliver(
    connect: impl Future<Output = Result<AsyncSmtpConnection, Stopped>>,
    envelope: &Envelope,
    text: &[u8],
) -> Result<(), Stopped> {
    let begun = within(async {
        let mut line = connect.await?;
        announce(&mut line, envelope).await.map(|()| line)
    });
    let mut line = begun.await?;
    let sent = match timeout(AT_LAST, line.message(text)).await {
        Ok(answer) => answer.map(drop).map_err(Asked::Text.stops()),
        Err(_) => Err(Stopped { at: Asked::Text, why: Why::Late }),
    };
    // What comes after the answer to the text changes nothing.
    leave(line).await;
    sent
}

/// Leaves politely, and does not wait for whoever does not answer.
async fn leave(mut line: AsyncSmtpConnection) {
    drop(timeout(GOODBYE, line.quit()).await);
}

impl Stopped {
    /// What may be said of it: words of a server may name whom a letter was for.
    fn said(&self) -> String {
        let error = match &self.why {
            Why::Nobody => return "the mail server is not reached".to_owned(),
            Why::Late => return "the mail server did not answer in time".to_owned(),
            Why::Error(error) => error,
        };
        let Some(code) = error.status() else {
            return match self.at {
                _ if speaks_no_tls(error) => "the mail server showed no certificate that is believed",
                _ if error.is_timeout() => "the mail server did not answer in time",
                Asked::Connection if error.is_client() => "the mail server does not offer what is needed: TLS",
                Asked::Account if error.is_client() => {
                    "the mail server does not offer what is needed: a way to sign in by a password"
                }
                Asked::Connection => "the mail server is not reached",
                _ => "the mail server broke the conversation off",
            }
            .to_owned();
        };
        let code = match detail(error) {
            Some(detail) => format!("{code} {}", detail.map(|part| part.to_string()).join(".")),
            None => code.to_string(),
        };
        match self.at {
            Asked::Connection => format!("the mail server takes no connection of ours: {code}"),
            Asked::Account => format!("the mail server does not take our account: {code}"),
            Asked::Sender => format!("the mail server takes no letter from mail.from: {code}"),
            Asked::Recipient => format!("the mail server refused the recipient: {code}"),
            Asked::Text => format!("the mail server refused the text: {code}"),
        }
    }

    /// Whether it would be the same the next time, since it is of the letter: of its recipient or its text. What the server holds against
    /// ourselves is repaired some day, also where it waited for the recipient to say so.
    fn is_of_the_letter(&self) -> bool {
        let Why::Error(error) = &self.why else { return false };
        if !error.is_permanent() || !matches!(self.at, Asked::Recipient | Asked::Text) {
            return false;
        }
        match detail(error) {
            // 7 and 8 are of the sender's address; what is neither of an address, a mailbox or a text is of rules and ways.
            Some([5, 1, 7 | 8]) => false,
            Some([5, subject, _]) => matches!(subject, 1 | 2 | 6),
            // Without a detail: 50x and 53x are of how we speak and who we are.
            _ => error.status().is_some_and(|code| (550..560).contains(&u16::from(code))),
        }
    }

    fn told(self) -> NotSent {
        let said = self.said();
        if self.is_of_the_letter() { NotSent::Never(said) } else { NotSent::Later(said) }
    }
}

/// The three numbers by which a server says what it means (RFC 3463).
fn detail(error: &Error) -> Option<[u16; 3]> {
    let text = error.source()?.to_string();
    let mut parts = text.split_whitespace().next()?.splitn(3, '.').map(str::parse::<u16>);
    let mut next = || parts.next()?.ok().filter(|part| *part < 1_000);
    Some([next()?, next()?, next()?])
}

/// Whether TLS itself failed: a certificate that is not believed, or what is no TLS.
fn speaks_no_tls(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(one) = cause {
        if one.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::InvalidData) {
            return true;
        }
        cause = one.source();
    }
    false
}

/// That, or the time was over.
async fn within<T>(what: impl Future<Output = Result<T, Stopped>>) -> Result<T, Stopped> {
    match timeout(BEFORE, what).await {
        Ok(done) => done,
        Err(_) => Err(Stopped { at: Asked::Connection, why: Why::Late }),
    }
}

#[async_trait]
impl Post for Server {
    async fn send(&self, letter: &Letter) -> Result<(), NotSent> {
        let message = crate::message(&self.from, letter)?;
        Box::pin(deliver(self.connect(), message.envelope(), &message.formatted())).await.map_err(Stopped::told)
    }

    async fn probe(&self) -> Result<String, Unavailable> {
        let asked = within(async {
            let mut line = self.connect().await?;
            let sender = Mail::new(Some(self.from.email.clone()), Vec::new());
            line.command(sender).await.map_err(Asked::Sender.stops())?;
            line.command(Rset).await.map_err(Asked::Sender.stops())?;
            Ok(line)
        });
        let line = asked.await.map_err(|stopped| Unavailable(stopped.said()))?;
        leave(line).await;
        Ok(format!("{} takes letters from {}, over TLS", self.name, self.from.email))
    }
}

#[cfg(test)]
mod tests;
