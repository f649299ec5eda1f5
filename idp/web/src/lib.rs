//! What all protocols share: the hub, the sign-in dispatcher and its steps, sessions, the portal, logout fan-out.
//!
//! Every sign-on walks one corridor: a protocol begins a sign-in ([`Hub::begin_sign_in`]), which the browser carries; the
//! dispatcher in [`sign_in`] reads it and names the next step until the person is proven; `policy`
//! decides; the protocol completes, or a page says why not. A protocol is a pair of ends on that corridor ([`Protocol`]) and never
//! sees a password. What people read is in `pages` and `locales/`; what a database keeps is behind `preau-store`.

mod account;
pub mod acting;
pub mod activation;
pub mod arrivals;
pub mod bench;
mod cards;
mod certificate;
mod codes;
mod compress;
mod config;
mod failing;
mod fault;
mod form;
mod goodbye;
mod headers;
mod hub;
pub mod inspections;
mod l10n;
mod lately;
mod line;
mod live;
mod logout;
mod mail;
mod offers;
mod pages;
mod passkey;
mod passwords;
mod protocol;
pub mod registered;
mod remembered;
mod roster;
mod router;
pub mod runs;
pub mod second_key;
mod sharing;
pub mod sign_in;
pub mod spaces;
mod spray;
mod table;
mod telling;
mod upstream;
mod visitor;
mod words;

pub use cards::{ClassCardsAt, ClassCardsConfig};
pub use certificate::PeerCertificate;
pub use codes::factor_tries;
pub use config::{SessionConfig, SignInConfig, WebConfig};
pub use failing::alarms_of;
pub use fault::{Fault, FaultKind};
pub use form::Fields;
pub use headers::{form_targets, protect};
pub use hub::{Hub, HubParts, SignInSource};
pub use l10n::{Locale, Texts};
pub use live::{Decided, Known, Live};
pub use mail::{BEFORE_THE_END, Pen};
pub use pages::{DevicePage, HomeDocument, LtiLink, LtiMarks, LtiPlace, stylesheet};
pub use protocol::{Begin, CompletedSignIn, LogoutFrame, LogoutNotice, NoticeBody, Protocol, SignInHints};
pub use router::{act_on_no_head, router};
pub use table::{Door, ServiceTable};
pub use visitor::{Cookie, Secret, Visitor};
pub use words::{Charte, Day, Notice, Words};
