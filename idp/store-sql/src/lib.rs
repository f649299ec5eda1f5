//! The two back ends of the storage port: SQLite and PostgreSQL.
