//! Large documents against the tree: what one believes the other believes, and reads the same; and every way to change one.

use super::super::sign;
use super::*;
use crate::jose::{Alg, PrivateKey};
use proptest::prelude::*;
use std::io::BufReader;
use std::sync::LazyLock;

static KEY: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::draw(Alg::ES256));

const ROOT: &str = "urn:root";
const BOUNDS: StreamBounds = StreamBounds { bytes: 1 << 20, child: Bounds { bytes: 4096, nodes: 1000 }, children: 50 };

/// Reads in bites of some bytes, so that every boundary falls everywhere.
fn stream(text: &str, bite: usize, keys: Option<&[PublicKey]>) -> Result<Streamed<Element>, (u32, XmlError)> {
    let input = BufReader::with_capacity(bite, text.as_bytes());
    let keep = |piece: Piece<'_>| Ok::<_, ()>(Some(piece.element.clone()));
    read_stream(input, BOUNDS, (ROOT, "root"), keys, keep).map_err(|error| match error {
        StreamError::Xml(line, error) => (line, error),
        StreamError::Malformed(flaw) => (flaw.line, XmlError::Malformed),
        other => panic!("{other:?}"),
    })
}

fn judged(text: &str) -> Result<Streamed<Element>, (u32, XmlError)> {
    stream(text, 64, Some(std::slice::from_ref(KEY.public())))
}

fn document(children: &str) -> String {
    format!(
        "<p:root xmlns:p=\"{ROOT}\" xmlns:q=\"urn:q\" xmlns=\"urn:default\" ID=\"name\" q:z=\"1\" b=\"2\">{children}</p:root>"
    )
}

fn signed(children: &str) -> String {
    sign(&document(children), ROOT, "root", &KEY, Alg::ES256, None).unwrap()
}

const TWO: &str = "\n <q:e ID=\"e1\">alice</q:e>\n <q:e ID=\"e2\" x=\"a&gt;b\"><i>bob</i></q:e>\n";

#[test]
fn what_is_signed_is_believed_and_handed_out() {
    let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- made -->\n{}\n<!-- end -->\n", signed(TWO));
    for bite in [1, 3, 64, 10_000] {
        let read = stream(&text, bite, Some(std::slice::from_ref(KEY.public()))).unwrap();
        assert_eq!(read.kept.iter().map(|e| e.attribute("ID").unwrap()).collect::<Vec<_>>(), ["e1", "e2"]);
        assert_eq!(read.kept[0].text(), Ok("alice"));
        assert_eq!(read.kept.iter().map(Element::line).collect::<Vec<_>>(), [4, 5]);
        assert_eq!((read.root.attribute("b"), read.bytes), (Some("2"), text.len() as u64));
    }
    assert_eq!(stream(&document(TWO), 64, None).unwrap().kept.len(), 2, "nobody asked for a signature");
    let one = sign("<q:e xmlns:q=\"urn:q\" ID=\"e\">alice</q:e>", "urn:q", "e", &KEY, Alg::ES256, None).unwrap();
    assert_eq!(judged(&one).unwrap().kept[0].text(), Ok("alice"), "a document that is one child");
}

#[test]
fn what_was_changed_is_not_believed() {
    let good = signed(TWO);
    assert!(judged(&good).is_ok(), "control");
    let signature = {
        let (from, to) = (good.find("<ds:Signature ").unwrap(), good.find("</ds:Signature>").unwrap() + 15);
        good[from..to].to_owned()
    };
    let other = signed("<q:e ID=\"e3\">eve</q:e>");
    for (what, text, error) in [
        ("a value", good.replace("alice", "mallory"), XmlError::Digest),
        ("an attribute of the outermost element", good.replace("b=\"2\"", "b=\"3\""), XmlError::Digest),
        ("a child more", good.replace("</p:root>", "<q:e/></p:root>"), XmlError::Digest),
        ("a child less", good.replace("<q:e ID=\"e1\">alice</q:e>", ""), XmlError::Digest),
        ("white space", good.replace("\n <q:e ID=\"e2\"", "\n<q:e ID=\"e2\""), XmlError::Digest),
        ("an envelope around a child", good.replace("<i>bob</i></q:e>", "<i>bob</i></q:e><p:root/>"), XmlError::Digest),
        ("a namespace", good.replace("xmlns:q=\"urn:q\"", "xmlns:q=\"urn:x\""), XmlError::Digest),
        ("no signature", good.replace(&signature, ""), XmlError::NotSigned),
        (
            "the signature elsewhere",
            good.replace(&signature, "").replace("</p:root>", &format!("{signature}</p:root>")),
            XmlError::NotSigned,
        ),
        ("a second signature", good.replace("</p:root>", &format!("{signature}</p:root>")), XmlError::Several),
        (
            "the signature of another document",
            good.replace(&signature, &{
                let (from, to) = (other.find("<ds:Signature ").unwrap(), other.find("</ds:Signature>").unwrap() + 15);
                other[from..to].to_owned()
            }),
            XmlError::Digest,
        ),
        ("a reference to a child", good.replace("URI=\"#name\"", "URI=\"#e1\""), XmlError::Reference),
        ("a reference to everything", good.replace("URI=\"#name\"", "URI=\"\""), XmlError::Reference),
        ("a weak digest", good.replace("2001/04/xmlenc#sha256", "2000/09/xmldsig#sha1"), XmlError::Form),
        ("one identifier twice", good.replace("ID=\"e2\"", "ID=\"e1\""), XmlError::Identifier),
        ("the identifier of the outermost on a child", good.replace("ID=\"e2\"", "Id=\"name\""), XmlError::Identifier),
        ("a document type", format!("<!DOCTYPE x>{good}"), XmlError::Malformed),
        ("an entity bomb", format!("<!DOCTYPE x [<!ENTITY a \"aaaa\">]>{good}"), XmlError::Malformed),
        ("an instruction", good.replace("\n <q:e ID=\"e1\"", "<?x y?>\n <q:e ID=\"e1\""), XmlError::Malformed),
        ("an instruction within a child", good.replace("alice", "al<?x y?>ice"), XmlError::Malformed),
        ("a text between children", good.replace("\n <q:e ID=\"e1\"", "text <q:e ID=\"e1\""), XmlError::Malformed),
        (
            "character data between children",
            good.replace("\n <q:e ID=\"e1\"", "<![CDATA[ ]]><q:e ID=\"e1\""),
            XmlError::Malformed,
        ),
        ("another end", good.replace("</p:root>", "</q:root>"), XmlError::Malformed),
        ("no end", good.replace("</p:root>", ""), XmlError::Malformed),
        ("a second root", format!("{good}<a/>"), XmlError::Malformed),
        ("a text after the end", format!("{good}x"), XmlError::Malformed),
        ("a child that ends twice", good.replace("alice</q:e>", "alice</q:e></q:e>"), XmlError::Malformed),
        ("a quote that stays open", good.replace("x=\"a>b\"", "x=\"a>b"), XmlError::Malformed),
        ("a bad comment", good.replace("\n <q:e ID=\"e1\"", "<!-- a -- b -->\n <q:e ID=\"e1\""), XmlError::Malformed),
        ("an unknown prefix", good.replace("<i>bob</i>", "<z:i>bob</z:i>"), XmlError::Malformed),
        ("a relative namespace", good.replace("<i>bob</i>", "<i xmlns=\"a\">bob</i>"), XmlError::Malformed),
        ("nothing", String::new(), XmlError::Malformed),
    ] {
        let result = judged(&text).map(|read| read.kept);
        assert_eq!(result.as_ref().map_err(|(_, error)| *error), Err(error), "{what}: {result:?}");
    }
    let stranger = PrivateKey::draw(Alg::ES256);
    let result = stream(&good, 64, Some(std::slice::from_ref(stranger.public())));
    assert_eq!(result.unwrap_err().1, XmlError::Signature);
    assert_eq!(stream(&good, 64, Some(&[])).unwrap_err().1, XmlError::Signature, "no key believes nothing");
    for same in
        [good.replace("alice", "al<!-- x -->ice"), good.replace("\n <q:e ID=\"e1\"", "<!-- x -->\n <q:e ID=\"e1\"")]
    {
        assert_eq!(
            judged(&same).unwrap().kept[0].text(),
            Ok("alice"),
            "a comment is no part of what is signed or read"
        );
    }
}

#[test]
fn nothing_is_read_beyond_its_bounds() {
    let child = |bytes: usize| format!("<q:e>{}</q:e>", "x".repeat(bytes));
    assert!(judged(&signed(&child(3000))).is_ok(), "control");
    let many = |count: usize| "<q:e/>".repeat(count);
    assert!(judged(&signed(&many(50))).is_ok(), "control");
    let deep = format!("{}{}", "<p:root>".repeat(ENVELOPES + 1), "</p:root>".repeat(ENVELOPES + 1));
    for text in [
        signed(&child(5000)),
        signed(&many(51)),
        document(&deep),
        format!("<p:root xmlns:p=\"{ROOT}\" a=\"{}\"><q/></p:root>", "a".repeat(TAGS)),
        document(&format!("<q:e a=\"{}\"/>", "=".repeat(5000))),
        document(&format!("<!--{}-->", "x".repeat(70_000))),
        document(&" ".repeat(70_000)),
        format!("<p:root xmlns:p=\"{ROOT}\" a=\"{}\">", ">".repeat(70_000)),
        format!("<p:root xmlns:p=\"{ROOT}\">{}", "<q>".repeat(400_000)),
    ] {
        let keys = text.contains("ds:Signature").then(|| std::slice::from_ref(KEY.public()));
        assert_eq!(stream(&text, 4096, keys).unwrap_err().1, XmlError::TooLarge, "{}", &text[..80]);
    }
}

#[test]
fn a_refusal_says_its_line() {
    let text = signed(TWO).replace("<i>bob</i>", "\n<i><b></i>");
    assert_eq!(stream(&text, 64, None).unwrap_err(), (4, XmlError::Malformed));
    let flaw = |text: &str| match read_stream(text.as_bytes(), BOUNDS, (ROOT, "root"), None, |_| Ok::<_, ()>(Some(())))
    {
        Err(StreamError::Malformed(flaw)) => (flaw.line, flaw.element, flaw.what),
        other => panic!("{other:?}"),
    };
    let one = "<a xmlns=\"urn:a\">\n<b>x</b>\n<c>Atelier & co</c>\n</a>";
    let (line, element, what) = flaw(one);
    assert_eq!((line, element.as_str(), what.contains('&')), (3, "c", true), "{what}");
    let (line, element, what) = flaw(&one.replace("<c>Atelier & co</c>", "<c>"));
    assert_eq!((line, element.as_str(), what), (3, "c", super::flaw::OPEN));
    let inside = document(&format!("\n{one}"));
    assert_eq!((flaw(&inside).0, flaw(&inside).1.as_str()), (4, "c"), "in an envelope too");
}

/// Children of an envelope: elements within elements, with prefixes declared here and there.
fn children() -> impl Strategy<Value = String> {
    let text = "[ a-z\r\n]{0,6}|&amp;|&#13;|<!-- c> -->|<!---->|<![CDATA[<]]>".prop_map(String::from);
    let inner = text.prop_recursive(3, 16, 4, |inner| {
        let declarations = proptest::collection::btree_map("[pqr]", "urn:[12]", 0..3);
        let attributes = proptest::collection::btree_map("(p:|q:|xml:)?[d-f]", "[a-z>'\n]{0,4}", 0..3);
        let names = (prop_oneof![Just(""), Just("p:"), Just("q:")], "[a-c]");
        (names, declarations, attributes, proptest::collection::vec(inner, 0..4)).prop_map(
            |((prefix, local), declared, attributes, children)| {
                let mut tag = format!("{prefix}{local}");
                declared.iter().for_each(|(prefix, uri)| tag += &format!(" xmlns:{prefix}=\"{uri}\""));
                attributes.iter().for_each(|(name, value)| tag += &format!(" {name} = \"{value}\""));
                format!("<{tag} >{}</{prefix}{local}\n>", children.concat())
            },
        )
    });
    let between = "[ \t\n]{0,3}|\r\n|<!-- c -->|<!-- <a> -->";
    proptest::collection::vec((between, inner), 0..5)
        .prop_map(|all| all.into_iter().map(|(between, content)| format!("{between}<w>{content}</w>")).collect())
}

proptest! {
    #[test]
    fn the_tree_and_the_stream_agree(children in children(), bite in 1usize..40, cut in any::<prop::sample::Index>()) {
        prop_assume!(Document::parse(document(&children).as_bytes()).is_ok());
        let text = signed(&children);
        let keys = std::slice::from_ref(KEY.public());
        let tree = Document::parse(text.as_bytes()).unwrap().verify(ROOT, "root", keys).unwrap().into_element();
        let read = stream(&text, bite, Some(keys)).unwrap();
        prop_assert_eq!(read.kept, tree.elements().cloned().collect::<Vec<_>>());
        // Wherever a byte goes missing, neither believes what the other does not.
        let at = cut.index(text.len());
        prop_assume!(text.is_char_boundary(at) && text.is_char_boundary(at + 1));
        let cut = format!("{}{}", &text[..at], &text[at + 1..]);
        let by_tree = Document::parse(cut.as_bytes()).and_then(|document| document.verify(ROOT, "root", keys));
        if let Ok(read) = stream(&cut, bite, Some(keys)) {
            let tree = by_tree.map(super::super::Verified::into_element);
            prop_assert_eq!(tree.map(|tree| tree.elements().cloned().collect::<Vec<_>>()), Ok(read.kept));
        }
    }

    #[test]
    fn any_text_is_read_or_not(text in "[<>a-c/=\"' !\\-\\[\\]?&;#:xmlns]{0,200}") {
        let _ = stream(&text, 5, None);
        let _ = stream(&format!("<p:root xmlns:p=\"{ROOT}\">{text}</p:root>"), 5, None);
    }
}
