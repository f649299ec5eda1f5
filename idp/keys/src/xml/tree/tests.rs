//! What is read, and what is not.

use super::super::outline::DEPTH;
use super::*;
use proptest::prelude::*;
use std::time::{Duration, Instant};

fn refused(text: &str) -> XmlError {
    Document::parse(text.as_bytes()).err().unwrap_or_else(|| panic!("read: {text}"))
}

fn read(text: &str) -> Element {
    Document::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}")).root
}

#[test]
fn names_values_and_texts_are_read() {
    let root =
        read("<?xml version=\"1.0\"?><p:a xmlns:p=\"urn:p\" x=\"1&amp;2\" p:y='3'>t&lt;<b xmlns=\"urn:b\"/>u</p:a>");
    assert!(root.is("urn:p", "a"));
    assert_eq!(
        (root.attribute("x"), root.attribute_of("urn:p", "y"), root.attribute("y")),
        (Some("1&2"), Some("3"), None)
    );
    assert!(root.one("urn:b", "b").unwrap().is_some());
    assert_eq!(root.text(), Err(XmlError::Malformed), "elements stand in it");
    assert_eq!(root.elements().count(), 1);
}

#[test]
fn a_text_is_the_whole_text_whatever_stands_in_it() {
    for written in
        ["admin@x.evil", "admin@x<!-- -->.evil", "admin@x<![CDATA[.ev]]>il", "<!---->admin@x&#46;evil<!-- a -->"]
    {
        assert_eq!(read(&format!("<n>{written}</n>")).text(), Ok("admin@x.evil"), "{written}");
    }
    assert_eq!(read("<n>admin@x<b/>.evil</n>").text(), Err(XmlError::Malformed));
    assert_eq!(read("<n><!-- --></n>").text(), Ok(""));
    assert_eq!(refused("<n>admin@x<?pi?>.evil</n>"), XmlError::Malformed);
}

#[test]
fn document_types_entities_and_instructions_are_refused() {
    for text in [
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;</a>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM \"http://canary.test/\">%p;]><a/>",
        "<!DOCTYPE a [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]><a>&b;</a>",
        "<a>&e;</a>",
        "<?pi?><a/>",
        "<a/><?pi?>",
        "<a><?pi?></a>",
    ] {
        assert_eq!(refused(text), XmlError::Malformed, "{text}");
    }
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for text in [
        "",
        " ",
        "a",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<a x=1/>",
        "<a x='1' x='2'/>",
        "<a x='<'/>",
        "<p:a/>",
        "<a>\u{1}</a>",
        "<a>&#0;</a>",
        "<a p:x='1' q:x='2' xmlns:p='urn:p' xmlns:q='urn:p'/>",
        "<a xmlns:p=''/>",
        "<a>]]></a>x",
    ] {
        assert_eq!(refused(text), XmlError::Malformed, "{text}");
    }
    assert!(Document::parse(b"<a>\xff</a>").is_err());
    assert!(Document::parse(b"\xff\xfe<\0a\0/\0>\0").is_err());
}

#[test]
fn a_relative_namespace_has_no_canonical_form() {
    for text in ["<n:a xmlns:n=\"1\"/>", "<a xmlns=\"x\"/>", "<a xmlns:n=\"../x\"/>", "<a xmlns:n=\":x\"/>"] {
        assert_eq!(refused(text), XmlError::Malformed, "{text}");
    }
    read("<n:a xmlns:n=\"urn:x\"><b xmlns=\"http://b\"><c xmlns=\"\"/></b></n:a>");
}

#[test]
fn an_identifier_is_unique_and_an_element_has_one() {
    read("<a ID=\"1\"><b ID=\"2\" Id2=\"1\"/></a>");
    for text in [
        "<a ID=\"1\"><b ID=\"1\"/></a>",
        "<a ID=\"1\"><b Id=\"1\"/></a>",
        "<a ID=\"1\"><b id=\"1\"/></a>",
        "<a ID=\"1\"><b xml:id=\"1\"/></a>",
        "<a ID=\"1\" Id=\"2\"/>",
        "<a ID=\"1\" xml:id=\"2\"/>",
        "<a ID=\"1\" p:ID=\"2\" xmlns:p=\"urn:p\"/>",
    ] {
        assert_eq!(refused(text), XmlError::Identifier, "{text}");
    }
}

#[test]
fn bombs_are_refused_in_no_time() {
    let deep = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
    read(&deep(DEPTH));
    let attributes = |count: usize| {
        let all: String = (0..count).map(|n| format!(" a{n}=\"\"")).collect();
        format!("<a{all}/>")
    };
    read(&attributes(ATTRIBUTES));
    let namespaces: String = (0..20_000).map(|n| format!(" xmlns:a{n}=\"urn:{n}\"")).collect();
    let declaring = |count: usize| (0..count).map(|n| format!("<a xmlns:b{n}=\"urn:b\"/>")).collect::<String>();
    let crowd: String = (0..90).map(|n| format!(" xmlns:a{n}=\"urn:{n}\"")).collect();
    let begun = Instant::now();
    read(&format!("<a{crowd}>{}</a>", declaring(1_000)));
    for bomb in [
        deep(DEPTH + 1),
        deep(10_000),
        deep(35_000),
        attributes(ATTRIBUTES + 1),
        attributes(20_000),
        format!("<a{namespaces}/>"),
        format!("<a{crowd}>{}</a>", declaring(9_000)),
        format!("<a>{}</a>", "<b/>".repeat(20_000)),
        "<a>".repeat(80_000),
        "a".repeat(Bounds::MESSAGE.bytes + 1),
    ] {
        assert!(Document::parse(bomb.as_bytes()).is_err(), "{}", &bomb[..60]);
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

/// What stands in scope is looked through at each declaration and at each name: a few kilobytes of it must not cost minutes.
#[test]
fn declarations_inside_one_another_are_refused_in_no_time() {
    let nested = |levels: usize| {
        let open: String = (0..levels).map(|n| format!("<a xmlns:b{n}=\"u:\">")).collect();
        format!("{open}{}", "</a>".repeat(levels))
    };
    read(&nested(30));
    let begun = Instant::now();
    assert_eq!(refused(&nested(2_000)), XmlError::TooLarge);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

proptest! {
    #[test]
    fn any_text_is_a_document_or_not(text in "[<>a-c/=\"' !\\-\\[\\]?&;#:xmlns]{0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let _ = Document::parse(text.as_bytes());
        let _ = Document::parse(&bytes);
    }

    #[test]
    fn what_is_written_is_what_is_read(content in "\\PC{0,40}", value in "[^\u{0}-\u{8}\u{b}\u{c}\u{e}-\u{1f}\u{fffe}\u{ffff}]{0,40}") {
        let text = |content: String| if content.is_empty() { Vec::new() } else { vec![Child::Text(content)] };
        let attribute = Attribute { prefix: String::new(), local: "x".into(), namespace: String::new(), value };
        let element = Element {
            prefix: "p".into(),
            local: "a".into(),
            namespace: "urn:p".into(),
            declared: vec![("p".into(), "urn:p".into())],
            attributes: vec![attribute],
            children: text(content.replace(['\u{fffe}', '\u{ffff}'], "")),
            line: Line::default(),
        };
        let written = super::super::c14n::plain(&element);
        prop_assert_eq!(&Document::parse(written.as_bytes()).unwrap().root, &element);
        let canonical = super::super::c14n::exclusive(&element, &Vec::new(), &[], None);
        prop_assert_eq!(&Document::parse(&canonical).unwrap().root, &element);
    }
}

#[test]
fn an_element_knows_its_line_and_is_the_same_on_another() {
    let root = read("<?xml version=\"1.0\"?>\n<a>\n <b/>\n\n <c x=\"1\n2\"><d/></c></a>");
    let lines: Vec<u32> = root.elements().map(Element::line).collect();
    assert_eq!((root.line(), lines), (2, vec![3, 5]));
    assert_eq!(read("\n\n<a/>"), read("<a/>"));
}

#[test]
fn what_an_envelope_carries_keeps_its_namespaces() {
    let whole = "<e:E xmlns:e=\"urn:e\" xmlns=\"urn:outer\" xmlns:x=\"urn:x\"><e:B><m xmlns:x=\"urn:y\" x:a=\"1\"/></e:B></e:E>";
    let whole = Document::parse(whole.as_bytes()).unwrap();
    let inner = whole.below(&[("urn:e", "B"), ("urn:outer", "m")]).unwrap();
    assert_eq!(inner.name(), ("urn:outer", "m"));
    assert_eq!(inner.unverified().attribute_of("urn:y", "a"), Some("1"));
    let declared: Vec<_> = inner.root.declared.iter().map(|(prefix, uri)| (prefix.as_str(), uri.as_str())).collect();
    assert_eq!(declared, [("", "urn:outer"), ("e", "urn:e"), ("x", "urn:y")]);
    assert_eq!(whole.below(&[("urn:e", "m")]).err(), Some(XmlError::Absent));
    let twice = Document::parse(b"<e><b/><b/></e>").unwrap();
    assert_eq!(twice.below(&[("", "b")]).err(), Some(XmlError::Several));
}
