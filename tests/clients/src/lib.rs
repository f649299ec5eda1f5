//! Real third-party clients and servers against a real preau.
