//! A document of metadata: one entity, or the thousands of a federation, read in the memory of one.
//!
//! Only the entities that are asked for are kept, and nothing is given back before the signature over the whole fits. An
//! entity that is wrong takes itself away and no other; what is wrong with the document takes all of it.

use super::entity::{cache_duration, entity_id, valid_until};
use super::{Entity, MetadataError, Reason};
use crate::names::{MD, MDRPI};
use crate::time::instant;
use preau_domain::{Instant, Seconds};
use preau_keys::jose::PublicKey;
use preau_keys::xml::{Bounds, Element, Flaw, Piece, StreamBounds, StreamError, read_stream};
use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::BufRead;

/// How much is read: a country's federation has some ten thousand entities and a hundred megabytes.
const BOUNDS: StreamBounds = StreamBounds {
    bytes: 256 * 1024 * 1024,
    // The longest entities of the world's federations have some thousand nodes.
    child: Bounds { bytes: 4 * 1024 * 1024, nodes: 20_000 },
    children: 200_000,
};
/// Entities kept of one document.
const MAX_KEPT: usize = 10_000;
/// How far the clock of whoever makes documents may be ahead of ours.
const AHEAD: Seconds = Seconds(3600);
/// Entities below which a document may shrink as it likes.
const FEW: usize = 10;

/// What a document must be, to be taken.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The present instant.
    pub now: Instant,
    /// Keys one of which signed it; without it a signature is not looked at.
    pub signers: Option<Vec<PublicKey>>,
    /// It says until when it is valid, and that is no further away.
    pub longest: Option<Seconds>,
    /// The copy in force: one that lost a third of its entities, or is older, is not believed.
    pub before: Option<Before>,
}

/// What is known of the copy in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Before {
    /// How many entities it holds.
    pub count: usize,
    /// When it was made, if it says so (`mdrpi:PublicationInfo`).
    pub created: Option<Instant>,
    /// Until when it is valid.
    pub valid_until: Option<Instant>,
}

impl Before {
    /// Whether a document was made before the copy: by when both were made, where both say it, else by until when both are valid.
    /// A copy whose own time is over keeps nothing away.
    fn is_after(&self, document: &Read, now: Instant) -> bool {
        if self.valid_until.is_some_and(|until| until <= now) {
            return false;
        }
        let later = |copy: Option<Instant>, document: Option<Instant>| Some(document? < copy?);
        later(self.created, document.created).or_else(|| later(self.valid_until, document.valid_until)).unwrap_or(false)
    }
}

/// What was read of a document.
#[derive(Debug, Default)]
pub struct Read {
    /// The entities that were asked for, in its order.
    pub entities: Vec<Entity>,
    /// Those that were asked for and are not taken.
    pub refused: Vec<Refused>,
    /// How many entities it holds.
    pub count: usize,
    /// When the document was made, if it says so and the moment is not to come.
    pub created: Option<Instant>,
    /// Until when the document is valid.
    pub valid_until: Option<Instant>,
    /// For how long a copy is fresh.
    pub cache_duration: Option<Seconds>,
    /// Its length.
    pub bytes: u64,
    /// Whether its signature was checked.
    pub signed: bool,
}

/// An entity that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its name.
    pub entity_id: String,
    /// Why.
    pub error: MetadataError,
}

impl Read {
    /// The one entity of that name, or of the document when it holds one only.
    pub fn only(mut self, asked: Option<&str>) -> Result<Entity, MetadataError> {
        let named = |entity_id: &str| asked.is_none_or(|asked| asked == entity_id);
        if let Some(refused) = self.refused.into_iter().find(|one| named(&one.entity_id)) {
            return Err(refused.error);
        }
        if let Some(at) = self.entities.iter().position(|one| named(&one.entity_id)) {
            return match asked {
                None if self.count > 1 => {
                    let some = self.entities.iter().take(10).map(|one| preau_domain::display_safe(&one.entity_id, 200));
                    Err(MetadataError::whole(Reason::Several(some.collect::<Vec<_>>().join(", "))))
                }
                _ => Ok(self.entities.swap_remove(at)),
            };
        }
        Err(MetadataError::whole(match (asked, self.entities.first()) {
            (Some(asked), _) => Reason::Absent(preau_domain::display_safe(asked, 200)),
            (None, _) => Reason::Other("it holds no entity"),
        }))
    }
}

/// Reads a document and keeps the entities that are `wanted`, by their names.
pub fn read(input: impl BufRead, rules: &Rules, wanted: impl Fn(&str) -> bool) -> Result<Read, MetadataError> {
    let mut seen = HashSet::new();
    let hasher = RandomState::new();
    let (mut count, mut created) = (0, None);
    let keep = |piece: Piece<'_>| -> Result<Option<Result<Entity, Refused>>, MetadataError> {
        if !piece.element.is(MD, "EntityDescriptor") {
            // Extensions and signatures of an envelope; anything else is no metadata.
            let known = piece.element.is(MD, "Extensions") && !piece.around.is_empty();
            if known && piece.around.len() == 1 {
                created = published(piece.element);
            }
            let wrong =
                || MetadataError::at(piece.element, Reason::Other("neither EntityDescriptor nor EntitiesDescriptor"));
            return if known { Ok(None) } else { Err(wrong()) };
        }
        count += 1;
        if piece.around.is_empty() {
            created = piece.element.all(MD, "Extensions").find_map(published);
        }
        let name = entity_id(piece.element)?;
        // By its hash under a key of this process: a name costs eight bytes, and an accident refuses.
        if !seen.insert(hasher.hash_one(name)) {
            return Err(MetadataError::at(piece.element, Reason::Twice(preau_domain::display_safe(name, 200))));
        }
        if !wanted(name) {
            return Ok(None);
        }
        let taken = entity(&piece, rules.now);
        Ok(Some(taken.map_err(|error| Refused { entity_id: name.to_owned(), error })))
    };
    let envelope = (MD, "EntitiesDescriptor");
    let streamed =
        read_stream(input, BOUNDS, envelope, rules.signers.as_deref(), keep).map_err(|error| match error {
            StreamError::Xml(line, error) => MetadataError { line, element: String::new(), reason: error.into() },
            StreamError::Malformed(Flaw { line, element, what }) => {
                let element = preau_domain::display_safe(&element, 60);
                MetadataError { line, element, reason: Reason::Malformed(what) }
            }
            StreamError::Input(error) => MetadataError::whole(Reason::Input(error.kind().to_string())),
            StreamError::Caller(error) => error,
        })?;
    let root = &streamed.root;
    validity(root, rules)?;
    if streamed.kept.len() > MAX_KEPT {
        return Err(MetadataError::at(root, Reason::Many(MAX_KEPT, "entities that are asked for")));
    }
    if let Some(before) = rules.before
        && before.count > FEW
        && count * 3 < before.count * 2
    {
        return Err(MetadataError::at(root, Reason::Shrunk { before: before.count, now: count }));
    }
    let mut found = Read {
        count,
        created: created.filter(|at| *at <= rules.now + AHEAD),
        valid_until: valid_until(root)?,
        cache_duration: cache_duration(root)?,
        bytes: streamed.bytes,
        signed: rules.signers.is_some(),
        ..Read::default()
    };
    if rules.before.is_some_and(|before| before.is_after(&found, rules.now)) {
        return Err(MetadataError::at(root, Reason::Older));
    }
    for one in streamed.kept {
        match one {
            Ok(entity) => found.entities.push(entity),
            Err(refused) => found.refused.push(refused),
        }
    }
    Ok(found)
}

/// When a document was made, as its extensions say.
fn published(extensions: &Element) -> Option<Instant> {
    let said = extensions.all(MDRPI, "PublicationInfo").next()?.attribute("creationInstant")?;
    instant(said)
}

/// One entity, with what the envelopes around it say of its validity.
fn entity(piece: &Piece<'_>, now: Instant) -> Result<Entity, MetadataError> {
    let mut entity = Entity::read(piece.element)?;
    for envelope in piece.around {
        entity.within(valid_until(envelope)?, cache_duration(envelope)?);
    }
    match entity.valid_until {
        Some(until) if until <= now => Err(MetadataError::at(piece.element, Reason::Expired(until.rfc3339()))),
        _ => Ok(entity),
    }
}

/// Whether the document says until when it is valid, as the rules want it, and still is.
fn validity(root: &Element, rules: &Rules) -> Result<(), MetadataError> {
    let wrong = |reason| Err(MetadataError::at(root, reason));
    match (valid_until(root)?, rules.longest) {
        (Some(until), _) if until <= rules.now => wrong(Reason::Expired(until.rfc3339())),
        (Some(until), Some(longest)) if until > rules.now + longest => wrong(Reason::TooLong(until.rfc3339())),
        (None, Some(_)) => wrong(Reason::Timeless),
        _ => Ok(()),
    }
}
