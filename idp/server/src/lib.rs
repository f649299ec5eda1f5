//! The binary `preau`: assembly, command line, jobs. What it assembles is decided elsewhere: people and sessions in
//! `idp/store`, pages and sign-in in `idp/web`, protocols in `idp/protocols`, connectors in `connectors`.
//!
//! `config` reads the one file; `assembly` opens what it names; `server` answers requests, `jobs` does what nobody asks
//! for, and `signing` keeps the keys tokens are signed with; `commands` holds one file for each command an operator types.

mod aside;
pub mod assembly;
pub mod cli;
mod clock;
mod commands;
pub mod config;
mod health;
mod jobs;
mod listener;
mod logging;
mod malformed;
mod metadata;
mod output;
mod releases;
mod server;
mod signing;
mod words;

pub use clock::SystemClock;
pub use commands::connectors::page as catalogue_page;
pub use server::{Running, start};
