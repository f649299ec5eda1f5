//! Stories told by actors through the public door, on SQLite and on PostgreSQL.

mod cas;
mod cas_addresses;
mod cas_callback;
mod cas_door;
mod cas_proxy;
mod cas_saml;
mod cas_tickets;
mod corridor;
mod delays;
mod farewell;
mod faults;
mod forms;
mod journal;
mod outages;
mod passwords;
mod portal;
mod rights;
mod routes;
mod sessions;
mod transport;
mod upstream;
mod upstream_hostile;
mod upstream_logout;
mod upstream_network;
