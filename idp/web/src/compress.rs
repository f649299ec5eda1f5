//! Answers made small for the wire, where that gives nothing away.
//!
//! How small a text becomes tells what it repeats: whoever can put words of theirs beside a secret of ours, and see how long the answer
//! is, guesses the secret letter by letter. So what is compressed is either the same for everybody, or a page that nobody but us put a
//! word into: one that was asked for without a query.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, header};
use std::io::Write;

/// Shorter texts gain nothing.
const LEAST: usize = 600;

/// Whether whoever asks reads gzip.
pub(crate) fn reads_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let refused = |part: &str| {
            let weight = part.strip_prefix("q=").or(part.strip_prefix("Q="));
            weight.is_some_and(|weight| weight.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0))
        };
        named && !parts.any(refused)
    })
}

/// A text as gzip, quickly or as small as it gets; absent where it would gain nothing.
pub(crate) fn gzip(text: &[u8], level: Compression) -> Option<Vec<u8>> {
    if text.len() < LEAST {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 4), level);
    encoder.write_all(text).ok()?;
    encoder.finish().ok().filter(|small| small.len() < text.len())
}

/// An answer of this text, as gzip where that was made.
pub(crate) fn answer(kind: &'static str, text: impl Into<Body>, small: Option<Vec<u8>>) -> Response {
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let vary = (header::VARY, HeaderValue::from_static("accept-encoding"));
    match small {
        Some(small) => {
            ([kind, vary, (header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))], small).into_response()
        }
        None => ([kind, vary], text.into()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn asking(line: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(line))])
    }

    #[test]
    fn only_those_who_read_it_are_written_gzip() {
        for line in ["gzip", "br, GZIP;q=0.5", "deflate, gzip"] {
            assert!(reads_gzip(&asking(line)), "{line}");
        }
        for line in ["", "br", "gzip;q=0", "gzip; q=0.000, br", "xgzip", "gzipped"] {
            assert!(!reads_gzip(&asking(line)), "{line}");
        }
        assert!(!reads_gzip(&HeaderMap::new()));
    }

    #[test]
    fn what_is_made_small_is_the_same_text() {
        let text = "préau ".repeat(500);
        let small = gzip(text.as_bytes(), Compression::fast()).unwrap();
        let mut back = String::new();
        flate2::read::GzDecoder::new(&small[..]).read_to_string(&mut back).unwrap();
        assert!(back == text && small.len() < 200, "{}", small.len());
        assert_eq!(gzip(b"short", Compression::best()), None);
    }
}
