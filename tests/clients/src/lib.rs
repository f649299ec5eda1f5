//! A whole small world for tests with real clients: an annuaire in a real OpenLDAP, preau as its operator runs it, sites
//! behind real CAS and OpenID Connect clients, and visitors. The servers are in `tests/rig`; the stories in `tests/clients/tests/`.

mod application;
mod visitor;
mod workshop;
mod world;

pub use application::{Application, Client};
pub use visitor::{Form, Page, Visitor};
pub use workshop::{Sandbox, Workshop};
pub use world::World;
