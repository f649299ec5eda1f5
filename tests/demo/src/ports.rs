//! Which loopback ports the demo listens on. The portal's is asked for; the others are chosen once, remembered in the
//! folder of the demo, and chosen again only when somebody else has taken them.

use anyhow::{Context, Result, bail};
use preau_rig::{free_port, process::is_free};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The ports of one run, by name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ports(BTreeMap<String, u16>);

/// The portal.
pub const PORTAL: &str = "preau";
/// The provider in the place of EduConnect.
pub const EDUCONNECT: &str = "educonnect";
/// The annuaire.
pub const DIRECTORY: &str = "ldap";
/// Etherpad, behind its door.
pub const ETHERPAD: &str = "etherpad";
/// The portal of the écoles' own ENT.
pub const ECOLES: &str = "ecoles";
/// Its annuaire.
pub const ECOLES_DIRECTORY: &str = "ecoles-ldap";
/// The portal of the école that has nothing but lists, and its service.
pub const LILAS: &str = "lilas";
pub const LILAS_SITE: &str = "lilas-carnet";

impl Ports {
    /// Chooses the ports of this run: the portal's is `wanted`, or any free one when that is 0; each of `others` keeps
    /// the one it had.
    pub fn choose(folder: &Path, wanted: u16, others: &[&str]) -> Result<Ports> {
        if wanted != 0 && !is_free(wanted) {
            bail!(
                "port {wanted} is taken by another program. End that program, or move the demo: \
                 PREAU_DEMO_PORT=8090 make demo"
            );
        }
        let file = folder.join("ports.json");
        // A file that cannot be read has nothing to say: ports are chosen afresh.
        let remembered: Ports =
            fs::read_to_string(&file).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let mut ports = Ports::default();
        if wanted != 0 {
            ports.0.insert(PORTAL.to_owned(), wanted);
        }
        for name in [PORTAL].into_iter().filter(|_| wanted == 0).chain(others.iter().copied()) {
            let mut port = match remembered.0.get(name) {
                Some(port) if is_free(*port) => *port,
                _ => free_port()?,
            };
            // Nobody listens yet, so the same port may be offered twice.
            while ports.0.values().any(|taken| *taken == port) {
                port = free_port()?;
            }
            ports.0.insert(name.to_owned(), port);
        }
        fs::write(&file, serde_json::to_string_pretty(&ports)?)
            .with_context(|| format!("writing {}", file.display()))?;
        Ok(ports)
    }

    /// The port of this name.
    pub fn of(&self, name: &str) -> u16 {
        self.0.get(name).copied().unwrap_or_else(|| panic!("no port was chosen for {name}"))
    }
}
