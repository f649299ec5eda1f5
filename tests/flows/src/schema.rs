//! Documents held against the schemas of `schemas/`, by a validator that is somebody else's: `xmllint`, of the Debian
//! package `libxml2-utils`.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Holds a document against a schema, named by its path below `schemas/`; the reason when it does not hold.
pub fn check(schema: &str, document: &str) -> Result<(), String> {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let mut process = Command::new("xmllint")
        .args(["--nonet", "--noout", "--schema"])
        .arg(schemas.join(schema))
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("xmllint: {error}: run `tests/install.sh test`"))?;
    let written = process.stdin.take().map(|mut to| to.write_all(document.as_bytes()));
    let said = process.wait_with_output().map_err(|error| error.to_string())?;
    if said.status.success() && matches!(written, Some(Ok(()))) {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&said.stderr).into_owned())
    }
}

/// The same; the story fails when it does not hold.
pub fn holds(schema: &str, document: &str) {
    check(schema, document).unwrap_or_else(|why| panic!("{why}\n{document}"));
}
