//! What a connector to somebody else's system can do, and how an ENT service is described.
//!
//! Owns the capabilities a *kind* of connector may offer ([`Kind`], [`Connector`]), the records a directory hands over,
//! and the description of services as data ([`ServiceDescriptor`], [`MountedService`]). The visible list of kinds and
//! the catalogue are in `connectors/registry`; each kind is a crate of its own beside this one.

mod agents;
mod directory;
mod file;
mod kind;
mod latin9;
mod link;
mod mail;
mod matching;
mod met;
mod oidc;
mod preview;
mod provider;
mod redirect;
mod saml;
mod service;
mod turns;

pub use agents::{Agent, AgentClaims};
pub use directory::{Birth, Changes, Known, KnownRecord, ReadAll};
pub use directory::{
    Checked, Completion, Directory, EstablishmentRecord, PasswordCheck, PersonRecord, Probe, Record, Rejected,
    Unavailable, Verdict,
};
pub use file::{FileState, ReadFile};
pub use kind::{Connector, Kind, OpenContext, Problem, profiles_of, schema_of};
pub use latin9::latin9;
pub use link::SignedLink;
pub use mail::{Letter, NotSent, Post};
pub use matching::{MatchForm, MatchRule, known_as};
pub use met::Met;
pub use oidc::{
    ClientAuthentication, ClientSecret, ContentEncryption, Encryption, KeyManagement, LINE_ITEMS, LINE_ITEMS_READ,
    LtiMay, LtiSettings, LtiTool, NAMES_AND_ROLES, OidcFlow, OidcGrant, OidcService, OidcSettings, ProofAlgorithm,
    RESULTS_READ, SCORES, SigningAlgorithm, TlsSubject,
};
pub use preview::{ColumnPreview, FilePreview, PersonPreview, Preview};
pub use provider::{Title, Where, check_provider, skew_seconds};
pub use redirect::{
    Carried, Departure, KnownAs, LogoutMessage, POSTED, Redirect, RedirectError, Round, UpstreamIdentity,
    UpstreamLogout,
};
pub use saml::{
    AttributeNames, NameIdKind, SamlDialect, SamlEncryption, SamlMetadata, SamlService, SamlSettings, SamlSigned,
    WireName,
};
pub use service::{
    CasSettings, Category, InstanceFile, Legal, MountedService, Mounting, Names, Network, Parameter, ServiceDescriptor,
};
pub use turns::{Crowded, Turn, Turns};
