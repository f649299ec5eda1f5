//! `preau mount --check`: whether the two sides of a mounted service agree, as far as that can be seen from here.
//!
//! Calls go by the rules of every call of ours: to addresses of the service alone, with TLS that is believed, to public addresses unless the
//! file says otherwise. Nobody signs in: it is asked for its page, and followed to our door, where what it asks for is held
//! against what is registered.

use crate::assembly;
use crate::cli::Failure;
use crate::commands::sp;
use crate::config::Loaded;
use crate::output::say;
use http::StatusCode;
use http::header::LOCATION;
use preau_connector_api::{MountedService, OidcService};
use preau_domain::{ServiceId, display_safe};
use preau_egress::{Egress, EgressError};
use preau_web::ServiceTable;
use std::collections::HashMap;
use url::Url;

/// Addresses of the service a browser is sent along before it is at our door.
const MAX_STEPS: usize = 5;

/// What was found, and whether everything agrees.
#[derive(Default)]
struct Findings {
    failed: bool,
}

impl Findings {
    fn line(&mut self, state: &str, what: &str, found: &str, advice: &str) -> Result<(), Failure> {
        self.failed |= state == "FAIL";
        say!("{state:<4}  {what:<10} {found}")?;
        if advice.is_empty() { Ok(()) } else { say!("      {:<10} → {advice}", "") }
    }

    fn ok(&mut self, what: &str, found: &str) -> Result<(), Failure> {
        self.line("ok", what, found, "")
    }
}

/// Looks at one service, or at all of them.
pub async fn run(loaded: &Loaded, id: Option<&str>) -> Result<(), Failure> {
    let (table, peers, missing) = sp::looked_at(loaded, true).await?;
    let egress = assembly::egress(loaded)?;
    let doors: Vec<_> = match id {
        None => table.all().to_vec(),
        Some(id) => {
            let door = table.get(&ServiceId::new(id));
            vec![door.cloned().ok_or_else(|| Failure::new(format!("no service {id} is mounted: `preau services`")))?]
        }
    };
    let base = loaded.config.web.public_url.trim_end_matches('/');
    let mut findings = Findings::default();
    for door in &doors {
        say!("{} ({}, {})", door.service.id, door.connector, door.service.home)?;
        findings.ok("file", "is sound, and no address of it belongs to another service")?;
        home(&mut findings, &egress, &table, door, base).await?;
        if let Some(oidc) = &door.oidc {
            callbacks(&mut findings, &egress, door, oidc).await?;
        }
        if let Some(saml) = &door.saml {
            match (missing.get(door.service.id.as_str()), peers.get(&saml.entity_id)) {
                (None, Some(peer)) => metadata(&mut findings, door, &peer.entity)?,
                (why, _) => {
                    let why = why.map_or("no metadata", String::as_str);
                    findings.line("FAIL", "metadata", why, "nobody can sign on before they are in force")?;
                }
            }
        }
    }
    if findings.failed { Err(Failure::Found) } else { Ok(()) }
}

/// Asks for its page as a browser would, and follows it as long as it stays at home.
async fn home(
    findings: &mut Findings,
    egress: &Egress,
    table: &ServiceTable,
    door: &MountedService,
    base: &str,
) -> Result<(), Failure> {
    let mut at = door.service.home.clone();
    for _ in 0..MAX_STEPS {
        let answer = match egress.look(at.as_str(), door.network).await {
            Ok(answer) => answer,
            Err(error) => return unreached(findings, at.as_str(), &error),
        };
        let secure = if at.scheme() == "https" { "over TLS that is believed" } else { "without TLS" };
        let status = answer.status();
        if status == StatusCode::NOT_FOUND || status.is_server_error() {
            let advice = "the address of the tile is not one of the product: look at parameters.url";
            return findings.line("FAIL", "address", &format!("{at} answers {status}"), advice);
        }
        findings.ok("address", &format!("{at} answers {status} {secure}"))?;
        let next = answer.headers().get(LOCATION).filter(|_| status.is_redirection());
        let Some(next) = next.and_then(|text| at.join(text.to_str().ok()?).ok()) else {
            let told = "it does not send people here by itself: open the tile and sign in to see the rest";
            return if door.speaks() { findings.line("ok", "sign-on", told, "") } else { Ok(()) };
        };
        if let Some(path) = next.as_str().strip_prefix(base).filter(|rest| rest.starts_with('/')) {
            let path = path.split(['?', '#']).next().unwrap_or_default();
            let asked: HashMap<String, String> = next.query_pairs().into_owned().collect();
            return at_our_door(findings, table, door, path, &asked);
        }
        if door.service.trust(next.as_str()).is_none() {
            let whose = display_safe(&next.origin().ascii_serialization(), 100);
            let advice = "it is set to another provider, or calls itself by another address than parameters.url";
            let found = format!("it sends people to {whose}, which is neither here nor one of its own addresses");
            return findings.line("FAIL", "sign-on", &found, advice);
        }
        at = next;
    }
    findings.line("warn", "sign-on", "it sends a browser from page to page, and never here", "")
}

fn unreached(findings: &mut Findings, at: &str, error: &EgressError) -> Result<(), Failure> {
    let advice = match error {
        EgressError::Forbidden(_) => "if it lives on a private network, say network = \"private\" in its file",
        EgressError::Untrusted => "name the authority of its certificate in services.trusted_ca_files",
        EgressError::Unreachable(_) => "is the address right, and can this machine reach it?",
    };
    findings.line("FAIL", "address", &format!("{at}: {error}"), advice)
}

/// Holds what it asks for against what is registered.
fn at_our_door(
    findings: &mut Findings,
    table: &ServiceTable,
    door: &MountedService,
    path: &str,
    asked: &HashMap<String, String>,
) -> Result<(), Failure> {
    let of = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    match path {
        "/cas/login" if door.cas.is_some() => {
            let address = of("service");
            let shown = display_safe(address, 200);
            match table.owner_of(address) {
                Some((owner, _)) if owner.service.id == door.service.id => {
                    findings.ok("sign-on", &format!("it asks for a ticket at {shown}, which belongs to it"))
                }
                Some((owner, _)) => {
                    let found = format!("it asks for a ticket at {shown}, which belongs to {}", owner.service.id);
                    findings.line(
                        "FAIL",
                        "sign-on",
                        &found,
                        "two installations share addresses: give each its own path",
                    )
                }
                None => {
                    let found = format!("it asks for a ticket at {shown}, which belongs to no service");
                    findings.line(
                        "FAIL",
                        "sign-on",
                        &found,
                        "write in parameters.url the address the product calls itself by",
                    )
                }
            }
        }
        "/oidc/authorize" => match &door.oidc {
            Some(oidc) => request(findings, door, oidc, of("client_id"), of("redirect_uri"), of("scope")),
            None => not_mounted_so(findings, "OpenID Connect"),
        },
        "/saml/sso" if door.saml.is_some() => findings.ok("sign-on", "it sends a SAML request here"),
        "/cas/login" => not_mounted_so(findings, "CAS"),
        "/saml/sso" => not_mounted_so(findings, "SAML"),
        other => {
            let found = format!("it sends people to {} of this house, where nobody signs on", display_safe(other, 100));
            findings.line("FAIL", "sign-on", &found, "correct the addresses it was given: `preau connectors` says them")
        }
    }
}

fn not_mounted_so(findings: &mut Findings, protocol: &str) -> Result<(), Failure> {
    let found = format!("it speaks {protocol}, and is mounted as a product that does not");
    findings.line("FAIL", "sign-on", &found, "choose the product, or the protocol on its side, so that they are one")
}

/// A request of OpenID Connect.
fn request(
    findings: &mut Findings,
    door: &MountedService,
    oidc: &OidcService,
    client_id: &str,
    redirect_uri: &str,
    scope: &str,
) -> Result<(), Failure> {
    let id = door.service.id.as_str();
    if client_id != id {
        let found = format!("it calls itself {:?}, and its client_id is {id}", display_safe(client_id, 100));
        return findings.line("FAIL", "sign-on", &found, "correct client_id on its side, or name the instance file so");
    }
    if !oidc.redirect_uris.iter().any(|known| known == redirect_uri) {
        let found = format!("it wants to be answered at {}, which is not registered", display_safe(redirect_uri, 200));
        let advice =
            format!("registered: {}; [oidc] redirect_uris of its file says others", oidc.redirect_uris.join(", "));
        return findings.line("FAIL", "sign-on", &found, &advice);
    }
    findings
        .ok("sign-on", &format!("it comes as {id} and wants to be answered at {redirect_uri}, which is registered"))?;
    let wanted = scope.split(' ').filter(|word| !word.is_empty() && *word != "openid");
    let passed: Vec<&str> = wanted.filter(|word| !oidc.scopes.iter().any(|known| known == word)).collect();
    let unasked: Vec<&str> =
        oidc.scopes.iter().map(String::as_str).filter(|known| !scope.split(' ').any(|word| word == *known)).collect();
    if !passed.is_empty() {
        let found = format!("it asks for the scopes {}, which it may not have", display_safe(&passed.join(" "), 100));
        findings.line("warn", "scopes", &found, "they are passed over")?;
    }
    if !unasked.is_empty() {
        let found = format!("it does not ask for {}", unasked.join(" "));
        findings.line("warn", "scopes", &found, "what belongs to them will not be told to it")?;
    }
    Ok(())
}

/// Whether there is a page where its answers go.
async fn callbacks(
    findings: &mut Findings,
    egress: &Egress,
    door: &MountedService,
    oidc: &OidcService,
) -> Result<(), Failure> {
    let mut absent = Vec::new();
    for uri in &oidc.redirect_uris {
        let Ok(url) = Url::parse(uri) else { continue };
        match egress.look(url.as_str(), door.network).await {
            Ok(answer) if answer.status() == StatusCode::NOT_FOUND => absent.push(uri.as_str()),
            Ok(answer) => {
                return findings.ok("answers", &format!("go to {uri}, where something is ({})", answer.status()));
            }
            Err(error) => return unreached(findings, uri, &error),
        }
    }
    if absent.is_empty() {
        return Ok(());
    }
    let found = format!("go to {}, where nothing is (404)", absent.join(" or "));
    findings.line("warn", "answers", &found, "is the plugin of the product installed, and this its address?")
}

/// Where answers of SAML go.
fn metadata(
    findings: &mut Findings,
    door: &MountedService,
    entity: &preau_saml::metadata::Entity,
) -> Result<(), Failure> {
    findings.ok("metadata", &format!("of {} are in force", display_safe(&entity.entity_id, 200)))?;
    for acs in entity.sp.iter().flat_map(|sp| &sp.acs) {
        let shown = display_safe(&acs.location, 200);
        if door.service.trust(&acs.location).is_some() {
            findings.ok("answers", &format!("go to {shown}, which belongs to it"))?;
        } else {
            let found = format!("go to {shown}, which is not below its own addresses");
            findings.line("warn", "answers", &found, "its metadata say so: is parameters.url its address?")?;
        }
    }
    Ok(())
}
