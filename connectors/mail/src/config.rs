//! Section `[mail]`.

use preau_connector_api::Problem;
use preau_domain::normalised_mail;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// By which server people are written to. Without `server` nothing that needs a mail is offered: no new password by mail, no code by mail,
/// no reminder.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MailConfig {
    /// Name of the server that takes our letters, as it stands in its certificate.
    #[schemars(example = &"smtp.example.fr")]
    pub server: Option<String>,
    /// Its port: 587 for `starttls` and 465 for `tls` unless said otherwise.
    #[schemars(example = 587)]
    pub port: Option<u16>,
    /// How TLS begins. There is always TLS: a server that offers none is told nothing.
    pub tls: MailTls,
    /// Account at that server, when it asks for one.
    #[schemars(example = &"preau")]
    pub username: Option<String>,
    /// File whose first line is the password of that account.
    #[schemars(example = &"secrets/mail")]
    pub password_file: Option<PathBuf>,
    /// The mail address letters come from. Nobody reads what is answered to it, and the letters say so.
    #[schemars(example = &"ne-pas-repondre@ent.example.fr")]
    pub from: Option<String>,
    /// PEM files of certificate authorities believed of the server, besides those of the system.
    pub trusted_ca_files: Vec<PathBuf>,
    /// For a demonstration on this machine: letters are written to this folder, one file each, and sent to nobody.
    #[schemars(example = &"mail")]
    pub folder: Option<PathBuf>,
}

/// How TLS begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// In a connection that began without: `STARTTLS` is asked for before anything else is said, and a server that refuses is left.
    #[default]
    Starttls,
    /// At once.
    Tls,
}

impl MailConfig {
    /// Whether letters can be sent at all.
    pub fn is_set(&self) -> bool {
        self.from.is_some() && (self.server.is_some() || self.folder.is_some())
    }

    /// Everything wrong in the section; `demo` lets a folder take the place of a server.
    pub fn validate(&self, demo: bool) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut wrong = |key: &str, what: &str| problems.push(Problem::new(format!("mail.{key}"), what));
        if self.folder.is_some() && !demo {
            wrong("folder", "is for a demonstration on this machine: add --demo, or name a server");
        }
        if self.folder.is_some() && self.server.is_some() {
            wrong("folder", "and a server exclude one another");
        }
        if self.server.is_none() && self.folder.is_none() {
            let idle = [("port", self.port.is_some()), ("username", self.username.is_some())];
            let idle = idle.into_iter().chain([("password_file", self.password_file.is_some())]);
            let idle = idle.chain([("from", self.from.is_some())]);
            for (key, _) in idle.filter(|(_, said)| *said) {
                wrong(key, "is of no use without mail.server");
            }
            return problems;
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
        if self.server.as_ref().is_some_and(|name| name.is_empty() || name.len() > 253 || !name.chars().all(plain)) {
            wrong("server", "is the name of a machine, such as smtp.example.fr");
        }
        if self.port == Some(0) {
            wrong("port", "must lie between 1 and 65535");
        }
        match &self.from {
            None => wrong("from", "is missing: letters come from somebody"),
            Some(from) if normalised_mail(from).is_none() => wrong("from", "is no mail address"),
            Some(_) => {}
        }
        match (&self.username, &self.password_file) {
            (Some(_), None) => wrong("password_file", "is missing: an account has a password"),
            (None, Some(_)) => wrong("username", "is missing: a password is of an account"),
            _ => {}
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(config: &MailConfig, demo: bool) -> Vec<String> {
        config.validate(demo).into_iter().map(|problem| problem.at).collect()
    }

    #[test]
    fn what_is_missing_or_useless_is_told() {
        let server = Some("smtp.example.fr".to_owned());
        let from = Some("ent@example.fr".to_owned());
        let whole = MailConfig { server, from, ..MailConfig::default() };
        assert_eq!(places(&MailConfig::default(), false), Vec::<String>::new());
        assert_eq!(places(&whole, false), Vec::<String>::new(), "control");
        assert_eq!(places(&MailConfig { from: None, ..whole.clone() }, false), ["mail.from"]);
        let forged = Some("ent@example.fr\r\nBcc: tous@example.fr".to_owned());
        assert_eq!(places(&MailConfig { from: forged, ..whole.clone() }, false), ["mail.from"]);
        assert_eq!(places(&MailConfig { username: Some("u".into()), ..whole.clone() }, false), ["mail.password_file"]);
        assert_eq!(places(&MailConfig { server: None, ..whole.clone() }, false), ["mail.from"]);
        assert_eq!(places(&MailConfig { server: Some("a b".into()), ..whole.clone() }, false), ["mail.server"]);
        let folder = MailConfig { server: None, folder: Some("mail".into()), ..whole };
        assert_eq!(places(&folder, false), ["mail.folder"]);
        assert_eq!(places(&folder, true), Vec::<String>::new(), "control");
    }
}
