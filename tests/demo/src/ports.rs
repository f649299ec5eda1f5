//! Which loopback ports the demo listens on. The portal's is asked for; the others are chosen once, remembered in the
//! folder of the demo, and chosen again only when somebody else has taken them.

use anyhow::{Context, Result, bail};
use preau_rig::{free_port, process::is_free};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The ports of one run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Ports {
    pub preau: u16,
    pub directory: u16,
    pub kiosque: u16,
    pub atelier: u16,
}

impl Ports {
    /// Chooses the ports of this run. The portal listens on `wanted`, or on any free port when it is 0.
    pub fn choose(folder: &Path, wanted: u16) -> Result<Ports> {
        let file = folder.join("ports.json");
        let remembered: Option<Ports> =
            fs::read_to_string(&file).ok().and_then(|text| serde_json::from_str(&text).ok());
        if wanted != 0 && !is_free(wanted) {
            bail!(
                "port {wanted} is taken by another program. End that program, or move the demo: \
                 PREAU_DEMO_PORT=8090 make demo"
            );
        }
        // Asking several times could give the same port twice, since nobody listens yet.
        let mut taken = vec![wanted];
        let mut keep = |old: Option<u16>| -> Result<u16> {
            let mut port = match old {
                Some(port) if is_free(port) => port,
                _ => free_port()?,
            };
            while taken.contains(&port) {
                port = free_port()?;
            }
            taken.push(port);
            Ok(port)
        };
        let ports = Ports {
            preau: if wanted == 0 { keep(remembered.map(|ports| ports.preau))? } else { wanted },
            directory: keep(remembered.map(|ports| ports.directory))?,
            kiosque: keep(remembered.map(|ports| ports.kiosque))?,
            atelier: keep(remembered.map(|ports| ports.atelier))?,
        };
        fs::write(&file, serde_json::to_string_pretty(&ports)?)
            .with_context(|| format!("writing {}", file.display()))?;
        Ok(ports)
    }

    /// The ports by name, for scripts.
    pub fn named(&self) -> BTreeMap<String, u16> {
        let all =
            [("preau", self.preau), ("ldap", self.directory), ("kiosque", self.kiosque), ("atelier", self.atelier)];
        all.into_iter().map(|(name, port)| (name.to_owned(), port)).collect()
    }
}
