//! The certificate of whoever calls (RFC 8705), from where it is known to be theirs: from our own TLS listener, or from a
//! proxy in front that is named in the configuration and says it in the header that is named there. A header that anybody
//! else sends counts for nothing.

use crate::Hub;
use http::{Extensions, HeaderMap};
use preau_keys::ClientCertificate;
use std::net::SocketAddr;
use std::sync::Arc;

/// What a listener of ours puts beside each request: the certificate of its connection, or that there is none.
#[derive(Clone, Debug)]
pub struct PeerCertificate(pub Option<Arc<ClientCertificate>>);

/// The certificate that came with a request.
pub(crate) fn shown(
    hub: &Hub,
    headers: &HeaderMap,
    peer: Option<SocketAddr>,
    extensions: &Extensions,
) -> Option<Arc<ClientCertificate>> {
    // On a connection that was asked for a certificate a header says nothing more.
    if let Some(PeerCertificate(own)) = extensions.get() {
        return own.clone();
    }
    let name = hub.config.client_certificate_header.as_ref()?;
    let peer = peer?.ip().to_canonical();
    if !hub.trusted_proxies().iter().any(|proxy| proxy.contains(peer)) {
        return None;
    }
    let mut lines = headers.get_all(name).iter();
    let (line, None) = (lines.next()?.to_str().ok()?, lines.next()) else { return None };
    ClientCertificate::of_header(line).map(Arc::new)
}
