//! Asks an address for its document, and keeps the answer once it was found good.

use super::kept::{Kept, Note};
use super::origin::Origin;
use http::header::{ACCEPT, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use http::{Request, StatusCode};
use preau_connector_api::Network;
use preau_domain::{Instant, Seconds};
use preau_egress::Egress;
use preau_saml::metadata::{Before, Read, Rules, read};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Longest document.
const MAX_DOCUMENT: u64 = 256 * 1024 * 1024;
/// Longest value of a header that is kept.
const MAX_HEADER: usize = 512;

/// How often an address is asked: as its document says, within these bounds; once an hour when it says nothing.
const OFTEN: Seconds = Seconds(5 * 60);
const SELDOM: Seconds = Seconds(24 * 3600);
const USUAL: Seconds = Seconds(3600);

/// Reads a document of this machine.
pub(crate) fn read_file(
    path: &Path,
    origin: &Origin,
    now: Instant,
    before: Option<Before>,
    wanted: impl Fn(&str) -> bool,
) -> Result<Read, String> {
    let plain = std::fs::metadata(path).map_err(|error| format!("{}: {error}", path.display()))?.is_file();
    if !plain {
        return Err(format!("{} is no plain file", path.display()));
    }
    let file = std::fs::File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let rules = Rules { now, signers: origin.signers.clone(), longest: origin.longest, before };
    read(BufReader::with_capacity(64 * 1024, file), &rules, wanted).map_err(|error| error.to_string())
}

/// Asks once. What comes is read before it takes the place of the copy; whatever goes wrong is in the note, and leaves the
/// copy alone. Says whether there is another copy now.
pub(crate) async fn refresh(
    egress: &Egress,
    kept: &Kept,
    url: &str,
    network: Network,
    origin: &Origin,
    now: Instant,
) -> (Note, &'static str) {
    let name = origin.kept_as();
    let mut note = kept.note(&name, url);
    let outcome = attempt(egress, kept, url, network, origin, now, &mut note).await;
    let outcome = match outcome {
        Ok(outcome) => {
            note.refused = None;
            note.fresh = Some(now);
            outcome
        }
        Err(why) => {
            note.refused = Some(preau_domain::display_safe(&why, 500));
            note.next = now + OFTEN;
            "refused"
        }
    };
    let _gone = std::fs::remove_file(kept.candidate(&name));
    if let Err(error) = kept.write(&name, &note) {
        tracing::warn!(url, %error, "the note of a document was not kept");
    }
    (note, outcome)
}

/// Fetches a document once, for somebody who looks: it lies in the folder until they take it away, and nothing is noted.
pub(crate) async fn once(egress: &Egress, kept: &Kept, url: &str, network: Network) -> Result<PathBuf, String> {
    let candidate = kept.candidate(&format!("{url}#once"));
    let file = std::fs::File::create(&candidate).map_err(|error| format!("{}: {error}", candidate.display()))?;
    let mut file = BufWriter::new(file);
    let answer = egress.download(request(url, None)?, network, MAX_DOCUMENT, &mut |part| file.write_all(part)).await;
    let answer = answer.map_err(|error| format!("{url}: {error}"))?;
    file.flush().map_err(|error| format!("{}: {error}", candidate.display()))?;
    match answer.status() {
        StatusCode::OK => Ok(candidate),
        status => Err(format!("{url}: the address answers {}", status.as_u16())),
    }
}

async fn attempt(
    egress: &Egress,
    kept: &Kept,
    url: &str,
    network: Network,
    origin: &Origin,
    now: Instant,
    note: &mut Note,
) -> Result<&'static str, String> {
    let name = origin.kept_as();
    let has_copy = kept.copy(&name).exists();
    let request = request(url, if has_copy { Some(note) } else { None })?;
    let candidate = kept.candidate(&name);
    let file = std::fs::File::create(&candidate).map_err(|error| format!("{}: {error}", candidate.display()))?;
    let mut file = BufWriter::new(file);
    let answer = egress
        .download(request, network, MAX_DOCUMENT, &mut |part| file.write_all(part))
        .await
        .map_err(|error| error.to_string())?;
    file.flush().map_err(|error| format!("{}: {error}", candidate.display()))?;
    match answer.status() {
        StatusCode::NOT_MODIFIED if has_copy => {
            note.next = now + rhythm(None, note.valid_until, now);
            return Ok("unchanged");
        }
        StatusCode::OK => {}
        status => return Err(format!("the address answers {}", status.as_u16())),
    }
    let Note { count, created, valid_until, .. } = *note;
    let before = has_copy.then_some(Before { count, created, valid_until });
    let (path, judged) = (candidate.clone(), origin.clone());
    let read = tokio::task::spawn_blocking(move || read_file(&path, &judged, now, before, |_| false))
        .await
        .map_err(|error| error.to_string())??;
    kept.accept(&name).map_err(|error| error.to_string())?;
    let header = |name: HeaderName| header(answer.headers(), name);
    note.etag = header(ETAG);
    note.last_modified = header(LAST_MODIFIED);
    note.count = read.count;
    note.created = read.created;
    note.valid_until = read.valid_until;
    note.next = now + rhythm(read.cache_duration, read.valid_until, now);
    Ok("taken")
}

fn request(url: &str, known: Option<&Note>) -> Result<Request<()>, String> {
    let mut request = Request::get(url).header(ACCEPT, "application/samlmetadata+xml, application/xml, text/xml");
    if let Some(note) = known {
        if let Some(etag) = &note.etag {
            request = request.header(IF_NONE_MATCH, etag);
        } else if let Some(date) = &note.last_modified {
            request = request.header(IF_MODIFIED_SINCE, date);
        }
    }
    request.body(()).map_err(|error| error.to_string())
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    (value.len() <= MAX_HEADER).then(|| value.to_owned())
}

/// How long until an address is asked again: as its document says, and twice before its time is over, within bounds.
fn rhythm(cache_duration: Option<Seconds>, valid_until: Option<Instant>, now: Instant) -> Seconds {
    let said = cache_duration.unwrap_or(USUAL).0;
    let left = valid_until.map_or(i64::MAX, |until| (until - now) / 2000);
    Seconds(said.min(left).clamp(OFTEN.0, SELDOM.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_asked_as_its_document_says_within_bounds() {
        let now = Instant(1_000_000_000_000);
        let until = |seconds: i64| Some(now + Seconds(seconds));
        for (cache, until, seconds) in [
            (None, None, 3600),
            (Some(Seconds(7200)), None, 7200),
            (Some(Seconds(1)), None, 300),
            (Some(Seconds(86_400 * 30)), None, 86_400),
            (Some(Seconds(7200)), until(3600), 1800),
            (None, until(-10), 300),
        ] {
            assert_eq!(rhythm(cache, until, now), Seconds(seconds), "{cache:?} {until:?}");
        }
    }
}
