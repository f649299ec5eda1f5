//! How messages arrive: by a query, by a form, by an artifact.

use crate::processor::quickest;
use crate::samples::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_keys::jose::{Alg, PrivateKey};
use preau_keys::xml::XmlError;
use preau_saml::bindings::redirect::{MAX_INFLATED, Received, encode};
use preau_saml::bindings::{Artifact, Kind, MAX_RELAY_STATE, post, relay_state};
use preau_saml::messages::{AuthnRequest, Refused, Why};

const STATE: &str = "a b+c&d=é~";

/// The query of a request, signed with the elliptic key or not.
pub fn query(state: Option<&str>, signed: bool) -> String {
    let signer = signed.then_some((&*EC, Alg::ES256));
    let address =
        encode("https://ent.example/saml/sso", Kind::Request, &authn_request().write(), state, signer).unwrap();
    address.split_once('?').unwrap().1.to_owned()
}

/// What a query says, when it is signed by the service.
fn judged(query: &str, key: &PrivateKey) -> Result<(AuthnRequest, Option<String>), Why> {
    let read = || -> Result<_, Refused> {
        let received = Received::read(query)?;
        let request = AuthnRequest::read(received.verified(std::slice::from_ref(key.public()))?)?;
        Ok((request, received.relay_state))
    };
    read().map_err(|refused| refused.why)
}

/// The same query with every parameter encoded in another way, and signed so: as others do, and they are right.
fn by_another(encoding: impl Fn(&str) -> String, key: &PrivateKey, order: [usize; 4]) -> String {
    let ours = query(Some(STATE), true);
    let value =
        |name: &str| ours.split('&').find_map(|one| one.strip_prefix(name)?.strip_prefix('=')).unwrap().to_owned();
    let (message, alg) = (encoding(&value("SAMLRequest")), encoding(&value("SigAlg")));
    let state = encoding("a%20b%2Bc%26d%3D%C3%A9~");
    let signed = format!("SAMLRequest={message}&RelayState={state}&SigAlg={alg}");
    let signature = STANDARD.encode(key.sign(Alg::ES256, signed.as_bytes()).unwrap());
    let signature = signature.replace('+', "%2b").replace('/', "%2f").replace('=', "%3d");
    let parts = [
        format!("SAMLRequest={message}"),
        format!("RelayState={state}"),
        format!("SigAlg={alg}"),
        format!("Signature={signature}"),
    ];
    order.map(|at| parts[at].clone()).join("&")
}

fn lower(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value.chars();
    while let Some(c) = rest.next() {
        out.push(c);
        if c == '%' {
            out.extend(rest.by_ref().take(2).map(|digit| digit.to_ascii_lowercase()));
        }
    }
    out
}

#[test]
fn a_signed_query_is_read_back() {
    for (key, alg) in [(&*RSA, Alg::RS256), (&*RSA, Alg::PS256), (&*EC, Alg::ES256)] {
        let written = authn_request().write();
        for (location, joint) in [("https://ent.example/sso", '?'), ("https://ent.example/sso?x=1", '&')] {
            for state in [Some(STATE), None] {
                let address = encode(location, Kind::Request, &written, state, Some((key, alg))).unwrap();
                assert!(address.starts_with(&format!("{location}{joint}SAMLRequest=")), "{address}");
                let query = address.split_once('?').unwrap().1;
                let expected = (authn_request(), state.map(str::to_owned));
                assert_eq!(judged(query, key), Ok(expected), "{alg:?} {state:?}");
            }
        }
    }
    let ed = PrivateKey::draw(Alg::EdDSA);
    let refused = encode("https://x.example", Kind::Request, "<a/>", None, Some((&ed, Alg::EdDSA)));
    assert_eq!(refused.map_err(|refused| refused.why), Err(Why::Unsupported));
}

#[test]
fn a_signature_covers_the_bytes_that_arrived_however_they_are_encoded() {
    let expected = Ok((authn_request(), Some(STATE.to_owned())));
    let plus = |value: &str| value.replace("%20", "+");
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2]] {
        assert_eq!(judged(&by_another(str::to_owned, &EC, order), &EC), expected, "{order:?}");
        assert_eq!(judged(&by_another(lower, &EC, order), &EC), expected, "lower case, {order:?}");
        assert_eq!(judged(&by_another(plus, &EC, order), &EC), expected, "a plus for a blank, {order:?}");
    }
    // The same values in other bytes are not what was signed.
    let signed = by_another(str::to_owned, &EC, [0, 1, 2, 3]);
    let wrong = Err(Why::Xml(XmlError::Signature));
    for changed in [lower(&signed), signed.replace("a%20b", "a+b"), signed.replace("~", "%7E")] {
        assert_ne!(changed, signed);
        assert_eq!(judged(&changed, &EC), wrong, "{changed}");
    }
}

#[test]
fn a_query_whose_signature_is_not_of_all_of_it_is_refused() {
    let signed = query(Some(STATE), true);
    let wrong = Err(Why::Xml(XmlError::Signature));
    let state = signed.split('&').find(|one| one.starts_with("RelayState=")).unwrap();
    assert!(judged(&signed, &EC).is_ok());
    assert_eq!(judged(&signed, &PrivateKey::draw(Alg::ES256)), wrong, "another key");
    assert_eq!(judged(&signed, &RSA), wrong, "a key of another kind");
    assert_eq!(judged(&signed.replace(&format!("&{state}"), ""), &EC), wrong, "without its state");
    assert_eq!(judged(&signed.replace(state, "RelayState=other"), &EC), wrong, "another state");
    assert_eq!(judged(&format!("{}&RelayState=x", query(None, true)), &EC), wrong, "a state that was added");
    let of_other =
        encode("https://x", Kind::Response, &authn_request().write(), None, Some((&EC, Alg::ES256))).unwrap();
    let other_kind = of_other.split_once('?').unwrap().1.replace("SAMLResponse=", "SAMLRequest=");
    assert_eq!(judged(&other_kind, &EC), wrong, "signed as an answer");
    // Signed over the same parameters in another order.
    let (rest, _) = signed.split_once("&Signature=").unwrap();
    let mut parts: Vec<&str> = rest.split('&').collect();
    parts.reverse();
    let signature = STANDARD.encode(EC.sign(Alg::ES256, parts.join("&").as_bytes()).unwrap());
    let reordered = format!("{}&Signature={}", parts.join("&"), signature.replace('+', "%2B").replace('=', "%3D"));
    assert_eq!(judged(&reordered, &EC), wrong, "signed in another order");
}

#[test]
fn parameters_stand_once_and_are_spelled_plainly() {
    let signed = query(Some(STATE), true);
    let twice = Why::Binding("a parameter is there twice, or oddly spelled");
    for name in ["SAMLRequest", "RelayState", "SigAlg", "Signature"] {
        let one = signed.split('&').find(|one| one.starts_with(name)).unwrap();
        assert_eq!(judged(&format!("{signed}&{one}"), &EC), Err(twice), "{name} twice");
        assert_eq!(judged(&format!("{name}=&{signed}"), &EC), Err(twice), "{name} empty and again");
        let odd = signed.replace(name, &format!("%{:02x}{}", name.as_bytes()[0], &name[1..]));
        assert_eq!(judged(&odd, &EC), Err(twice), "{odd}");
    }
    let both = format!("{signed}&SAMLResponse=x");
    assert_eq!(judged(&both, &EC), Err(Why::Binding("it holds a request and a response")));
    let half = Err(Why::Binding("of SigAlg and Signature one is missing"));
    let (unsigned, _) = signed.split_once("&Signature=").unwrap();
    assert_eq!(judged(unsigned, &EC), half);
    let (unsigned, _) = unsigned.split_once("&SigAlg=").unwrap();
    assert_eq!(judged(unsigned, &EC), Err(Why::Xml(XmlError::NotSigned)));
    assert_eq!(judged(&format!("{unsigned}&Signature=AAAA"), &EC), half);
    assert!(judged(&format!("x=1&{signed}&y=2"), &EC).is_ok(), "others may stand beside");
    for weak in ["xmldsig%23rsa-sha1", "xmldsig%23hmac-sha1", "xmldsig-more%23rsa-md5", ""] {
        let alg = format!("{unsigned}&SigAlg=http%3A%2F%2Fwww.w3.org%2F2000%2F09%2F{weak}&Signature=AAAA");
        assert_eq!(judged(&alg, &EC), Err(Why::Unsupported), "{weak}");
    }
}

#[test]
fn what_inflates_beyond_bounds_is_refused_at_once() {
    let deflated = |xml: &str| {
        let address = encode("https://x", Kind::Request, xml, None, None).unwrap();
        address.split_once('?').unwrap().1.to_owned()
    };
    let inflates = "the message does not inflate, or is too large";
    let fits = format!("<a>{}</a>", "x".repeat(MAX_INFLATED - 7));
    assert!(Received::read(&deflated(&fits)).is_ok());
    let bomb = deflated(&" ".repeat(20 * 1024 * 1024));
    assert!(bomb.len() < 32 * 1024, "{}", bomb.len());
    for query in [deflated(&format!("{fits} ")), bomb] {
        let took = quickest(|| {
            let read = Received::read(&query).err().map(|refused| refused.why);
            assert_eq!(read, Some(Why::Binding(inflates)));
        });
        assert!(took.as_millis() < 50, "{took:?}");
        assert!(Received::read(&deflated("<a></a>")).is_ok(), "what went before leaves nothing behind");
    }
    for (query, why) in [
        ("SAMLRequest=AAAA", Why::Binding(inflates)),
        ("SAMLRequest=%%%", Why::Binding("a value is not percent-encoded")),
        ("SAMLRequest=%FF", Why::Binding("a value is not percent-encoded")),
        ("SAMLRequest=_", Why::Binding("a value is not in base64")),
        ("", Why::Missing("SAMLRequest or SAMLResponse")),
        (&"a&".repeat(40), Why::TooMany),
        (&"a".repeat(40_000), Why::TooLong),
        ("SAMLRequest=&SAMLEncoding=urn:x", Why::Unsupported),
    ] {
        assert_eq!(Received::read(query).err().map(|refused| refused.why), Some(why), "{query:.40}");
    }
}

#[test]
fn a_form_is_read_within_bounds() {
    let written = authn_request().write();
    let field = post::encode(&written);
    let broken: String =
        field.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap().to_owned() + "\r\n").collect();
    for field in [&field, &broken] {
        assert_eq!(AuthnRequest::read(post::decode(field).unwrap().unverified()), Ok(authn_request()));
    }
    let why = |field: &str| post::decode(field).err().unwrap().why;
    assert_eq!(why("PA!"), Why::Binding("the message is not in base64"));
    assert_eq!(why(&"A".repeat(post::MAX_FIELD + 1)), Why::TooLong);
    assert_eq!(why(&post::encode("<a>")), Why::Malformed("the element is not closed"));
    assert_eq!(why(&post::encode("<!DOCTYPE a><a/>")), Why::Malformed("a document type, which nobody reads"));
    let told = post::decode(&post::encode("<a>\n<b>Atelier & co</b></a>")).err().unwrap();
    assert_eq!((told.line, told.element.as_str()), (2, "b"), "{told}");
}

#[test]
fn a_relay_state_is_given_back_as_it_is_or_not_taken() {
    for state in ["", "https://service.example/?a=b", "javascript:alert(1)", "\"><script>"] {
        assert_eq!(relay_state(state), Ok(state));
    }
    for state in ["a\r\nSet-Cookie: b", "\0", &"a".repeat(MAX_RELAY_STATE + 1)] {
        assert!(relay_state(state).is_err(), "{state:.20}");
        let query = format!(
            "{}&RelayState={}",
            query(None, false),
            state.replace('\r', "%0D").replace('\n', "%0A").replace('\0', "%00")
        );
        assert!(Received::read(&query).is_err(), "{state:.20}");
    }
}

#[test]
fn an_artifact_names_its_maker_and_nothing_else() {
    let drawn = Artifact::draw(&Same, IDP, 258);
    let read = Artifact::read(&drawn.encode()).unwrap();
    assert_eq!((&read, read.index()), (&drawn, 258));
    assert!(read.is_of(IDP) && !read.is_of(SP));
    assert!(drawn.encode().starts_with("AAQBA"), "type 4, number 258: {}", drawn.encode());
    let other_type = STANDARD.encode([&[0, 1][..], &[7; 42]].concat());
    for text in ["", "AAQ", &drawn.encode()[1..], &format!("{} ", drawn.encode()), &other_type] {
        assert!(Artifact::read(text).is_none(), "{text}");
    }
    assert!(!format!("{drawn:?}").contains('7'), "the handle is a secret");
}
