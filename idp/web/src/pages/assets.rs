//! The files pages need, embedded in the binary, and the drawings of the tiles.
//!
//! The address of a file carries the digest of its content, so that browsers keep it for ever and a new version is a
//! new address.

use crate::{Door, Fault, FaultKind, Hub, compress};
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::Compression;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use preau_connector_api::Category;
use preau_domain::ServiceId;
use std::sync::{Arc, LazyLock};

/// The one stylesheet.
pub static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("preau", "css", "text/css; charset=utf-8", include_str!("../../assets/preau.css")));
/// The script of all pages, which none needs.
pub static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("preau", "js", "text/javascript; charset=utf-8", include_str!("../../assets/preau.js"))
});

/// The script of the pages that ask for a passkey.
pub static PASSKEYS: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("passkeys", "js", "text/javascript; charset=utf-8", include_str!("../../assets/passkeys.js"))
});

const FAVICON: &str = include_str!("../../assets/favicon.svg");
const ROBOTS: &str = include_str!("../../assets/robots.txt");

const FOR_EVER: &str = "public, max-age=31536000, immutable";
const FOR_A_DAY: &str = "public, max-age=86400";
/// The drawing of a service may change with a reload of the catalogue.
const FOR_AN_HOUR: &str = "public, max-age=3600";
/// What a drawing may do when it is opened as a page of its own: look like itself.
const DRAWING: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// A file whose address names its content.
pub struct Asset {
    stem: &'static str,
    extension: &'static str,
    kind: &'static str,
    content: &'static str,
    /// The same as gzip.
    small: Option<Vec<u8>>,
    path: String,
}

impl Asset {
    fn new(stem: &'static str, extension: &'static str, kind: &'static str, content: &'static str) -> Asset {
        let path = format!("/assets/{stem}-{}.{extension}", version(content));
        let small = compress::gzip(content.as_bytes(), Compression::best());
        Asset { stem, extension, kind, content, small, path }
    }

    /// Its address.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether a name is this file's in some version.
    fn named(&self, name: &str) -> bool {
        let rest = name.strip_prefix(self.stem).and_then(|rest| rest.strip_suffix(self.extension));
        rest.is_some_and(|rest| rest.starts_with('-') && rest.ends_with('.'))
    }
}

fn version(content: &str) -> String {
    preau_keys::fingerprint(content.as_bytes())[..16].to_owned()
}

/// The routes of this concern.
pub fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/assets/{name}", get(asset))
        .route("/icons/{name}", get(icon))
        .route("/favicon.svg", get(|headers: HeaderMap| async move { drawing(&headers, FAVICON, FOR_A_DAY) }))
        .route("/robots.txt", get(|| async { answer("text/plain; charset=utf-8", FOR_A_DAY, ROBOTS) }))
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Fault> {
    let files = [&*STYLE, &*SCRIPT, &*PASSKEYS];
    let file = files.into_iter().find(|file| file.named(&name));
    let file = file.ok_or_else(|| Fault::new(FaultKind::NotFound, "no such asset"))?;
    // A page written before an upgrade asks for the version it knew: it gets the one there is, and no cache keeps it.
    let current = file.path.strip_prefix("/assets/") == Some(name.as_str());
    let small = file.small.clone().filter(|_| compress::reads_gzip(&headers));
    let mut response = compress::answer(file.kind, file.content, small);
    let keep = HeaderValue::from_static(if current { FOR_EVER } else { "no-cache" });
    response.headers_mut().insert(header::CACHE_CONTROL, keep);
    Ok(response)
}

async fn icon(State(hub): State<Arc<Hub>>, Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Fault> {
    let services = hub.services();
    let door = name.strip_suffix(".svg").and_then(|id| services.get(&ServiceId::new(id)));
    let door = door.ok_or_else(|| Fault::new(FaultKind::NotFound, "no such icon"))?;
    Ok(drawing(&headers, &coloured(door), FOR_AN_HOUR))
}

/// The drawing of a service, in the colour of its category where the drawing leaves the colour to the page. An image
/// cannot see the page around it, so the page's colour is written on its root.
pub fn coloured(door: &Door) -> String {
    let svg = &door.icon;
    if !svg.contains("currentColor") || svg.contains(" color=") {
        return svg.clone();
    }
    let ink = match door.category {
        Category::Communication => "#1b5792",
        Category::Production => "#97430a",
        Category::SchoolLife => "#8c2849",
        Category::Information => "#66510f",
        Category::Utilities => "#37494f",
    };
    svg.replacen("<svg", &format!("<svg color=\"{ink}\""), 1)
}

/// An SVG that can do nothing but be looked at.
fn drawing(headers: &HeaderMap, svg: &str, keep: &'static str) -> Response {
    let tag = HeaderValue::from_str(&format!("\"{}\"", version(svg))).ok();
    let known = tag.is_some() && headers.get(header::IF_NONE_MATCH) == tag.as_ref();
    let mut response = if known {
        (StatusCode::NOT_MODIFIED, [(header::CACHE_CONTROL, HeaderValue::from_static(keep))]).into_response()
    } else {
        answer("image/svg+xml", keep, svg.to_owned())
    };
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(DRAWING));
    if let Some(tag) = tag {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

fn answer(kind: &'static str, keep: &'static str, content: impl IntoResponse) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static(keep)),
    ];
    (headers, content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_by_any_of_its_versions_and_no_other_name() {
        assert!(STYLE.named(STYLE.path().strip_prefix("/assets/").unwrap()));
        assert!(STYLE.named("preau-0123456789abcdef.css"));
        for other in ["preau-1.js", "other-1.css", "preau.css", "", "preau-css"] {
            assert!(!STYLE.named(other), "{other}");
        }
    }
}
