//! What is made to cost time and memory: each bomb is refused in less than fifty milliseconds of a processor, and none makes the process grow by
//! more than a few times what a message may weigh (SAML-31, SAML-32). A process of its own, so that its memory can be told.

mod processor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use miniz_oxide::deflate::compress_to_vec;
use preau_domain::Instant;
use preau_keys::xml::Document;
use preau_saml::bindings::redirect::Received;
use preau_saml::metadata::{self, Rules};
use processor::quickest;
use std::time::Duration;

/// The most memory this process ever held, in MiB.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells that");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") >> 10
}

fn deep(levels: usize) -> String {
    format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels))
}

/// What stands inside an element, whatever it is.
fn contents() -> Vec<(&'static str, String)> {
    let attributes: String = (0..20_000).map(|n| format!(" a{n}=\"\"")).collect();
    let namespaces: String = (0..20_000).map(|n| format!(" xmlns:a{n}=\"urn:{n}\"")).collect();
    let inside: String = (0..2_000).map(|n| format!("<a xmlns:b{n}=\"u:\">")).collect();
    vec![
        ("deep", deep(35_000)),
        ("attributes", format!("<a{attributes}/>")),
        ("namespaces", format!("<a{namespaces}/>")),
        ("namespaces inside one another", format!("{inside}{}", "</a>".repeat(2_000))),
        ("never closed", "<a>".repeat(80_000)),
    ]
}

/// Refuses each in time; gives the slowest.
fn refused_in_time(bombs: &[(&str, String)], refuses: impl Fn(&str) -> bool) -> Duration {
    let mut slowest = Duration::ZERO;
    for (name, bomb) in bombs {
        let took = quickest(|| assert!(refuses(bomb), "{name}"));
        assert!(took < Duration::from_millis(50), "{name}: {took:?} for {} bytes", bomb.len());
        slowest = slowest.max(took);
    }
    slowest
}

#[test]
fn a_message_that_is_a_bomb_is_refused_in_no_time_and_little_memory() {
    const LAUGHS: &str = "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><a>&b;</a>";
    let mut bombs: Vec<_> = contents().into_iter().map(|(name, inner)| (name, format!("<r>{inner}</r>"))).collect();
    bombs.push(("entities", LAUGHS.to_owned()));
    bombs.push(("elements", format!("<r>{}</r>", "<b/>".repeat(60_000))));
    bombs.push(("text", format!("<r>{}</r>", "a".repeat(300_000))));
    let before = most_memory();
    let slowest = refused_in_time(&bombs, |bomb| Document::parse(bomb.as_bytes()).is_err());
    assert!(Document::parse(b"<r><a/></r>").is_ok(), "control");
    let grown = most_memory() - before;
    assert!(grown <= 16, "{grown} MiB");
    eprintln!("messages: slowest {slowest:?}, {grown} MiB");
}

#[test]
fn a_query_that_inflates_without_end_is_refused_in_no_time_and_little_memory() {
    let deflated = compress_to_vec(&vec![b'a'; 100 * 1024 * 1024], 6);
    let packed: String = url_encoded(&STANDARD.encode(&deflated));
    // What inflates beyond the bound within what a query may weigh, and what weighs too much.
    let within = url_encoded(&STANDARD.encode(compress_to_vec(&vec![b'a'; 8 * 1024 * 1024], 6)));
    let bombs = [("long", format!("SAMLRequest={packed}")), ("short", format!("SAMLRequest={within}"))];
    let before = most_memory();
    let slowest = refused_in_time(&bombs, |query| Received::read(query).is_err());
    let grown = most_memory() - before;
    assert!(grown <= 8, "{grown} MiB");
    eprintln!("queries: slowest {slowest:?}, {grown} MiB");
}

fn url_encoded(base64: &str) -> String {
    base64.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

#[test]
fn metadata_that_are_a_bomb_are_refused_in_no_time_and_little_memory() {
    const ENTITY: &str =
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"https://a.example\">";
    const MANY: &str = "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">";
    let inside = |inner: &str| format!("{ENTITY}<md:Extensions>{inner}</md:Extensions></md:EntityDescriptor>");
    let mut bombs: Vec<_> = contents().into_iter().map(|(name, inner)| (name, inside(&inner))).collect();
    bombs.push(("entities", format!("<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\">]>{}", inside("&a;"))));
    bombs.push(("groups inside one another", MANY.repeat(10_000)));
    bombs.push(("elements", inside(&"<b/>".repeat(300_000))));
    bombs.push(("a document type behind", format!("{ENTITY}<!DOCTYPE a></md:EntityDescriptor>")));
    let rules = Rules { now: Instant(1_788_000_000_000), ..Rules::default() };
    let refuses = |bomb: &str| match metadata::read(bomb.as_bytes(), &rules, |_| true) {
        Err(_) => true,
        Ok(read) => read.entities.is_empty() && !read.refused.is_empty(),
    };
    let before = most_memory();
    let slowest = refused_in_time(&bombs, refuses);
    let grown = most_memory() - before;
    assert!(grown <= 32, "{grown} MiB");
    eprintln!("metadata: slowest {slowest:?}, {grown} MiB");
    // What is long before it is wrong costs what it weighs, and no more memory than one entity may.
    let long = inside(&"a".repeat(20 * 1024 * 1024));
    let before = most_memory();
    let took = quickest(|| assert!(refuses(&long)));
    let grown = most_memory() - before;
    assert!(grown <= 128, "{grown} MiB");
    eprintln!("metadata, text: {took:?}, {grown} MiB");
}
