//! What goes wrong in front of a person: the only place that knows HTTP statuses for humans.
//!
//! A handler answers `Err(Fault)`; the outermost layer turns it into a page in the person's language, or JSON, with the
//! incident number to quote. A fault is logged once, there.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use preau_connector_api::Crowded;
use preau_domain::{ServiceId, Window};
use preau_keys::Busy;
use preau_policy::Reason;
use preau_store::StoreError;

/// Kinds of faults. Each has a title and a sentence in `locales/`, under `fault-<kind>-title` and `fault-<kind>-text`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The request cannot be understood.
    BadRequest,
    /// The address belongs to no registered service.
    UnknownService,
    /// The service is one of ours and cannot be opened by anybody just now.
    ServiceDown,
    /// The service does not open for this person; the fault carries the reason's key.
    Refused,
    /// The page does not exist.
    NotFound,
    /// The form is not the one this browser was given, or was used already.
    StaleForm,
    /// The sign-in took too long, or belongs to another browser.
    SignInExpired,
    /// The directory does not answer.
    DirectoryDown,
    /// Too many people sign in at this instant.
    Busy,
    /// The database does not answer.
    StorageDown,
    /// The person was proven but has no account here yet.
    NoAccount,
    /// Another provider vouches for the person, and no account here is theirs.
    AccountNotFound,
    /// Another provider vouches for the person, whose account here is suspended.
    AccountSuspended,
    /// A guest of another ENT whose spaces are over, stopped, or have not begun.
    GuestOver,
    /// A page that does not open with a card of a class, or a card whose lesson is over.
    ClassCard,
    /// The provider where the person signs in does not answer.
    ProviderDown,
    /// The provider, or the person there, said no.
    ProviderRefused,
    /// What the provider sent back is not believed.
    ProviderNotBelieved,
    /// The provider says that its session did not end with ours.
    ProviderSessionStays,
    /// The host name of the request is not ours.
    WrongHost,
    /// The method is not one this address answers.
    MethodNotAllowed,
    /// The request is too large.
    TooLarge,
    /// A mistake of ours.
    Internal,
}

impl FaultKind {
    /// Every kind.
    pub const ALL: [FaultKind; 23] = [
        FaultKind::BadRequest,
        FaultKind::UnknownService,
        FaultKind::ServiceDown,
        FaultKind::Refused,
        FaultKind::NotFound,
        FaultKind::StaleForm,
        FaultKind::SignInExpired,
        FaultKind::DirectoryDown,
        FaultKind::Busy,
        FaultKind::StorageDown,
        FaultKind::NoAccount,
        FaultKind::AccountNotFound,
        FaultKind::AccountSuspended,
        FaultKind::GuestOver,
        FaultKind::ClassCard,
        FaultKind::ProviderDown,
        FaultKind::ProviderRefused,
        FaultKind::ProviderNotBelieved,
        FaultKind::ProviderSessionStays,
        FaultKind::WrongHost,
        FaultKind::MethodNotAllowed,
        FaultKind::TooLarge,
        FaultKind::Internal,
    ];

    /// The word of logs, metrics and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            FaultKind::BadRequest => "bad-request",
            FaultKind::UnknownService => "unknown-service",
            FaultKind::ServiceDown => "service-down",
            FaultKind::Refused => "refused",
            FaultKind::NotFound => "not-found",
            FaultKind::StaleForm => "stale-form",
            FaultKind::SignInExpired => "sign-in-expired",
            FaultKind::DirectoryDown => "directory-down",
            FaultKind::Busy => "busy",
            FaultKind::StorageDown => "storage-down",
            FaultKind::NoAccount => "no-account",
            FaultKind::AccountNotFound => "account-not-found",
            FaultKind::AccountSuspended => "account-suspended",
            FaultKind::GuestOver => "guest-over",
            FaultKind::ClassCard => "class-card",
            FaultKind::ProviderDown => "provider-down",
            FaultKind::ProviderRefused => "provider-refused",
            FaultKind::ProviderNotBelieved => "provider-not-believed",
            FaultKind::ProviderSessionStays => "provider-session-stays",
            FaultKind::WrongHost => "wrong-host",
            FaultKind::MethodNotAllowed => "method-not-allowed",
            FaultKind::TooLarge => "too-large",
            FaultKind::Internal => "internal",
        }
    }

    /// The status of the answer.
    pub fn status(self) -> StatusCode {
        match self {
            FaultKind::BadRequest | FaultKind::SignInExpired => StatusCode::BAD_REQUEST,
            FaultKind::UnknownService
            | FaultKind::Refused
            | FaultKind::StaleForm
            | FaultKind::NoAccount
            | FaultKind::AccountNotFound
            | FaultKind::AccountSuspended
            | FaultKind::GuestOver
            | FaultKind::ClassCard
            | FaultKind::ProviderRefused
            | FaultKind::ProviderNotBelieved => StatusCode::FORBIDDEN,
            FaultKind::ProviderSessionStays => StatusCode::CONFLICT,
            FaultKind::NotFound => StatusCode::NOT_FOUND,
            FaultKind::ServiceDown
            | FaultKind::DirectoryDown
            | FaultKind::ProviderDown
            | FaultKind::Busy
            | FaultKind::StorageDown => StatusCode::SERVICE_UNAVAILABLE,
            FaultKind::WrongHost => StatusCode::MISDIRECTED_REQUEST,
            FaultKind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            FaultKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            FaultKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// Something went wrong in front of a person.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// For [`FaultKind::Refused`]: why; its sentence is `refusal-<key>` in `locales/`.
    pub reason: Option<Reason>,
    /// For a refusal by the time: when the service opens for the person.
    pub window: Option<Box<Window>>,
    /// Name of the service concerned, as the person reads it: French, English.
    pub service: Option<(String, String)>,
    /// The service concerned, for log and journal.
    pub about: Option<ServiceId>,
    /// For log and journal: the source concerned, or the name that whoever asked gave themselves, which is no person's.
    pub claimed: Option<Box<str>>,
    /// For operators, in the log: never a secret, a ticket or an attribute value.
    pub detail: String,
}

impl Fault {
    /// A fault with a word for the log.
    pub fn new(kind: FaultKind, detail: impl Into<String>) -> Fault {
        Fault { kind, reason: None, window: None, service: None, about: None, claimed: None, detail: detail.into() }
    }

    /// Whether it is that one factor was proved where two are wanted.
    pub fn is_one_factor(&self) -> bool {
        self.reason == Some(Reason::TwoFactors)
    }

    /// The same, about a service.
    pub fn about(mut self, service: &ServiceId) -> Fault {
        self.about.get_or_insert_with(|| service.clone());
        self
    }

    /// The same, about a source or whoever calls themselves so: at most 200 characters of it, none of which moves a cursor.
    pub fn claimed(mut self, name: &str) -> Fault {
        self.claimed = Some(preau_domain::display_safe(name, 200).into());
        self
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Fault {
        match error {
            StoreError::Conflict => Fault::new(FaultKind::StaleForm, "conflict"),
            StoreError::Backend(detail) => Fault::new(FaultKind::StorageDown, detail),
            StoreError::Closed => Fault::new(FaultKind::StorageDown, error.to_string()),
        }
    }
}

impl From<Busy> for Fault {
    fn from(_: Busy) -> Fault {
        Fault::new(FaultKind::Busy, "password queue full")
    }
}

impl From<Crowded> for Fault {
    fn from(crowded: Crowded) -> Fault {
        Fault::new(FaultKind::Busy, crowded.to_string())
    }
}

impl IntoResponse for Fault {
    /// A bare status with the fault in its extensions: the outermost layer writes the page.
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
