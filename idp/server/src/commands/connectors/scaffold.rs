//! `preau connectors new`: the four files of a product, sound as they stand, to be filled in.

use super::own;
use crate::cli::Failure;
use crate::commands::instance::create;
use crate::config::Loaded;
use crate::output::say;
use std::fs;
use std::path::Path;

const FILES: [(&str, &str); 4] = [
    ("service.toml", include_str!("scaffold/service.toml")),
    ("icon.svg", include_str!("scaffold/icon.svg")),
    ("cases.toml", include_str!("scaffold/cases.toml")),
    ("README.md", include_str!("scaffold/README.md")),
];

/// Makes them.
pub fn new(loaded: &Loaded, name: &str, into: Option<&Path>) -> Result<(), Failure> {
    let sound = (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !sound {
        return Err(Failure::new("a product is named by 1 to 64 of a-z, 0-9 and -"));
    }
    if preau_connectors::catalogue().product(name).is_some() {
        return Err(Failure::new(format!("the catalogue has a product {name} already: take another name")));
    }
    let folder = own(loaded, into)?.join(name);
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", folder.display()));
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    fs::create_dir(&folder).map_err(failed)?;
    for (file, text) in FILES {
        create(&folder.join(file), &text.replace("NAME", name))?;
        say!("written: {}", folder.join(file).display())?;
    }
    say!("\nFill them in, then `preau connectors check` tries them, and `preau mount {name} --url …` mounts it.")
}
