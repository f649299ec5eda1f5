//! Stories told by actors through the public door, on SQLite and on PostgreSQL.

mod cas;
mod corridor;
