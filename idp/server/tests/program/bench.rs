//! `preau bench`: what a service would receive of somebody who does not exist.

use crate::desk::Desk;

#[test]
fn the_bench_shows_in_a_terminal_what_a_service_would_receive() {
    let desk = Desk::new();
    desk.mount("intranet");
    let (code, out, err) = desk.run(&["bench", "--service", "intranet", "--person", "teacher"]);
    assert!(code == 0 && out.contains("<cas:authenticationSuccess>"), "{code} {out} {err}");
    let (code, out, _) = desk.run(&["bench", "--service", "intranet", "--person", "pupil", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(code == 0 && told["person"] == "pupil" && told["allowed"].is_boolean(), "{out}");
    let (code, _, err) = desk.run(&["bench", "--service", "intranet", "--person", "nobody"]);
    assert!(code == 1 && err.contains("teacher-guardian"), "{code} {err}");
    let (code, _, err) = desk.run(&["bench", "--service", "nowhere"]);
    assert!(code == 1 && err.contains("intranet"), "{code} {err}");
}
