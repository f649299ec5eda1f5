//! The connector on deliveries: invented worlds of both degrees, and files written by hand with one oddity each.

mod cases;
mod chains;
mod damage;
mod support;
mod worlds;
