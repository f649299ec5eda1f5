//! Files made by hand: the sample of the format, and one oddity each.

use super::*;

fn wanted() -> HashSet<String> {
    ["ENTPersonJointure", "sn", "ENTEleveClasses"].into_iter().map(str::to_owned).collect()
}

fn read_bytes(file: &[u8]) -> Result<Vec<Request>, String> {
    let mut requests = Vec::new();
    each(file, "Eleve", &wanted(), |request| {
        requests.push(request);
        Ok(())
    })
    .map(|()| requests)
}

fn read(file: &str) -> Result<Vec<Request>, String> {
    read_bytes(file.as_bytes())
}

const OPERATIONAL: &str =
    "<operationalAttributes><attr name=\"categoriePersonne\"><value>Eleve</value></attr></operationalAttributes>";

/// A file of one added pupil with this surname, after this beginning.
fn pupil(beginning: &str, surname: &str) -> String {
    format!(
        "{beginning}<ficAlimMENESR><addRequest>{OPERATIONAL}<identifier><id>12</id></identifier><attributes>\
         <attr name=\"sn\"><value>{surname}</value></attr></attributes></addRequest></ficAlimMENESR>"
    )
}

fn surname(file: &str) -> String {
    let requests = read(file).expect("it is read");
    assert_eq!(requests[0].fault, None);
    String::from_utf8(requests[0].attributes[0].1[0].clone()).expect("text")
}

fn fault(file: &str) -> String {
    read(file).expect("it is read")[0].fault.clone().expect("something is wrong")
}

#[test]
fn the_three_requests_are_read() {
    let requests = read(&format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE ficAlimMENESR SYSTEM \"ficAlimMENESR.dtd\">\n\
         <ficAlimMENESR>\n<!-- invented -->\n\
         <addRequest>{OPERATIONAL}<identifier><id>12</id></identifier><attributes>\n\
         <attr name=\"sn\"><value>Belombre</value></attr><attr name=\"ENTEleveINE\"><value>x</value></attr>\n\
         <attr name=\"ENTEleveClasses\"><value>9001$6B</value><value>9002$6C</value></attr></attributes></addRequest>\n\
         <modifyRequest>{OPERATIONAL}<identifier><id>13</id></identifier><modifications>\n\
         <modification name=\"ENTEleveClasses\" operation=\"replace\"><value/></modification></modifications></modifyRequest>\n\
         <deleteRequest>{OPERATIONAL}<identifier><id>14</id></identifier></deleteRequest>\n</ficAlimMENESR>\n"
    ))
    .expect("it is sound");
    let told: Vec<(Verb, &str, u64)> = requests.iter().map(|r| (r.verb, r.id.as_str(), r.line)).collect();
    assert_eq!(told, [(Verb::Add, "12", 5), (Verb::Modify, "13", 8), (Verb::Delete, "14", 10)]);
    let names: Vec<(&str, usize)> = requests[0].attributes.iter().map(|(n, v)| (n.as_str(), v.len())).collect();
    assert_eq!(names, [("sn", 1), ("ENTEleveClasses", 2)], "what nobody reads is not kept");
    assert_eq!(requests[1].attributes, [("ENTEleveClasses".to_owned(), vec![])], "an empty value is none");
    assert!(requests.iter().all(|request| request.fault.is_none()));
}

#[test]
fn letters_are_read_however_they_are_written() {
    assert_eq!(surname(&pupil("", "Gr&egrave;s &amp; C&#339;ur &#x20AC;")), "Grès & Cœur €");
    assert_eq!(surname(&pupil("\u{feff}", "<![CDATA[Grès & <b>]]>")), "Grès & <b>");
    let latin = pupil("<?xml version=\"1.0\" encoding=\"ISO-8859-15\"?>", "Gr#s C$ur");
    let latin: Vec<u8> = latin
        .bytes()
        .map(|b| match b {
            b'#' => 0xe8,
            b'$' => 0xbd,
            b => b,
        })
        .collect();
    let requests = read_bytes(&latin).expect("it is read");
    assert_eq!(requests[0].attributes[0].1[0], "Grès Cœur".as_bytes());
    assert!(read(&pupil("<?xml version=\"1.0\" encoding=\"UTF-16\"?>", "x")).is_err());
}

/// A DTD is named by real files and never read: nothing it would define exists, and nothing may be defined in the file.
#[test]
fn a_dtd_is_named_and_never_read() {
    let named = "<!DOCTYPE ficAlimMENESR SYSTEM \"http://ours.invalid/ficAlimMENESR.dtd\">";
    assert_eq!(surname(&pupil(named, "Mica")), "Mica", "control");
    for hostile in [
        "<!DOCTYPE ficAlimMENESR [<!ENTITY xxe SYSTEM \"file:///etc/passwd\">]>",
        "<!DOCTYPE ficAlimMENESR SYSTEM \"a.dtd\" [<!ENTITY % x SYSTEM \"http://ours.invalid/\">%x;]>",
        "<!DOCTYPE l [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>",
    ] {
        assert!(read(&pupil(hostile, "&xxe;")).is_err_and(|what| what.contains("DOCTYPE")), "{hostile}");
    }
    assert!(fault(&pupil(named, "&xxe;")).contains("entity"));
    assert!(fault(&pupil("", "&#0;")).contains("entity"));
}

#[test]
fn nothing_grows_beyond_its_bounds() {
    assert_eq!(surname(&pupil("", &"x".repeat(MAX_PIECE - 64))).len(), MAX_PIECE - 64, "control");
    assert!(read(&pupil("", &"x".repeat(MAX_PIECE + 64))).is_err(), "one text");
    assert!(read(&pupil(&format!("<!--{}-->", "x".repeat(MAX_PIECE)), "x")).is_err(), "one comment");
    assert!(read(&format!("<ficAlimMENESR><{}", "x".repeat(MAX_PIECE + 64))).is_err(), "one tag");
    let pieces = format!("{}&amp;", "x".repeat(60_000)).repeat(20);
    assert!(read(&pupil("", &pieces)).is_err_and(|what| what.contains("larger")), "one value in many pieces");
    let values = |count: usize| pupil("", &"</value><value>x".repeat(count));
    assert_eq!(read(&values(4_000)).expect("control")[0].fault, None);
    assert!(read(&values(40_000)).is_err_and(|what| what.contains("larger")), "many values");
    let deep = "<addRequest>".repeat(1_000);
    assert!(read(&format!("<ficAlimMENESR>{deep}")).is_err(), "depth");
}

#[test]
fn what_does_not_follow_the_grammar_is_refused_with_its_line() {
    let sound = pupil("", "x");
    assert!(read(&sound).is_ok(), "control");
    for (from, to) in [
        ("<attributes>", "<attributes>\n\n<script/>"),
        ("</ficAlimMENESR>", ""),
        ("</ficAlimMENESR>", "</ficAlimMENESR><ficAlimMENESR></ficAlimMENESR>"),
        ("</identifier>", "</id>"),
        ("<identifier>", "words<identifier>"),
        ("<ficAlimMENESR>", "<ficAlimMENESR><!DOCTYPE x>"),
        ("<ficAlimMENESR>", "<other>"),
    ] {
        let Err(what) = read(&sound.replacen(from, to, 1)) else { panic!("{to}") };
        assert!(what.starts_with("line "), "{what}");
    }
    assert!(read("").is_err() && read("<ficAlimMENESR>").is_err());
    assert!(read(&sound.replacen("<attributes>", "\n\n<x/>", 1)).is_err_and(|what| what.starts_with("line 3:")));
}

#[test]
fn a_request_with_a_fault_is_passed_on_with_it() {
    let sound = pupil("", "x");
    assert!(fault(&sound.replacen("Eleve<", "PersEducNat<", 1)).contains("category"));
    assert!(fault(&sound.replacen("<id>12</id>", "<id> </id>", 1)).contains("identifier is missing"));
    assert!(fault(&sound.replacen("<id>12</id>", "<id>12</id><id>13</id>", 1)).contains("two identifiers"));
    let long = "1".repeat(MAX_ID + 1);
    assert!(fault(&sound.replacen(">12<", &format!(">{long}<"), 1)).contains("cannot be used"));
    let changes = sound
        .replace("addRequest", "modifyRequest")
        .replace("attr name=\"sn\"", "modification operation=\"add\" name=\"sn\"");
    let changes = changes.replace("</attr></attributes>", "</modification></attributes>");
    assert!(fault(&changes).contains("replace"));
}
