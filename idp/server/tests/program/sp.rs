//! `preau sp`: an editor's service mounted from its metadata, in one command.

use crate::desk::Desk;

const METADATA: &str = include_str!("../../../saml/tests/wire/service.xml");

/// A desk with the metadata of an editor on it.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("atelier.xml", METADATA);
    desk
}

#[test]
fn a_service_is_mounted_from_its_metadata_and_what_leaves_is_said() {
    let desk = desk();
    let (code, out, err) = desk.run(&["sp", "add", "atelier.xml", "--id", "atelier", "--for", "National_ENS@0990001N"]);
    assert_eq!(code, 0, "{err}");
    for told in [
        "L’atelier",
        "https://atelier.example/saml",
        "https://atelier.example/acs2 (HTTP-POST, 2)",
        "signs         RSA 2048, certificate until 20",
        "requests      refused unless signed",
        "encryption    yes",
        "released      mail as urn:oid:0.9.2342.19200300.100.1.3 (asked for)",
        "not released  sn: not asked for",
        "teacher           displayName = Solène",
        "pupil             refused: ",
        "Written: ",
    ] {
        assert!(out.contains(told), "{told}\n{out}");
    }
    let text = std::fs::read_to_string(desk.path("services/atelier.toml")).unwrap();
    assert!(text.contains("attributes = [\"displayName\", \"mail\"]") && text.contains("National_ENS"), "{text}");
    let (code, out, err) = desk.run(&["sp", "list"]);
    assert!(code == 0 && out.contains("atelier") && out.contains("in force"), "{out}{err}");
    let (code, out, _) = desk.run(&["sp", "show", "atelier"]);
    assert!(code == 0 && out.contains("SHA-256"), "{out}");
    let (_, out, _) = desk.run(&["doctor"]);
    assert!(out.contains("saml metadata  of 1 services in force"), "{out}");
    let (code, _, err) = desk.run(&["sp", "add", "atelier.xml", "--id", "atelier"]);
    assert!(code == 1 && err.contains("is there already"), "{err}");
    let (code, _, err) = desk.run(&["sp", "add", "atelier.xml", "--id", "other"]);
    assert!(code != 0 && err.contains("https://atelier.example"), "its address is taken: {err}");
    assert_eq!(desk.run(&["sp", "remove", "atelier"]).0, 0);
    let (code, out, err) = desk.run(&["sp", "add", "atelier.xml", "--title", "L’atelier \"du\" lycée", "--dry-run"]);
    assert!(code == 0 && out.contains("L’atelier \"du\" lycée") && out.contains("Nothing was written"), "{out}{err}");
    assert!(!desk.path("services/atelier.toml").exists() && !desk.path("services/atelier.xml").exists());
    assert!(desk.path("atelier.xml").exists(), "what the operator wrote stays");
}

#[test]
fn bad_metadata_are_refused_with_element_and_line_and_nothing_is_written() {
    let desk = desk();
    let add = |text: &str, args: &[&str]| {
        desk.write("bad.xml", text);
        let (code, _, err) = desk.run(&[&["sp", "add", "bad.xml"], args].concat());
        assert!(std::fs::read_dir(desk.path("services")).unwrap().next().is_none(), "{err}");
        (code, err)
    };
    let weak = include_str!("../../../saml/tests/wire/weak-1024.b64");
    let begin = METADATA.find("<ds:X509Certificate>").unwrap() + 20;
    let end = METADATA.find("</ds:X509Certificate>").unwrap();
    let weak = format!("{}{weak}{}", &METADATA[..begin], &METADATA[end..]);
    for (text, told) in [
        (weak, "line 29, <X509Certificate>: an RSA key of 1024 bits"),
        (METADATA.replace("2036-01-01", "2026-01-01"), "line 2, <EntityDescriptor>: expired: it was valid until 2026"),
        (METADATA.replace("index=\"3\"", "index=\"2\""), "<AssertionConsumerService>: `index` is taken"),
        (METADATA.replace("https://atelier.example/acs1", "http://atelier.example/acs1"), "is not https"),
        (format!("<!DOCTYPE x>{METADATA}"), "line 1: a document type, which nobody reads"),
        ("<md:EntityDescriptor".to_owned(), "line 1: a tag, or a comment, that does not end"),
        (METADATA.replacen("The workshop", "Workshop & co", 1), ">: a `&` that begins no reference"),
    ] {
        let (code, err) = add(&text, &[]);
        assert!(code == 1 && err.contains(told), "{told}: {err}");
    }
    desk.write(
        "signer.pem",
        &rcgen::generate_simple_self_signed(vec!["signer.example".to_owned()]).unwrap().cert.pem(),
    );
    let (code, err) = add(METADATA, &["--certificate", "signer.pem"]);
    assert!(code == 1 && err.contains("not signed"), "{err}");
    let (code, err) = add(METADATA, &["--for", "National_XYZ"]);
    assert!(code == 1 && err.contains("neither a profile"), "{err}");
    let (code, err) = add(METADATA, &["--release", "uid"]);
    assert!(code == 1 && err.contains("releases no `uid`"), "{err}");
    let (code, _, err) = desk.run(&["sp", "add", "bad.xml", "--dry-run"]);
    assert!(code == 0, "control: {err}");
}

/// What asks for encryption that cannot be had is not sent in clear unless somebody says so.
#[test]
fn metadata_that_ask_for_an_encryption_we_do_not_have_are_refused() {
    let desk = Desk::new();
    let pair = rcgen::generate_simple_self_signed(vec!["sp.example".to_owned()]).unwrap().cert.pem();
    let elliptic: String = pair.lines().filter(|line| !line.starts_with("-----")).collect();
    let begin = METADATA.find("<md:KeyDescriptor").unwrap();
    let end = METADATA.rfind("</md:KeyDescriptor>").unwrap() + "</md:KeyDescriptor>".len();
    let shown = |usage: &str| {
        format!(
            "<md:KeyDescriptor use=\"{usage}\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>\
             <ds:X509Certificate>{elliptic}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        )
    };
    let whole = |keys: &str| format!("{}{keys}{}", &METADATA[..begin], &METADATA[end..]);
    desk.write("curves.xml", &whole(&(shown("signing") + &shown("encryption"))));
    let (code, out, err) = desk.run(&["sp", "add", "curves.xml", "--id", "atelier"]);
    assert!(code == 1 && err.contains("not of RSA") && !out.contains("encryption    yes"), "{out}{err}");
    assert!(err.contains("curves.xml: line ") && !desk.path("services/atelier.toml").exists(), "{err}");
    let (code, out, err) = desk.run(&["sp", "add", "curves.xml", "--id", "atelier", "--encrypt", "never"]);
    assert!(code == 0 && out.contains("encryption    never"), "{out}{err}");
    let text = std::fs::read_to_string(desk.path("services/atelier.toml")).unwrap();
    assert!(text.contains("encrypt = \"never\""), "{text}");
    desk.write("services/atelier.toml", &text.replace("\"never\"", "\"auto\""));
    let (code, out, _) = desk.run(&["doctor"]);
    assert!(code != 0 && out.contains("FAIL  saml metadata"), "the server says the same: {out}");
    desk.write("services/atelier.toml", &text.replace("\"never\"", "\"always\""));
    let (_, out, _) = desk.run(&["doctor"]);
    let line = text.lines().position(|line| line.starts_with("encrypt")).unwrap() + 1;
    assert!(out.contains(&format!("atelier.toml:{line} saml.encrypt: ")), "{out}");
    desk.write("services/atelier.toml", &text);
    desk.write("plain.xml", &whole(&shown("signing")).replace("atelier.example", "other.example"));
    let (code, out, err) = desk.run(&["sp", "add", "plain.xml", "--id", "plain"]);
    assert!(code == 0 && out.contains("encryption    no: "), "control: {out}{err}");
}

/// Whoever writes metadata writes no line of what an operator decides upon, and takes none away.
#[test]
fn metadata_are_told_and_tell_nothing_themselves() {
    let desk = desk();
    let forged = "&#10;  not released  mail: not asked for&#x9b;1A&#x9b;2K";
    let another = "<md:RequestedAttribute Name=\"urn:x\" FriendlyName=\"x";
    let text = METADATA
        .replace("https://federation.example\"/>", &format!("https://federation.example{forged}\"/>"))
        .replace("contactType=\"technical\"", &format!("contactType=\"technical{forged}\""))
        .replacen("<md:RequestedAttribute ", &format!("{another}{forged}\"/><md:RequestedAttribute "), 1);
    assert_eq!(text.matches(forged).count(), 3);
    desk.write("forged.xml", &text);
    let (code, out, err) = desk.run(&["sp", "add", "forged.xml", "--id", "atelier", "--dry-run"]);
    assert!(code == 0 && out.contains("\n  released      mail as "), "{out}{err}");
    assert!(!out.contains("\n  not released  mail"), "{out}");
    assert!(out.chars().all(|c| c == '\n' || !c.is_control()), "{out:?}");
}
