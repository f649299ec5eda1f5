//! The signatures and encryption of `preau_keys::xml` against `xmlsec1`, whose canonicalisation, signatures and ciphers
//! are somebody else's: what one of the two makes, the other must read. Needs the Debian package `xmlsec1`.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_keys::SystemIds;
use preau_keys::jose::jwe::{DecryptionKey, KeyWrap};
use preau_keys::jose::{Alg, PrivateKey};
use preau_keys::signers::{KeyUse, plan};
use preau_keys::xml::{Bounds, ContentCipher, Document, Piece, StreamBounds, decrypt, encrypt, read_stream, sign};
use preau_keys::{Keyring, Sealer, Signers};
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

const ROOT: &str = "urn:root";
const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";

static RSA: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::draw(Alg::RS256));
static EC: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::draw(Alg::ES256));

/// A folder to work in, and the tool.
struct Bench(tempfile::TempDir);

impl Bench {
    fn new() -> Bench {
        Bench(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    fn key(&self, pkcs8: &[u8]) -> PathBuf {
        let kind = "PRIVATE KEY";
        self.write("key.pem", &format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", STANDARD.encode(pkcs8)))
    }

    /// Runs the tool; what it says if it fails.
    fn xmlsec1(&self, args: &[&str], files: &[&Path]) -> Result<String, String> {
        let out = self.path("out.xml");
        let (command, options) = args.split_first().unwrap();
        let mut tool = Command::new("xmlsec1");
        tool.arg(command).args(options);
        if *command != "--verify" {
            tool.arg("--output").arg(&out);
        }
        let run = tool.args(files).output().expect("xmlsec1 is missing: install the package xmlsec1");
        if !run.status.success() {
            return Err(String::from_utf8_lossy(&run.stderr).into_owned());
        }
        Ok(std::fs::read_to_string(out).unwrap_or_default())
    }

    fn verifies(&self, document: &str, key: &PrivateKey) -> Result<String, String> {
        let (document, key) = (self.write("signed.xml", document), self.key(&key.to_pkcs8()));
        let id = format!("--id-attr:ID={ROOT}:root");
        let id = id.split_once('=').unwrap();
        self.xmlsec1(&["--verify", "--privkey-pem", key.to_str().unwrap(), id.0, id.1], &[&document])
    }
}

/// A document of some content, with what it declares around.
fn document(content: &str) -> String {
    format!(
        "<p:root xmlns:p=\"{ROOT}\" xmlns:q=\"urn:q\" xmlns:xs=\"urn:xs\" xmlns=\"urn:default\" ID=\"name\" q:z=\"1\" b=\"2\" a=\"3\">\
         {content}</p:root>"
    )
}

/// Content that canonicalisation treats in its own ways.
const CONTENTS: &[&str] = &[
    "",
    "text &amp; &lt;more&gt; &#13; \"quoted\" 'so'",
    "<b/>",
    "<b xmlns=\"\"><c xmlns=\"urn:c\"><d xmlns=\"\"/></c></b>",
    "<q:b q:y=\"1\" x=\"&quot;&#9;&#10;&lt;&amp;>'\"><q:c/></q:b>",
    "<q:b xmlns:q=\"urn:other\"><q:c xmlns:q=\"urn:q\"/></q:b><q:d/>",
    "<b xmlns:u=\"urn:unused\" xmlns:v=\"urn:v\" v:x=\"1\"><v:c/><c xmlns:v=\"urn:v\" v:y=\"\"/></b>",
    "before<!-- a comment -->after<![CDATA[<raw> & ]]>",
    "<b xml:lang=\"fr\" xml:space=\"preserve\">  \n\té\u{1f3eb}\r\n</b>",
    "<xs:b xmlns:xsi=\"urn:xsi\" xsi:type=\"xs:string\" z:a=\"1\" y:a=\"2\" a=\"3\" xmlns:y=\"urn:2\" xmlns:z=\"urn:1\"/>",
];

fn template(content: &str, method: &str, prefixes: &str) -> String {
    let list = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let inclusive = match prefixes {
        "" => String::new(),
        some => format!("<ec:InclusiveNamespaces xmlns:ec=\"{list}\" PrefixList=\"{some}\"/>"),
    };
    let signature = format!(
        "<s:Signature xmlns:s=\"http://www.w3.org/2000/09/xmldsig#\"><s:SignedInfo>\
         <s:CanonicalizationMethod Algorithm=\"{list}\">{inclusive}</s:CanonicalizationMethod>\n\
         <s:SignatureMethod Algorithm=\"{method}\"/><s:Reference URI=\"#name\"><s:Transforms>\
         <s:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>\
         <s:Transform Algorithm=\"{list}\">{inclusive}</s:Transform></s:Transforms>\
         <s:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><s:DigestValue/></s:Reference></s:SignedInfo>\
         <s:SignatureValue/></s:Signature>"
    );
    document(&format!("{signature}{content}"))
}

/// Has the tool sign a document, and believes it.
fn theirs(bench: &Bench, content: &str, prefixes: &str, key: &PrivateKey, method: &str) {
    let (template, pem) =
        (bench.write("template.xml", &template(content, method, prefixes)), bench.key(&key.to_pkcs8()));
    let args = ["--sign", "--privkey-pem", pem.to_str().unwrap(), "--id-attr:ID", "urn:root:root"];
    let signed = bench.xmlsec1(&args, &[&template]).unwrap();
    let judged = Document::parse(signed.as_bytes()).unwrap().verify(ROOT, "root", std::slice::from_ref(key.public()));
    assert!(judged.is_ok(), "{judged:?}: {signed}");
}

#[test]
fn what_we_sign_is_believed() {
    let bench = Bench::new();
    for content in CONTENTS {
        for (key, alg) in [(&*RSA, Alg::RS256), (&*EC, Alg::ES256)] {
            let signed = sign(&document(content), ROOT, "root", key, alg, None).unwrap();
            bench.verifies(&signed, key).unwrap_or_else(|error| panic!("{alg:?} {content}: {error}\n{signed}"));
        }
    }
    let signed = sign(&document("<b>alice</b>"), ROOT, "root", &EC, Alg::ES256, None).unwrap();
    assert!(bench.verifies(&signed.replace("alice", "mallory"), &EC).is_err(), "control: the tool looks");
}

#[test]
fn what_the_tool_signs_is_believed() {
    let bench = Bench::new();
    for content in CONTENTS {
        for prefixes in ["", "xs", "#default q xs absent"] {
            theirs(&bench, content, prefixes, &EC, ECDSA_SHA256);
        }
        theirs(&bench, content, "", &RSA, RSA_SHA256);
    }
}

/// Has the tool sign a document whose outermost element holds others of its name, and believes it child by child.
fn theirs_streamed(bench: &Bench, content: &str, prefixes: &str) {
    let template = bench.write("template.xml", &template(content, ECDSA_SHA256, prefixes));
    let pem = bench.key(&EC.to_pkcs8());
    let args = ["--sign", "--privkey-pem", pem.to_str().unwrap(), "--id-attr:ID", "urn:root:root"];
    let signed = bench.xmlsec1(&args, &[&template]).unwrap();
    let bounds = StreamBounds { bytes: 1 << 20, child: Bounds::MESSAGE, children: 1000 };
    let judged = |text: &str| {
        let keep = |piece: Piece<'_>| Ok::<_, ()>(Some(piece.element.clone()));
        let keys = Some(std::slice::from_ref(EC.public()));
        read_stream(text.as_bytes(), bounds, (ROOT, "root"), keys, keep).map(|read| read.kept.len())
    };
    let found = judged(&signed);
    assert!(found.is_ok(), "{found:?}: {signed}");
    let changed = signed.replacen(" a=\"3\"", " a=\"4\"", 1);
    assert!(judged(&changed).is_err(), "control: the digest is looked at");
}

#[test]
fn what_the_tool_signs_is_believed_child_by_child() {
    let bench = Bench::new();
    let all: String = CONTENTS.iter().map(|content| format!("\n <w>{content}</w><!-- c -->")).collect();
    let nested = format!(
        "\r\n<p:root xmlns:q=\"urn:other\" xmlns:u=\"urn:u\" u:x=\"1\">\t{all}<p:root xmlns=\"\"><w/></p:root></p:root>{all}"
    );
    for prefixes in ["", "xs", "#default q xs absent"] {
        theirs_streamed(&bench, &all, prefixes);
        theirs_streamed(&bench, &nested, prefixes);
    }
}

#[test]
fn what_is_encrypted_on_one_side_opens_on_the_other() {
    let bench = Bench::new();
    let key = [DecryptionKey::draw(KeyWrap::RsaOaep256)];
    let pem = bench.key(key[0].to_pkcs8());
    for cipher in [ContentCipher::Aes128Gcm, ContentCipher::Aes256Gcm] {
        let ours = encrypt(&SystemIds, "<a xmlns=\"urn:a\">secret</a>", key[0].public(), cipher).unwrap();
        let ours = bench.write("sealed.xml", &ours);
        let opened = bench.xmlsec1(&["--decrypt", "--privkey-pem", pem.to_str().unwrap()], &[&ours]).unwrap();
        assert!(opened.contains("secret"), "{opened}");
    }
    let (data, sealed) = (
        bench.write("data.xml", "<a xmlns=\"urn:a\">secret</a>"),
        std::fs::read_to_string(bench.path("sealed.xml")).unwrap(),
    );
    // The same document, emptied, is the tool's template.
    let template = sealed.split("<xenc:CipherValue>").enumerate().fold(String::new(), |text, (n, part)| match n {
        0 => part.to_owned(),
        _ => text + "<xenc:CipherValue>" + &part[part.find('<').unwrap()..],
    });
    let template = bench.write("template.xml", &template);
    let args = [
        "--encrypt",
        "--privkey-pem",
        pem.to_str().unwrap(),
        "--session-key",
        "aes-256",
        "--xml-data",
        data.to_str().unwrap(),
    ];
    let theirs = bench.xmlsec1(&args, &[&template]).unwrap();
    let body = theirs.split_once("?>").map_or(theirs.as_str(), |(_, body)| body);
    let holder = Document::parse(format!("<h>{body}</h>").as_bytes()).unwrap();
    assert_eq!(decrypt(holder.unverified(), &key).unwrap().unverified().text(), Ok("secret"));
}

/// Elements within elements, with prefixes declared here and there.
fn content() -> impl Strategy<Value = String> {
    let text = "[ a-z&&[^x]]{0,6}|&amp;|&#13;|<!-- c -->|<![CDATA[<]]>".prop_map(String::from);
    text.prop_recursive(4, 24, 4, |inner| {
        let declarations = proptest::collection::btree_map("[pqr]", "urn:[12]", 0..3);
        let names = (
            prop_oneof![Just(""), Just("p:"), Just("q:")],
            "[a-c]",
            prop::option::of(prop_oneof![Just("urn:3"), Just("")]),
        );
        (
            names,
            declarations,
            proptest::collection::btree_map("(p:|q:|xml:)?[d-f]", "[a-z\"\t\n]{0,4}", 0..3),
            proptest::collection::vec(inner, 0..4),
        )
            .prop_map(|((prefix, local, default), declared, attributes, children)| {
                let mut tag = format!("{prefix}{local}");
                if let Some(uri) = default {
                    tag += &format!(" xmlns=\"{uri}\"");
                }
                for (prefix, uri) in declared {
                    tag += &format!(" xmlns:{prefix}=\"{uri}\"");
                }
                for (name, value) in attributes {
                    let value = value.replace('"', "&quot;").replace('\t', "&#9;").replace('\n', "&#10;");
                    tag += &format!(" {name}=\"{value}\"");
                }
                format!("<{tag}>{}</{prefix}{local}>", children.concat())
            })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn both_have_one_canonical_form(content in content(), prefixes in "((p|q|r|#default) ?){0,3}") {
        let bench = Bench::new();
        // Two prefixes of one namespace may make one attribute twice: then there is no document to speak of.
        prop_assume!(Document::parse(document(&content).as_bytes()).is_ok());
        theirs(&bench, &content, prefixes.trim(), &EC, ECDSA_SHA256);
        let nested = format!("<w>{content}</w> <p:root xmlns:q=\"urn:2\"><w>{content}</w></p:root>");
        prop_assume!(Document::parse(document(&nested).as_bytes()).is_ok());
        theirs_streamed(&bench, &nested, prefixes.trim());
        let signed = sign(&document(&content), ROOT, "root", &EC, Alg::ES256, None).unwrap();
        let believed = bench.verifies(&signed, &EC);
        prop_assert!(believed.is_ok(), "{:?}", believed);
    }
}

#[test]
fn a_key_of_the_house_signs_what_its_certificate_verifies_and_opens_what_is_encrypted_for_it() {
    let (bench, now) = (Bench::new(), preau_domain::Instant(1_800_000_000_000));
    let signers = Signers::new(Sealer::new(&Keyring::ephemeral(b"1")));
    let rows: Vec<_> = plan(&[], now)
        .make
        .iter()
        .filter(|make| !matches!(make.usage, KeyUse::Token(_)))
        .map(|make| signers.row(&SystemIds, make, &PrivateKey::draw(make.usage.kind()), now))
        .collect();
    assert!(rows.len() == 3 && signers.take(&rows).is_empty());
    let pem = |name: &str, der: &[u8]| {
        let kind = "CERTIFICATE";
        bench.write(name, &format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", STANDARD.encode(der)))
    };
    for alg in [Alg::RS256, Alg::ES256] {
        let key = signers.saml(alg, now).unwrap();
        let signed = sign(&document(""), ROOT, "root", &key.private, alg, Some(&key.certificate)).unwrap();
        let (signed, own) = (bench.write("signed.xml", &signed), pem("own.pem", &key.certificate));
        let verify = |trusted: &Path| {
            let trusted = trusted.to_str().unwrap();
            let time = ["--verification-time", "2027-02-01 00:00:00"];
            let args = ["--verify", "--trusted-pem", trusted, time[0], time[1], "--id-attr:ID", "urn:root:root"];
            bench.xmlsec1(&args, &[&signed])
        };
        verify(&own).unwrap_or_else(|said| panic!("{alg:?}: {said}"));
        let other = signers.saml_published(now).signing.into_iter().find(|der| *der != key.certificate).unwrap();
        assert!(verify(&pem("other.pem", &other)).is_err(), "control");
    }
    let opening = signers.saml_published(now).opening;
    let to = preau_keys::xml::public_key_of(&opening[0]).unwrap();
    let sealed = encrypt(&SystemIds, &document("secret"), &to, ContentCipher::Aes256Gcm).unwrap();
    let holder = Document::parse(format!("<h>{sealed}</h>").as_bytes()).unwrap();
    assert!(decrypt(holder.unverified(), &signers.saml_opening()).is_ok());
}
