//! The actors of the stories in `tests/flows`: a hub over a database of its own, browsers, services, a directory.
//!
//! Every story goes through the public door, [`preau_web::router`], in process and without a network; only the notices
//! of single logout travel to a listener on loopback, because sending them is what is being told. Time stands still
//! until a story moves it, names are drawn from a seed, and the hub's whole log is kept in memory: when a story ends,
//! every secret a browser or a service has seen is looked for in it ([`TestHub`]).
//!
//! ```text
//! stories!(a_ticket_opens_the_door_once);
//!
//! async fn a_ticket_opens_the_door_once(hub: TestHub) {
//!     let app = hub.app("app");
//!     let ticket = hub.browser().sign_in(&ALICE).to(&app).await.ticket();
//!     assert_eq!(app.validate(&ticket).await.user(), Some("alice.martin"));
//!     assert_eq!(app.validate(&ticket).await.code(), Some("INVALID_TICKET"));
//! }
//! ```

mod app;
mod attack;
mod browser;
mod cast;
mod clock;
mod database;
mod directory;
mod faulty;
mod holder;
mod hub;
mod keys;
mod listener;
mod log;
mod mailbox;
mod page;
mod passkeys;
mod provider;
mod recorder;
pub mod results;
mod rp;
pub mod schema;
mod sp;

pub use app::{CasApp, Validation};
pub use attack::Attack;
pub use browser::{Arrival, Browser, SignIn};
pub use cast::{ALICE, ANNUAIRE, COLLEGE, GAELLE, HUGO, INES, LYCEE, NOE, Role, app_service, crowd, uai};
pub use clock::{ManualClock, SeededIds};
pub use database::Database;
pub use directory::Directory;
pub use faulty::{Faults, FaultyStore, When};
pub use holder::{Holder, nonce_of};
pub use hub::{BASE, HOST, Setup, TestHub};
pub use listener::{Heard, Listener};
pub use log::{Log, Secrets};
pub use mailbox::Mailbox;
pub use page::{Answer, Form};
pub use passkeys::{authenticator, code_of};
pub use provider::{GUICHET, Provider, Trip};
pub use recorder::Recorder;
pub use rp::{Document, MTLS_HOST, OidcRp, SECRET, VERIFIER, oidc_service};
pub use sp::{SamlSp, Told, form_to, heard, message_of, partner, saml_service, sp_metadata};

/// Turns stories, `async fn name(hub: TestHub)`, into tests: each runs on SQLite, and on PostgreSQL when
/// `TEST_POSTGRES_URL` names a server. One invocation per module.
#[macro_export]
macro_rules! stories {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $name() {
                    let result = $crate::results::Result::begin(concat!(module_path!(), "::", stringify!($name)));
                    let hub = $crate::TestHub::new($crate::Database::sqlite()).await;
                    Box::pin(super::$name(hub)).await;
                    result.passed();
                }
            )+
        }
        mod postgres {
            $(
                #[tokio::test]
                async fn $name() {
                    let result = $crate::results::Result::begin(concat!(module_path!(), "::", stringify!($name)));
                    if let Some(database) = $crate::Database::postgres() {
                        Box::pin(super::$name($crate::TestHub::new(database).await)).await;
                        result.passed();
                    }
                }
            )+
        }
    };
}
