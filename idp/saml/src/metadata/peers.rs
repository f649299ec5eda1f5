//! The entities in force. There is one set in a process: whoever reads metadata puts it, whoever answers a message looks into
//! it. A set is replaced as a whole.

use super::Entity;
use arc_swap::ArcSwap;
use preau_domain::Instant;
use std::collections::HashMap;
use std::sync::Arc;

/// An entity in force, and where it comes from.
#[derive(Clone, Debug)]
pub struct Peer {
    /// What it says of itself.
    pub entity: Entity,
    /// Where that comes from, for people.
    pub source: String,
}

impl Peer {
    /// Whether it may still be used.
    pub fn usable(&self, now: Instant) -> bool {
        !self.entity.expired(now)
    }
}

/// The set.
#[derive(Debug, Default)]
pub struct Peers {
    now: ArcSwap<Set>,
}

#[derive(Debug, Default)]
struct Set {
    by_id: HashMap<String, Arc<Peer>>,
    by_source: HashMap<[u8; 20], Arc<Peer>>,
}

impl Peers {
    /// Puts these in the place of all there were. Of two with one name the first counts.
    pub fn set(&self, peers: impl IntoIterator<Item = Peer>) {
        let mut set = Set::default();
        for peer in peers {
            let peer = Arc::new(peer);
            let source = preau_keys::artifact_source(&peer.entity.entity_id);
            set.by_source.entry(source).or_insert_with(|| Arc::clone(&peer));
            set.by_id.entry(peer.entity.entity_id.clone()).or_insert(peer);
        }
        self.now.store(Arc::new(set));
    }

    /// The entity of that name, byte by byte. Whether it may still be used is [`Peer::usable`]'s matter.
    pub fn get(&self, entity_id: &str) -> Option<Arc<Peer>> {
        self.now.load().by_id.get(entity_id).cloned()
    }

    /// The entity an artifact comes from, by the SHA-1 of its name.
    pub fn by_source(&self, source: &[u8; 20]) -> Option<Arc<Peer>> {
        self.now.load().by_source.get(source).cloned()
    }

    /// All of them, in no order.
    pub fn all(&self) -> Vec<Arc<Peer>> {
        self.now.load().by_id.values().cloned().collect()
    }
}
