//! A mail server: one connection a letter, TLS before anything is said.

use crate::{MailConfig, MailTls};
use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error, SUBMISSION_PORT, SUBMISSIONS_PORT};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use preau_connector_api::{Letter, NotSent, Post, Unavailable};
use std::path::Path;
use std::time::Duration;

/// How long the server has for each answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long one letter may take in all.
const WHOLE: Duration = Duration::from_secs(40);

pub(crate) struct Server {
    from: Mailbox,
    name: String,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl Server {
    pub(crate) fn open(config: &MailConfig, name: &str, from: Mailbox, base: &Path) -> Result<Server, String> {
        let mut tls = TlsParameters::builder(name.to_owned());
        for file in &config.trusted_ca_files {
            let at = |what: String| format!("mail.trusted_ca_files: {}: {what}", file.display());
            let pem = std::fs::read(base.join(file)).map_err(|error| at(error.to_string()))?;
            tls = tls.add_root_certificate(Certificate::from_pem(&pem).map_err(|error| at(said(&error)))?);
        }
        let tls = tls.build_rustls().map_err(|error| format!("mail: {}", said(&error)))?;
        let (tls, port) = match config.tls {
            MailTls::Starttls => (Tls::Required(tls), SUBMISSION_PORT),
            MailTls::Tls => (Tls::Wrapper(tls), SUBMISSIONS_PORT),
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(name)
            .port(config.port.unwrap_or(port))
            .tls(tls)
            .timeout(Some(PATIENCE))
            .hello_name(ClientId::Domain(from.email.domain().to_owned()));
        if let (Some(username), Some(file)) = (&config.username, &config.password_file) {
            let text = std::fs::read_to_string(base.join(file))
                .map_err(|error| format!("mail.password_file: {}: {error}", file.display()))?;
            let password = text.lines().next().filter(|line| !line.is_empty());
            let password = password.ok_or_else(|| format!("mail.password_file: {} is empty", file.display()))?;
            transport = transport.credentials(Credentials::new(username.clone(), password.to_owned()));
        }
        Ok(Server { from, name: name.to_owned(), transport: transport.build() })
    }
}

/// What may be said of a failure: words of a server may name whom a letter was for.
fn said(error: &Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        None if error.is_timeout() => "the mail server did not answer in time".to_owned(),
        None if error.is_tls() => "the mail server showed no certificate that is believed".to_owned(),
        None if error.is_client() => {
            "the mail server does not offer what is needed: TLS, or a way to sign in".to_owned()
        }
        None => "the mail server is not reached".to_owned(),
    }
}

/// Whether an answer is of this letter, and not of ourselves: 53x is about our account there, and will be repaired.
fn is_of_the_letter(error: &Error) -> bool {
    error.is_permanent() && error.status().is_some_and(|code| !(530..540).contains(&u16::from(code)))
}

#[async_trait]
impl Post for Server {
    async fn send(&self, letter: &Letter) -> Result<(), NotSent> {
        let message = crate::message(&self.from, letter)?;
        match tokio::time::timeout(WHOLE, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if is_of_the_letter(&error) => Err(NotSent::Never(said(&error))),
            Ok(Err(error)) => Err(NotSent::Later(said(&error))),
            Err(_) => Err(NotSent::Later("the mail server did not answer in time".to_owned())),
        }
    }

    async fn probe(&self) -> Result<String, Unavailable> {
        match tokio::time::timeout(WHOLE, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(format!("{} takes letters from {}, over TLS", self.name, self.from.email)),
            Ok(Ok(false)) => Err(Unavailable("the mail server closed the connection".to_owned())),
            Ok(Err(error)) => Err(Unavailable(said(&error))),
            Err(_) => Err(Unavailable("the mail server did not answer in time".to_owned())),
        }
    }
}
