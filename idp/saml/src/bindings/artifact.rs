//! Artifacts (saml-bindings-2.0, 3.6.4.2): type 0x0004 and no other.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_domain::Ids;
use preau_keys::artifact_source;
use std::fmt;

/// The one type of the standard.
const TYPE: [u8; 2] = [0, 4];

/// A ticket for a message: who has it, at which of their addresses, and what only they can know.
#[derive(Clone, PartialEq, Eq)]
pub struct Artifact {
    index: u16,
    source: [u8; 20],
    handle: [u8; 20],
}

impl Artifact {
    /// A new one, of the entity of that name, to be resolved at its address of that number.
    pub fn draw(ids: &dyn Ids, entity_id: &str, index: u16) -> Artifact {
        let mut handle = [0; 20];
        ids.fill(&mut handle);
        Artifact { index, source: artifact_source(entity_id), handle }
    }

    /// Reads one.
    pub fn read(text: &str) -> Option<Artifact> {
        let bytes: [u8; 44] = STANDARD.decode(text).ok()?.try_into().ok()?;
        let (mut source, mut handle) = ([0; 20], [0; 20]);
        source.copy_from_slice(&bytes[4..24]);
        handle.copy_from_slice(&bytes[24..]);
        let index = u16::from_be_bytes([bytes[2], bytes[3]]);
        (bytes[..2] == TYPE).then_some(Artifact { index, source, handle })
    }

    /// Whether the entity of that name made it.
    pub fn is_of(&self, entity_id: &str) -> bool {
        self.source == artifact_source(entity_id)
    }

    /// The number of the address where it is resolved.
    pub fn index(&self) -> u16 {
        self.index
    }

    /// Whether two are the same one belongs to a store, under the digest of this text.
    pub fn encode(&self) -> String {
        STANDARD.encode([&TYPE[..], &self.index.to_be_bytes(), &self.source, &self.handle].concat())
    }
}

impl fmt::Debug for Artifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Artifact").field("index", &self.index).finish_non_exhaustive()
    }
}
