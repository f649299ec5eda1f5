//! Tells cargo that the catalogue is part of this crate: a folder added to it must be compiled in.

fn main() {
    println!("cargo:rerun-if-changed=../services");
}
