//! Every bound that a bomb meets, one by one (SAML-31, SAML-32): what just fits is read, and what is larger by one is refused in
//! less than fifty milliseconds of a processor. What has no bound, because none of it is read, is in `wire/reading.rs`.

mod processor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use miniz_oxide::deflate::compress_to_vec;
use preau_domain::Instant;
use preau_keys::xml::{Bounds, Document};
use preau_saml::bindings::post::{self, MAX_FIELD};
use preau_saml::bindings::redirect::{MAX_INFLATED, MAX_QUERY, Received};
use preau_saml::bindings::{MAX_RELAY_STATE, redirect};
use preau_saml::metadata::{self, Rules};
use processor::quickest;
use std::fmt::Write;
use std::time::Duration;

/// A bound: its name, its value, and something of any size.
type Bound = (&'static str, usize, fn(usize) -> String);

fn each(bounds: &[Bound], reads: impl Fn(&str) -> bool) {
    for (name, bound, of) in bounds {
        let (fits, over) = (of(*bound), of(bound + 1));
        assert!(reads(&fits), "{name}: {bound} are read");
        let took = quickest(|| assert!(!reads(&over), "{name}: {} are refused", bound + 1));
        assert!(took < Duration::from_millis(50), "{name}: {took:?}");
    }
}

fn times(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, n| {
        let _ = write!(text, "{}", one(n));
        text
    })
}

fn declared(count: usize, prefix: &str) -> String {
    times(count, |n| format!(" xmlns:{prefix}{n}=\"u:{n}\""))
}

/// A document of so many bytes.
fn long(bytes: usize) -> String {
    format!("<r>{}</r>", "a".repeat(bytes - 7))
}

#[test]
fn saml_31_what_fits_is_read_and_one_more_is_refused() {
    let bounds: &[Bound] = &[
        ("bytes", Bounds::MESSAGE.bytes, long),
        // The document is a node itself, and so is what holds them.
        ("elements", 10_000, |count| format!("<r>{}</r>", "<b/>".repeat(count - 2))),
        ("texts", 10_000, |count| {
            format!("<r>{}{}</r>", "<b/>a".repeat((count - 2) / 2), if count % 2 == 0 { "" } else { "<b/>" })
        }),
        ("elements inside one another", 64, |count| format!("{}{}", "<a>".repeat(count), "</a>".repeat(count))),
        ("attributes of an element", 100, |count| format!("<r{}/>", times(count, |n| format!(" a{n}=\"\"")))),
        ("declarations of an element", 100, |count| format!("<r{}/>", declared(count, "a"))),
        ("attributes and declarations", 100, |count| format!("<r{} b=\"\"/>", declared(count - 1, "a"))),
        ("declarations around an element", 100, |count| {
            format!("<r{}><b{}/></r>", declared(50, "a"), declared(count - 50, "b"))
        }),
        ("equals signs of a tag", 250, |count| format!("<r a=\"{}\"/>", "=".repeat(count - 1))),
        // A hundred are in scope for each of them, and ten for each node are looked at.
        ("declarations among many", 999, |count| {
            format!("<r{}>{}</r>", declared(99, "a"), "<b xmlns:c=\"u:c\"/>".repeat(count))
        }),
    ];
    each(bounds, |text| Document::parse(text.as_bytes()).is_ok());
    let field = |text: &str| post::decode(&STANDARD.encode(text)).is_ok();
    each(&[("bytes of a message in a form", Bounds::MESSAGE.bytes, long)], field);
    let blanks: Bound = ("a field", MAX_FIELD, |count| format!("{}{}", STANDARD.encode("<r/>"), " ".repeat(count - 8)));
    each(&[blanks], |field| post::decode(field).is_ok());
}

fn in_a_query(message: &str) -> String {
    STANDARD.encode(compress_to_vec(message.as_bytes(), 6)).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

#[test]
fn saml_32_what_fits_is_inflated_and_one_more_is_refused() {
    let reads = |query: &str| redirect::Received::read(query).is_ok();
    each(&[("bytes inflated", MAX_INFLATED, long)], |message| reads(&format!("SAMLRequest={}", in_a_query(message))));
    let small = format!("SAMLRequest={}", in_a_query("<r/>"));
    let rest = |more: &str, query: &dyn Fn(&str) -> bool| query(&format!("{small}{more}"));
    each(&[("parameters", 30, |count| "&x=1".repeat(count - 1))], |more| rest(more, &reads));
    each(&[("relay state", MAX_RELAY_STATE, |count| "r".repeat(count))], |state| {
        rest(&format!("&RelayState={state}"), &reads)
    });
    let filled: Bound = ("bytes of a query", MAX_QUERY, |count| {
        let small = format!("SAMLRequest={}&x=", in_a_query("<r/>"));
        format!("{small}{}", "x".repeat(count - small.len()))
    });
    each(&[filled], reads);
    // 100 KiB that would inflate to 100 MiB: the query is too long, and what would fit a query stops at 64 KiB.
    let bomb = in_a_query(&long(8 << 20));
    assert!(bomb.len() < MAX_QUERY && Received::read(&format!("SAMLRequest={bomb}")).is_err());
}

#[test]
fn saml_31_metadata_that_fit_are_read_and_one_more_is_refused() {
    const MANY: &str = "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">";
    let bounds: &[Bound] = &[("groups inside one another", 8, |count| {
        format!("{}{}", MANY.repeat(count), "</md:EntitiesDescriptor>".repeat(count))
    })];
    let rules = || Rules { now: Instant(1_788_000_000_000), ..Rules::default() };
    each(bounds, |text| metadata::read(text.as_bytes(), &rules(), |_| true).is_ok());
}
