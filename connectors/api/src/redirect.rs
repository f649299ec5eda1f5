//! Signing people in at another provider: an ENT, an academy's guichet, ProConnect.
//!
//! The connector owns the protocol: where the browser goes, what comes back, and whether it is believed. Which browser a
//! round belongs to, which account it leads to and what a session owes to the provider are the business of the hub.

use crate::{Agent, Crowded, Names, Turns, Unavailable};
use async_trait::async_trait;
use preau_domain::{FrEduVecteur, Instant, JoinKey, SourceId};

/// What both ends of one round know. It is made anew for each round and used once.
#[derive(Clone, Copy)]
pub struct Round<'a> {
    /// Our address the provider sends the browser back to; registered with it.
    pub callback: &'a str,
    /// Names the round: at most 80 letters and digits.
    pub state: &'a str,
    /// Ties the answer to the round: 43 characters of base64url, never shown to the browser alone.
    pub nonce: &'a str,
    /// Ties the code to the round: 43 characters of base64url, never shown to the browser.
    pub verifier: &'a str,
    /// A proof made before this instant does not count.
    pub fresh_after: Option<Instant>,
    /// The language the person reads, `fr` or `en`.
    pub locale: &'a str,
    /// Now.
    pub now: Instant,
    /// Where what is dear takes its turn: nobody has shown yet who they are.
    pub turns: &'a Turns,
}

/// Signs people in at another provider.
#[async_trait]
pub trait Redirect: Send + Sync {
    /// What people call the provider, such as « Guichet agents de l’académie ».
    fn title(&self) -> &Names;

    /// Classes of proof its answers are held to, each in its own words: one of them is what every answer says. None, where any
    /// answer will do.
    fn classes(&self) -> &[String] {
        &[]
    }

    /// Until when what is known of the provider may be used, where it says so and nothing newer is asked for by itself; nobody
    /// signs in with it afterwards. Asks nobody.
    fn known_until(&self) -> Option<Instant> {
        None
    }

    /// How the browser leaves for the provider.
    async fn begin(&self, round: &Round<'_>) -> Result<Departure, RedirectError>;

    /// Reads what the browser brought back, asks the provider for the rest, and believes it only if everything fits the
    /// round.
    async fn complete(&self, round: &Round<'_>, answer: &[(&str, &str)]) -> Result<UpstreamIdentity, RedirectError>;

    /// Reads the provider's word that a session of its own has ended.
    async fn logout_notice(&self, token: &str, now: Instant) -> Result<UpstreamLogout, RedirectError>;

    /// Of an answer that the browser posts to us from the provider's page: the state of its round, and the message that
    /// [`Redirect::complete`] is to find under [`POSTED`]. `None` where answers do not come so, or this is none.
    fn posted<'a>(&self, _form: &[(&'a str, &'a str)]) -> Option<(&'a str, &'a str)> {
        None
    }

    /// Whether the provider may send people who did not ask here first. They are asked for there: what they bring is not believed.
    fn sends_people(&self) -> bool {
        false
    }

    /// Whether a form is an answer of the provider that says of itself that nobody asked for it.
    fn unasked(&self, _form: &[(&str, &str)]) -> bool {
        false
    }

    /// What the provider must know of us, as a document that it reads; `None` where nothing is published. `callback` is
    /// [`Round::callback`].
    fn metadata(&self, _callback: &str, _now: Instant) -> Option<String> {
        None
    }

    /// Reads a message about the end of a session that a browser carries between the provider and us. It can be brought again
    /// and again: what is signed for it takes its turn.
    async fn logout_message(
        &self,
        _message: Carried<'_>,
        _callback: &str,
        _now: Instant,
        _turns: &Turns,
    ) -> Result<LogoutMessage, RedirectError> {
        Err(RedirectError::NotBelieved("logout message"))
    }

    /// Whether a notice is about the session that was opened with this hint ([`UpstreamIdentity::logout_hint`]): a name of a
    /// session may be another's too.
    fn is_about(&self, _notice: &UpstreamLogout, _hint: &str) -> bool {
        true
    }

    /// Where a person may end their session at the provider too; `None` when that is not offered. `hint` is
    /// [`UpstreamIdentity::logout_hint`], `back` our own address they return to, `callback` is [`Round::callback`].
    async fn logout_address(&self, hint: Option<&str>, back: &str, callback: &str, now: Instant) -> Option<String>;
}

/// How a browser leaves for a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Departure {
    /// It is sent to this address.
    Address(String),
    /// A page makes it post these fields there.
    Form {
        /// Where.
        to: String,
        /// Names and values.
        fields: Vec<(&'static str, String)>,
    },
}

/// The field under which [`Redirect::complete`] finds a message that was posted.
pub const POSTED: &str = "posted";

/// How a browser carries a message.
#[derive(Clone, Copy)]
pub enum Carried<'a> {
    /// In a query, as it stood behind the question mark.
    Query(&'a str),
    /// In a form.
    Form(&'a [(&'a str, &'a str)]),
}

/// A message about the end of a session, believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogoutMessage {
    /// Sessions have ended there; when they have ended here too, the browser goes on to `then`.
    Ended {
        /// The sessions.
        notices: Vec<UpstreamLogout>,
        /// The address that tells the provider so.
        then: String,
        /// The address that tells it that there was no such session.
        unknown: String,
    },
    /// The provider answers what we asked for.
    Answered {
        /// Whether it says that its session has ended, wherever it was used.
        ended: bool,
    },
}

/// Who somebody is at a provider that was believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamIdentity {
    /// The provider that speaks: part of the name, because two providers may use one subject.
    pub issuer: String,
    /// The person's name there; at most 255 characters.
    pub subject: String,
    /// Accounts of ours the provider says it is, by the rules of the configuration; at most 32.
    pub names: Vec<KnownAs>,
    /// What it says of an agent besides, where the configuration says that it may.
    pub agent: Agent,
    /// When the person proved themselves there, if it says so.
    pub at: Option<Instant>,
    /// The class of that proof, in the provider's words; at most 128 characters.
    pub acr: Option<String>,
    /// The provider's name of its session, if it has one; at most 255 characters.
    pub sid: Option<String>,
    /// Whether the person has the same name there next time. One that is made for the occasion is no link to an account.
    pub lasting: bool,
    /// What [`Redirect::logout_address`] wants back; at most 16 KiB. `None` unless the configuration offers that way out.
    pub logout_hint: Option<String>,
}

/// What a rule of the configuration makes of a claim: a record of one of our sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownAs {
    /// The record with that join key.
    Record(JoinKey),
    /// The record of that source whose login, normalised, is this.
    Login(SourceId, String),
    /// The record of that source that gives this mail address, normalised. The configuration says that the provider hands
    /// the address out; who has it now may not have had it before, so no link outlasts the visit.
    Mail(SourceId, String),
    /// The records of that source which this names. More than one in use is nobody.
    Vector(SourceId, FrEduVecteur),
}

/// A session that ended at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamLogout {
    /// The provider that speaks.
    pub issuer: String,
    /// Whose sessions, unless `sid` says which one.
    pub subject: Option<String>,
    /// Which session.
    pub sid: Option<String>,
    /// The person's name and the session's as the provider said them, where [`Redirect::is_about`] looks at them.
    pub named: Option<(String, Option<String>)>,
    /// The name of this notice, which is heard once; at most 255 characters.
    pub id: String,
    /// After this the notice is not believed any more.
    pub expires: Instant,
}

/// Why a round ended without an identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectError {
    /// The provider does not answer.
    #[error("{0}")]
    Unavailable(String),
    /// The provider, or the person there, said no. The word is the provider's error code, from a closed list.
    #[error("refused: {0}")]
    Refused(&'static str),
    /// What came back is not believed. The word says which check failed, and never a value.
    #[error("not believed: {0}")]
    NotBelieved(&'static str),
    /// Too many ask at this instant: nothing was signed or opened.
    #[error(transparent)]
    Crowded(#[from] Crowded),
}

impl From<Unavailable> for RedirectError {
    fn from(Unavailable(what): Unavailable) -> RedirectError {
        RedirectError::Unavailable(what)
    }
}
