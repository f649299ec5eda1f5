//! `preau sp`: services that speak SAML, mounted from their metadata in one command.
//!
//! What is written is an instance file as anybody could write it; what is said of a release comes out of the real rules, over
//! people who do not exist. Metadata that are not taken are refused with reason, element and line, and nothing is written.

mod report;

use crate::cli::{Failure, SpAddArgs};
use crate::commands::instance::{self, create, mounted, quoted, table_with};
use crate::config::Loaded;
use crate::metadata::fetch::{once, read_file};
use crate::metadata::judged::sound;
use crate::metadata::kept::Kept;
use crate::metadata::origin::{Origin, Place, federation, keys_in};
use crate::metadata::refresh::{Missing, Partners};
use crate::output::say;
use crate::{SystemClock, assembly};
use preau_connector_api::{MountedService, Network};
use preau_domain::{Clock, Population, ServiceId};
use preau_saml::metadata::{Entity, Peers, RequestedAttribute, SpRole};
use preau_saml::names::{binding, nameid};
use preau_web::ServiceTable;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The product a service becomes an installation of.
const PRODUCT: &str = "saml-application";
/// Largest metadata that are copied beside the instance file; larger ones are left where they are.
const MAX_COPY: u64 = 4 * 1024 * 1024;

/// Metadata, and where an instance file finds them.
struct Found {
    entity: Entity,
    /// Lines of the section `[saml]`.
    place: Vec<String>,
    /// What is copied beside the instance file.
    copy: Option<PathBuf>,
}

/// Mounts a service.
pub async fn add(loaded: &Loaded, args: &SpAddArgs) -> Result<(), Failure> {
    preau_keys::install_provider();
    let folder = assembly::instances(loaded);
    let network = if args.private { Network::Private } else { Network::Public };
    let id = |entity: &Entity| args.id.clone().unwrap_or_else(|| id_of(entity));
    let found = find(loaded, args, network).await?;
    let id = id(&found.entity);
    let sp = checked(&found.entity, network).map_err(|what| Failure::new(format!("{}: {what}", args.metadata)))?;
    let file = folder.join(format!("{id}.toml"));
    if file.exists() {
        return Err(Failure::new(format!(
            "{} is there already: take another --id, or remove it first",
            file.display()
        )));
    }
    let place = found.place.iter().map(|line| line.replace("{id}", &id)).collect::<Vec<_>>().join("\n");
    let plain = text(loaded, args, &found.entity, sp, &place, None)?;
    let service = mounted(loaded, &file, &id, &plain)?;
    let chosen = chosen(args, sp, &service)?;
    let text = text(loaded, args, &found.entity, sp, &place, Some(&chosen))?;
    let service = mounted(loaded, &file, &id, &text)?;
    // What the running server would refuse is not written.
    sound(&found.entity, &service, loaded, SystemClock::new().now())
        .map_err(|what| Failure::new(format!("{}: {what} (--encrypt)", args.metadata)))?;
    let table = table_with(loaded, &service)?;
    report::whole(&service, &found.entity, &table, &args.metadata)?;
    instance::tell_unknown(loaded, &service.audience).await?;
    if args.dry_run {
        return say!("\nNothing was written. The instance file would be:\n\n{text}");
    }
    if let Some(source) = &found.copy {
        fs::copy(source, folder.join(format!("{id}.xml")))
            .map_err(|error| Failure::new(format!("{}: {error}", source.display())))?;
    }
    create(&file, &text)?;
    say!("\nWritten: {}. A running server takes it up within seconds.", file.display())
}

/// Reads the metadata from where they are.
async fn find(loaded: &Loaded, args: &SpAddArgs, network: Network) -> Result<Found, Failure> {
    let signers = args.certificate.as_deref().map(keys_in).transpose().map_err(Failure::new)?;
    let entity = args.entity.as_deref();
    let signed = args.certificate.as_ref().map(|file| {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
        format!("metadata_certificates = [{}]", quoted(&file.display().to_string()))
    });
    let now = SystemClock::new().now();
    if let Some(entity_id) = args.metadata.strip_prefix("federation:") {
        let mut why = Vec::new();
        for (name, one) in &loaded.config.saml.federations {
            let origin = federation(loaded, one, entity_id).map_err(Failure::new)?;
            let read = document(loaded, &origin, |name| name == entity_id).await;
            match read.and_then(|read| read.only(Some(entity_id)).map_err(|error| error.to_string())) {
                Ok(entity) => return Ok(Found { entity, place: Vec::new(), copy: None }),
                Err(what) => why.push(format!("{name}: {what}")),
            }
        }
        if why.is_empty() {
            why.push("the configuration names no federation".to_owned());
        }
        return Err(Failure::new(why.join("\n")));
    }
    if args.metadata.starts_with("https://") || args.metadata.starts_with("http://") {
        if network == Network::Public && !args.metadata.starts_with("https://") {
            return Err(Failure::new("metadata are fetched by https; --private allows http"));
        }
        let place = Place::Address(args.metadata.clone(), network);
        let origin = Origin { place, signers, longest: None };
        let read =
            document(loaded, &origin, |name| entity.is_none_or(|entity| entity == name)).await.map_err(Failure::new)?;
        let entity = read.only(entity).map_err(Failure::new)?;
        let mut place = vec![format!("metadata_url = {}", quoted(&args.metadata))];
        place.extend(signed);
        return Ok(Found { entity, place, copy: None });
    }
    let path = std::path::absolute(Path::new(&args.metadata)).map_err(Failure::new)?;
    let origin = Origin { place: Place::File(path.clone()), signers, longest: None };
    let read = read_file(&path, &origin, now, None, |name| entity.is_none_or(|entity| entity == name));
    let at = |what: &dyn std::fmt::Display| Failure::new(format!("{}: {what}", path.display()));
    let read = read.map_err(|what| at(&what))?;
    let small = read.bytes <= MAX_COPY;
    let entity = read.only(entity).map_err(|error| at(&error))?;
    let named = if small { "{id}.xml".to_owned() } else { path.display().to_string() };
    let mut place = vec![format!("metadata = {}", quoted(&named))];
    place.extend(signed);
    Ok(Found { entity, place, copy: small.then_some(path) })
}

/// Reads a document, fetched when it is elsewhere. What was fetched is not kept: the server asks for itself.
async fn document(
    loaded: &Loaded,
    origin: &Origin,
    wanted: impl Fn(&str) -> bool,
) -> Result<preau_saml::metadata::Read, String> {
    let now = SystemClock::new().now();
    let (url, network) = match &origin.place {
        Place::File(path) => return read_file(path, origin, now, None, wanted),
        Place::Address(url, network) => (url, *network),
    };
    let folder = loaded.path(&loaded.config.saml.metadata_dir);
    let kept = Kept::open(folder).map_err(|error| error.to_string())?;
    let egress =
        assembly::egress(loaded).map_err(|_| "calls cannot be made: look at services.trusted_ca_files".to_owned())?;
    let path = once(&egress, &kept, url, network).await?;
    let read =
        read_file(&path, origin, now, None, wanted).map_err(|what| what.replace(&path.display().to_string(), url));
    let _gone = fs::remove_file(&path);
    read
}

/// When assertions are encrypted, as an instance file has it.
pub fn encrypt(said: &str) -> Result<String, String> {
    let known = ["auto", "always", "never"].contains(&said);
    if known { Ok(said.to_owned()) } else { Err("auto, always or never".to_owned()) }
}

/// The entity as a service that can be mounted.
fn checked(entity: &Entity, network: Network) -> Result<&SpRole, String> {
    let missing = "<EntityDescriptor>: `SPSSODescriptor` of SAML 2.0 is missing: it is no service we could answer";
    let sp = entity.sp.as_ref().ok_or(missing)?;
    if let Some(plain) = entity.plain_address().filter(|_| network == Network::Public) {
        return Err(format!("`{plain}` is not https; --private allows it"));
    }
    if sp.acs_by(&[binding::POST, binding::ARTIFACT], None).is_none() {
        return Err("<SPSSODescriptor>: no AssertionConsumerService by HTTP-POST or HTTP-Artifact".to_owned());
    }
    Ok(sp)
}

/// A name for the instance file, from the address answers are sent to.
fn id_of(entity: &Entity) -> String {
    let host = entity
        .sp
        .iter()
        .flat_map(|sp| &sp.acs)
        .find_map(|one| preau_domain::strict_url(&one.location)?.host_str().map(str::to_owned));
    let name: String = host
        .unwrap_or_default()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect();
    let name = name.trim_matches('-').chars().take(64).collect::<String>();
    if name.is_empty() { "service".to_owned() } else { name }
}

/// The attributes to release: those that are named, else those that are asked for.
fn chosen(args: &SpAddArgs, sp: &SpRole, service: &MountedService) -> Result<Vec<String>, Failure> {
    let has = |name: &String| service.release.iter().any(|rule| rule.name == *name);
    if let Some(named) = &args.release {
        if let Some(unknown) = named.iter().find(|name| !has(name)) {
            let all: Vec<&str> = service.release.iter().map(|rule| rule.name.as_str()).collect();
            return Err(Failure::new(format!("{PRODUCT} releases no `{unknown}`; it has {}", all.join(", "))));
        }
        return Ok(named.clone());
    }
    // What the product tells nobody by itself leaves when it is named, not when it is asked for.
    let usual = |name: &str| service.saml.as_ref().is_some_and(|saml| saml.wire(name).is_some());
    let asked = |name: &&str| usual(name) && sp.requested(None).iter().any(|one| report::asks_for(one, name, service));
    Ok(service.release.iter().map(|rule| rule.name.as_str()).filter(asked).map(str::to_owned).collect())
}

/// The instance file.
fn text(
    loaded: &Loaded,
    args: &SpAddArgs,
    entity: &Entity,
    sp: &SpRole,
    place: &str,
    chosen: Option<&[String]>,
) -> Result<String, Failure> {
    let acs = sp
        .acs_by(&[binding::POST], None)
        .or_else(|| sp.acs.first())
        .map(|one| one.location.as_str())
        .unwrap_or_default();
    let origin = preau_domain::strict_url(acs).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    let scope =
        preau_domain::strict_url(&loaded.config.web.public_url).and_then(|url| url.host_str().map(str::to_owned));
    let mut text = format!(
        "# {}, from its SAML metadata.\nconnector = \"{PRODUCT}\"\n",
        preau_domain::display_safe(entity.display_name("fr"), 100)
    );
    if args.private {
        text += "network = \"private\"\n";
    }
    text += &format!(
        "\n[parameters]\nurl = {}\nscope = {}\n",
        quoted(&origin),
        quoted(&scope.unwrap_or_else(|| "localhost".into()))
    );
    let title = |language: &str| args.title.as_deref().unwrap_or_else(|| entity.display_name(language));
    let short = |language: &str| preau_domain::display_safe(title(language), 78);
    text += &format!("\n[title]\nfr = {}\nen = {}\n", quoted(&short("fr")), quoted(&short("en")));
    text += &format!("\n[saml]\nentity_id = {}\n", quoted(&entity.entity_id));
    if !place.is_empty() {
        text += &format!("{place}\n");
    }
    if let Some(kind) = nameid_kind(sp)? {
        text += &format!("nameid = \"{kind}\"\n");
    }
    if let Some(encrypt) = &args.encrypt {
        text += &format!("encrypt = \"{encrypt}\"\n");
    }
    if plain_names(sp.requested(None)) {
        text += "names = \"basic\"\n";
    }
    if let Some(chosen) = chosen {
        let all: Vec<String> = chosen.iter().map(|name| quoted(name)).collect();
        text += &format!("attributes = [{}]\n", all.join(", "));
    }
    text += &audience(&args.whom)?;
    Ok(text)
}

/// What names a person there, when the formats it takes leave the usual one out.
fn nameid_kind(sp: &SpRole) -> Result<Option<&'static str>, Failure> {
    let takes = |format: &str| sp.nameid_formats.iter().any(|one| one == format);
    if sp.nameid_formats.is_empty() || takes(nameid::PERSISTENT) {
        return Ok(None);
    }
    if takes(nameid::TRANSIENT) {
        return Ok(Some("transient"));
    }
    if takes(nameid::UNSPECIFIED) {
        return Ok(Some("unspecified"));
    }
    if takes(nameid::EMAIL) {
        return Ok(Some("email"));
    }
    let formats = sp.nameid_formats.join(", ");
    Err(Failure::new(format!(
        "<NameIDFormat>: it takes {formats} only, and none of persistent, transient, unspecified and emailAddress"
    )))
}

/// Whether it asks for attributes by plain names and for none by a URI.
fn plain_names(requested: &[RequestedAttribute]) -> bool {
    !requested.is_empty() && requested.iter().all(|one| !one.name.contains(':'))
}

/// The audience of the instance file.
fn audience(whom: &[String]) -> Result<String, Failure> {
    let mut text = String::new();
    for who in whom {
        let (profile, place) = instance::whom(who)?;
        let one = Population {
            profiles: profile.into_iter().collect(),
            establishments: place.into_iter().collect(),
            ..Population::default()
        };
        text += &instance::population("allow", &one)?;
    }
    Ok(text)
}

/// Lists the services that speak SAML.
pub async fn list(loaded: &Loaded, as_json: bool) -> Result<(), Failure> {
    let (table, peers, missing) = looked_at(loaded, false).await?;
    let speaking = table.all().iter().filter_map(|door| Some((door, door.saml.as_ref()?)));
    let rows: Vec<(String, String, String)> = speaking
        .map(|(door, saml)| {
            let why = missing.get(door.service.id.as_str()).cloned();
            let found = peers.get(&saml.entity_id).map(|peer| format!("in force, from {}", peer.source));
            let state = why.or(found).unwrap_or_else(|| "no metadata".to_owned());
            (door.service.id.to_string(), saml.entity_id.clone(), state)
        })
        .collect();
    if as_json {
        let rows: Vec<Value> = rows
            .into_iter()
            .map(|(id, entity_id, state)| json!({ "id": id, "entity_id": entity_id, "metadata": state }))
            .collect();
        return say!("{:#}", Value::Array(rows));
    }
    if rows.is_empty() {
        return say!("no service speaks SAML: mount one with `preau sp add METADATA`");
    }
    for (id, entity_id, state) in rows {
        say!("{id:<24} {entity_id}  ({state})")?;
    }
    Ok(())
}

/// Says what is known of one.
pub async fn show(loaded: &Loaded, id: &str) -> Result<(), Failure> {
    let (table, peers, missing) = looked_at(loaded, false).await?;
    let door = table.get(&ServiceId::new(id)).filter(|door| door.saml.is_some());
    let door = door.ok_or_else(|| Failure::new(format!("no service {id} that speaks SAML is mounted")))?;
    let saml = door.saml.as_ref().and_then(|saml| peers.get(&saml.entity_id));
    match saml {
        Some(peer) => report::whole(door, &peer.entity, &table, &peer.source),
        None => Err(Failure::new(missing.get(id).cloned().unwrap_or_else(|| "no metadata".to_owned()))),
    }
}

/// What is mounted and which metadata are in force: by what is on this machine, or after those that are due were asked for.
pub(super) async fn looked_at(loaded: &Loaded, ask: bool) -> Result<(ServiceTable, Arc<Peers>, Missing), Failure> {
    preau_keys::install_provider();
    let table = assembly::table(loaded).map_err(Failure::Config)?;
    let peers = Arc::new(Peers::default());
    let clock = Arc::new(SystemClock::new());
    let mut partners = Partners::new(loaded.clone(), assembly::egress(loaded)?, Arc::clone(&peers), clock);
    let missing = partners.turn(table.all(), ask).await;
    Ok((table, peers, missing))
}

/// Takes one away.
pub fn remove(loaded: &Loaded, id: &str) -> Result<(), Failure> {
    let table = assembly::table(loaded).map_err(Failure::Config)?;
    let door = table.get(&ServiceId::new(id)).filter(|door| door.saml.is_some());
    door.ok_or_else(|| Failure::new(format!("no service {id} that speaks SAML is mounted")))?;
    let folder = assembly::instances(loaded);
    let file = folder.join(format!("{id}.toml"));
    fs::remove_file(&file).map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
    let _absent = fs::remove_file(folder.join(format!("{id}.xml")));
    say!("removed {}: a running server lets go of it within seconds", file.display())
}
