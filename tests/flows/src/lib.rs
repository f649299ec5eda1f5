//! Stories told by actors through the public door.
