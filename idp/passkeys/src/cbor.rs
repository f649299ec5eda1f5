//! CBOR, read strictly (CTAP2, section 8): one item, of definite lengths, a few levels deep, no key twice in a map. Values are not
//! decoded; their bytes are.

/// Deepest nesting that is read: authenticators use four.
const DEPTH: usize = 6;
/// Most members of one map or list.
const MEMBERS: u64 = 64;

/// The first item of some bytes, and what stands behind it.
pub(crate) fn item(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = measured(bytes, DEPTH)?;
    bytes.split_at_checked(length)
}

/// The values of a map, of these keys in their order, each as its bytes; none of a key that is not there.
pub(crate) fn values<'a, const N: usize>(map: &'a [u8], keys: [&[u8]; N]) -> Option<[Option<&'a [u8]>; N]> {
    let (5, members, mut body) = head(map)? else { return None };
    let mut found = [None; N];
    for _ in 0..members {
        let (key, behind) = item(body)?;
        let (value, behind) = item(behind)?;
        body = behind;
        if let Some(place) = keys.iter().position(|wanted| *wanted == key) {
            found[place] = Some(value);
        }
    }
    Some(found)
}

/// The bytes of a byte string that is all there is.
pub(crate) fn bytes(item: &[u8]) -> Option<&[u8]> {
    match head(item)? {
        (2, length, body) if u64::try_from(body.len()) == Ok(length) => Some(body),
        _ => None,
    }
}

/// Kind of an item, its number, and what stands behind both. Of lengths that are not said there is none.
fn head(bytes: &[u8]) -> Option<(u8, u64, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (kind, short) = (first >> 5, first & 31);
    let width = match short {
        0..=23 => return Some((kind, u64::from(short), rest)),
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => return None,
    };
    let (number, rest) = rest.split_at_checked(width)?;
    Some((kind, number.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)), rest))
}

/// How many bytes the first item has.
fn measured(whole: &[u8], depth: usize) -> Option<usize> {
    let (kind, number, rest) = head(whole)?;
    let behind = whole.len() - rest.len();
    let depth = depth.checked_sub(1)?;
    match kind {
        0 | 1 | 7 => Some(behind),
        2 | 3 => {
            let length = usize::try_from(number).ok().filter(|length| *length <= rest.len())?;
            if kind == 3 {
                std::str::from_utf8(&rest[..length]).ok()?;
            }
            Some(behind + length)
        }
        4 | 5 => {
            let mut at = behind;
            let mut keys: Vec<&[u8]> = Vec::new();
            for _ in 0..(number <= MEMBERS).then_some(number)? {
                if kind == 5 {
                    let length = measured(&whole[at..], depth)?;
                    let key = &whole[at..at + length];
                    if keys.contains(&key) {
                        return None;
                    }
                    keys.push(key);
                    at += length;
                }
                at += measured(&whole[at..], depth)?;
            }
            Some(at)
        }
        // A tag: no authenticator writes one.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_read_to_its_end_and_no_further() {
        assert_eq!(item(&[0x01, 0x02]), Some((&[0x01][..], &[0x02][..])));
        assert_eq!(
            item(&[0xa1, 0x61, b'a', 0x82, 0x01, 0x20]).map(|(item, rest)| (item.len(), rest.len())),
            Some((6, 0))
        );
        for bad in [&[][..], &[0x42, 1], &[0x9f, 0xff], &[0xc0, 0x01], &[0x61, 0xff], &[0xa1, 0x01], &[0x1c]] {
            assert_eq!(item(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_bomb_is_not_gone_into() {
        assert!(item(&[0x81, 0x81, 0x81, 0x01]).is_some(), "control");
        let nested = [vec![0x81; 5_000], vec![0x01]].concat();
        assert_eq!(item(&nested), None);
        assert_eq!(item(&[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), None);
        assert_eq!(item(&[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0]), None);
    }

    #[test]
    fn a_key_is_given_once() {
        assert!(item(&[0xa2, 0x01, 0x01, 0x02, 0x01]).is_some(), "control");
        assert_eq!(item(&[0xa2, 0x01, 0x01, 0x01, 0x02]), None);
    }

    #[test]
    fn values_are_those_of_the_keys() {
        let map = [0xa2, 0x61, b'a', 0x41, 7, 0x61, b'b', 0x01];
        assert_eq!(values(&map, [b"ab", b"aa", b"ac"]), Some([Some(&[0x01][..]), Some(&[0x41, 7][..]), None]));
        assert_eq!(values(&[0x01], [b"aa"]), None);
        assert_eq!(bytes(&[0x41, 7]), Some(&[7][..]));
        assert_eq!(bytes(&[0x61, b'a']), None);
    }
}
