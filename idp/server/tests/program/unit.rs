//! The unit of the how-to, as systemd reads it.

use crate::desk::Desk;
use std::process::Command;

/// The unit of `docs/how-to/install.md`, for the program that was built here.
fn unit() -> String {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/how-to/install.md");
    let page = std::fs::read_to_string(page).unwrap();
    let lines = page.lines().map(str::trim).skip_while(|line| *line != "[Unit]").take_while(|line| *line != "```");
    let unit: Vec<&str> = lines.collect();
    let (written, built) = ("/usr/local/bin/preau ", format!("{} ", env!("CARGO_BIN_EXE_preau")));
    let unit = unit.join("\n");
    assert!(unit.contains(written) && unit.ends_with("WantedBy=multi-user.target"), "{unit}");
    unit.replace(written, &built)
}

/// What systemd has to say of a unit.
fn said(desk: &Desk, unit: &str) -> String {
    let file = desk.path("preau.service");
    std::fs::write(&file, unit).unwrap();
    let verified = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&file).output().unwrap();
    String::from_utf8_lossy(&verified.stderr).into_owned()
}

#[test]
fn systemd_has_nothing_to_say_of_the_unit_of_the_how_to() {
    let (desk, unit) = (Desk::new(), unit());
    assert_eq!(said(&desk, &unit), "");
    for (right, wrong) in
        [("ProtectSystem=strict", "ProtectSystem=very"), ("UMask=0077", "Umask=0077"), ("serve", "\\")]
    {
        assert_ne!(said(&desk, &unit.replace(right, wrong)), "", "control: {wrong}");
    }
}
