//! Letters to people: a mail server reached over TLS and nothing else, or a folder for a demonstration.
//!
//! Owns section `[mail]` ([`MailConfig`]) and the only use of `lettre`. What is written, to whom and how often is not known here: each letter
//! is tried once, and whoever hands it over reads whether it may be tried again. Nothing said of a failure names an address.

mod config;
mod folder;
mod plain;
mod smtp;

pub use config::{MailConfig, MailTls};

use lettre::Message;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use preau_connector_api::{Letter, NotSent, Post};
use std::path::Path;
use std::sync::Arc;

/// Opens the way of a sound section, where there is one; relative paths start from `base`.
pub fn open(config: &MailConfig, base: &Path) -> Result<Option<Arc<dyn Post>>, String> {
    let Some(from) = &config.from else { return Ok(None) };
    let from: Mailbox = from.parse().map_err(|_| "mail.from is no mail address".to_owned())?;
    if let Some(folder) = &config.folder {
        return Ok(Some(Arc::new(folder::Folder { from, folder: base.join(folder) })));
    }
    let Some(server) = &config.server else { return Ok(None) };
    Ok(Some(Arc::new(smtp::Server::open(config, server, from, base)?)))
}

/// A letter as it travels. Its name is the same each time, so that whoever gets it twice can tell.
fn message(from: &Mailbox, letter: &Letter) -> Result<Message, NotSent> {
    let never = |what: &str| NotSent::Never(what.to_owned());
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if letter.id.is_empty() || !letter.id.chars().all(plain) {
        return Err(never("the letter has no name of its own"));
    }
    let to = preau_domain::normalised_mail(&letter.to).and_then(|_| letter.to.parse().ok());
    let to = to.ok_or_else(|| never("the address is none"))?;
    // What a program answers to it, such as a note of absence, is asked for by nobody.
    let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
    let text = SinglePart::builder()
        .header(ContentType::TEXT_PLAIN)
        .header(ContentTransferEncoding::QuotedPrintable)
        .body(letter.text.clone());
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(one_line(&letter.subject))
        .message_id(Some(format!("<{}@{}>", letter.id, from.email.domain())))
        .raw_header(automatic)
        .singlepart(text)
        .map_err(|error| NotSent::Never(error.to_string()))
}

/// A subject is one line, whatever a title in it holds.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        let (to, subject) = ("ines@parents.example".to_owned(), "Votre mot de passe".to_owned());
        Letter { id: "m1".into(), to, subject, text: "Bonjour,\n\nune ligne.\n.\nDATA\nété\n".into() }
    }

    fn written(letter: &Letter) -> Result<String, NotSent> {
        let from = "ent@example.fr".parse().expect("an address");
        message(&from, letter).map(|message| String::from_utf8_lossy(&message.formatted()).into_owned())
    }

    fn head(text: &str) -> Vec<&str> {
        text.split("\r\n\r\n").next().unwrap_or_default().split("\r\n").collect()
    }

    #[test]
    fn a_letter_has_the_headers_we_give_it_and_no_other() {
        let text = written(&letter()).expect("a letter");
        let names: Vec<&str> = head(&text).iter().filter_map(|line| line.split_once(": ")).map(|one| one.0).collect();
        for name in ["From", "To", "Subject", "Message-ID", "Auto-Submitted", "Content-Type", "Date", "MIME-Version"] {
            assert_eq!(names.iter().filter(|one| **one == name).count(), 1, "{name}: {names:?}");
        }
        assert!(text.contains("<m1@example.fr>") && text.contains("=C3=A9t=C3=A9"), "{text}");
    }

    #[test]
    fn nothing_in_a_letter_adds_a_header() {
        let forged = "Fables\r\nBcc: tous@example.fr\r\n\r\ncorps";
        let text = written(&Letter { subject: forged.into(), ..letter() }).expect("a letter");
        assert!(!head(&text).iter().any(|line| line.to_lowercase().starts_with("bcc")), "{text}");
        for to in ["a@b\r\nBcc: c@d", "a@b, c@d", "A <a@b>", "a", "", "a@b>\r\nRCPT TO:<c@d"] {
            let refused = written(&Letter { to: to.into(), ..letter() });
            assert!(matches!(refused, Err(NotSent::Never(_))), "{to:?}: {refused:?}");
        }
        let refused = written(&Letter { id: "m1>\r\nBcc: c@d".into(), ..letter() });
        assert!(matches!(refused, Err(NotSent::Never(_))), "{refused:?}");
        let text = written(&Letter { text: "x\r\n.\r\nMAIL FROM:<a@b>".into(), ..letter() }).expect("a letter");
        assert!(text.ends_with("MAIL FROM:<a@b>") || text.contains("MAIL FROM"), "the body is the body: {text}");
    }
}
