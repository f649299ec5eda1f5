//! An entry as the LDAP library hands it over, for the ENT schema to read.

use ldap3::ResultEntry;
use ldap3::asn1::{PL, StructureTag};
use preau_ent::Entry;

/// Takes an entry apart; `None` if it is not one. The shape was checked on the wire, see [`crate::ber`].
pub(crate) fn take(raw: ResultEntry) -> Option<Entry> {
    if raw.is_ref() || raw.is_intermediate() {
        return None;
    }
    let mut parts = raw.0.expect_constructed()?.into_iter();
    let dn = text(parts.next()?)?;
    let mut attributes = Vec::new();
    for attribute in parts.next()?.expect_constructed()? {
        let mut parts = attribute.expect_constructed()?.into_iter();
        let name = text(parts.next()?)?;
        let values = parts.next()?.expect_constructed()?;
        attributes.push((name, values.into_iter().map(octets).collect::<Option<_>>()?));
    }
    Some(Entry::new(dn, attributes))
}

fn octets(tag: StructureTag) -> Option<Vec<u8>> {
    match tag.payload {
        PL::P(bytes) => Some(bytes),
        PL::C(_) => None,
    }
}

fn text(tag: StructureTag) -> Option<String> {
    String::from_utf8(octets(tag)?).ok()
}
