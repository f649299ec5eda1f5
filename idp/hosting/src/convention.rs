//! The life of a convention.

use preau_domain::{Convention, ConventionState, Instant, Signatory};

/// What may happen to a convention besides a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It stops for a while.
    Suspend,
    /// It goes on.
    Resume,
    /// It is over, for good.
    End,
}

/// Most guests a convention may allow.
const MOST: u32 = 100_000;

/// Everything that keeps a convention from being one.
pub fn problems_of_convention(convention: &Convention) -> Vec<String> {
    let mut problems = Vec::new();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if convention.id.is_empty() || convention.id.len() > 64 || !convention.id.bytes().all(plain) {
        problems.push("it is named by 1 to 64 of a-z, 0-9 and -".to_owned());
    }
    if convention.from >= convention.until {
        problems.push("it ends before it begins".to_owned());
    }
    if convention.quota == 0 || convention.quota > MOST {
        problems.push(format!("it allows 1 to {MOST} guests"));
    }
    if convention.purposes.is_empty() || convention.data.is_empty() {
        problems.push("it says what for, and which data".to_owned());
    }
    if convention.establishments.is_empty() || convention.establishments.len() > 1_000 {
        problems.push("it names 1 to 1000 establishments of the other party".to_owned());
    }
    if convention.peer.typed && !convention.peer.cards {
        problems.push("lists are written here only where its people come by cards".to_owned());
    }
    if convention.peer.lists_are_typed() && !may_be_typed(convention) {
        problems.push("lists are written here only where its data say « prénom » and « initiale »".to_owned());
    }
    for (what, address) in [("address", &convention.peer.url), ("issuer", &convention.peer.issuer)] {
        if address.is_empty() || address.len() > 512 || address.ends_with('/') && what == "address" {
            problems.push(format!("the {what} of the other party is 1 to 512 characters, without a final slash"));
        }
    }
    problems
}

/// Whether somebody of ours may write a list by it: nobody there signs any, and the data both agreed on are what such a line says.
pub fn may_be_typed(convention: &Convention) -> bool {
    let said = convention.data.join(" ").to_lowercase();
    convention.peer.lists_are_typed() && ["prénom", "initiale"].iter().all(|word| said.contains(word))
}

/// What both parties agree on, in the same letters whoever of them writes it down: `us` is our own public address. Its digest is what each
/// reads to the other before they sign. It leaves out what is each one's own affair: what they call each other, by which keys and services their people
/// come, and for which of their establishments.
pub fn terms(convention: &Convention, us: &str) -> String {
    let plain = |texts: &[String]| {
        let one = |text: &String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut all: Vec<String> = texts.iter().map(one).collect();
        all.sort();
        all
    };
    let mut parties = [us, convention.peer.url.as_str()];
    parties.sort_unstable();
    serde_json::json!([
        "preau-convention-1",
        convention.id,
        parties,
        plain(&convention.purposes),
        plain(&convention.data),
        convention.from.0,
        convention.until.0,
        convention.quota,
    ])
    .to_string()
}

/// The convention with one more signature. Each party signs once, as long as it is not in force or over.
pub fn sign(convention: &Convention, by: Signatory) -> Result<Convention, &'static str> {
    if !matches!(convention.state, ConventionState::Draft | ConventionState::SignedByOne) {
        return Err("only a draft is signed, or what one party signed");
    }
    if convention.signatories.iter().any(|one| one.peer == by.peer) {
        return Err("this party signed already");
    }
    if by.who.trim().is_empty() || by.who.chars().count() > 200 {
        return Err("whoever signs says name and office, at most 200 characters");
    }
    if by.at >= convention.until {
        return Err("its end is past");
    }
    let mut signed = convention.clone();
    signed.signatories.push(by);
    signed.state =
        if signed.signatories.len() == 2 { ConventionState::SignedByBoth } else { ConventionState::SignedByOne };
    Ok(signed)
}

/// What is changed of the text both parties sign; the rest stays as it is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amendment {
    /// What for.
    pub purposes: Option<Vec<String>>,
    /// Which data.
    pub data: Option<Vec<String>>,
    /// From then on.
    pub from: Option<Instant>,
    /// Before then.
    pub until: Option<Instant>,
    /// How many guests.
    pub quota: Option<u32>,
}

/// The convention with another text, which nobody signed yet: until both do, nobody comes in by it, and whoever was its guest stays one. Whose people come, by which
/// provider and from which establishments cannot be changed so: accounts and stops hang on it.
pub fn amend(convention: &Convention, by: Amendment) -> Result<Convention, &'static str> {
    if convention.state == ConventionState::Ended {
        return Err("it is over");
    }
    let Amendment { purposes, data, from, until, quota } = by;
    let amended = Convention {
        purposes: purposes.unwrap_or_else(|| convention.purposes.clone()),
        data: data.unwrap_or_else(|| convention.data.clone()),
        from: from.unwrap_or(convention.from),
        until: until.unwrap_or(convention.until),
        quota: quota.unwrap_or(convention.quota),
        signatories: Vec::new(),
        state: ConventionState::Draft,
        ..convention.clone()
    };
    if terms(&amended, "") == terms(convention, "") {
        return Err("that is the text it has: its signatures stand");
    }
    Ok(amended)
}

/// The convention after that, at that instant. What is over stays over.
pub fn act(convention: &Convention, act: Act, now: Instant) -> Result<Convention, &'static str> {
    use ConventionState::{Ended, SignedByBoth, Suspended};
    let state = match (act, convention.state) {
        (_, Ended) => return Err("it is over"),
        (Act::Suspend, SignedByBoth) => Suspended,
        (Act::Suspend, _) => return Err("only what both signed is suspended"),
        (Act::Resume, Suspended) if now < convention.until => SignedByBoth,
        (Act::Resume, _) => return Err("only what is suspended, and whose end is not past, goes on"),
        (Act::End, _) => Ended,
    };
    Ok(Convention { state, ..convention.clone() })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use preau_domain::{Peer, SourceId};

    pub fn draft() -> Convention {
        Convention {
            id: "cycle3".into(),
            peer: Peer {
                url: "https://ecoles.example".into(),
                name: "ENT des écoles".into(),
                provider: Some(SourceId::new("ecoles")),
                cards: false,
                typed: false,
                issuer: "https://ecoles.example".into(),
                service: None,
                keys: String::new(),
            },
            purposes: vec!["cycle 3".into()],
            data: vec!["prénom".into()],
            establishments: vec!["0990001N".parse().unwrap()],
            ours: vec![],
            from: Instant(0),
            until: Instant(1_000_000),
            quota: 10,
            signatories: vec![],
            state: ConventionState::Draft,
        }
    }

    #[test]
    fn it_is_in_force_when_both_signed_and_only_then() {
        let by = |peer| Signatory { peer, who: "La cheffe".into(), at: Instant(1) };
        let one = sign(&draft(), by(false)).unwrap();
        assert!(!one.in_force(Instant(5)) && one.state == ConventionState::SignedByOne);
        assert!(sign(&one, by(false)).is_err(), "one party does not sign for both");
        let both = sign(&one, by(true)).unwrap();
        assert!(both.in_force(Instant(999_999)) && !both.in_force(Instant(1_000_000)));
        assert!(sign(&both, by(true)).is_err());
        let stopped = act(&both, Act::Suspend, Instant(5)).unwrap();
        assert!(!stopped.in_force(Instant(5)));
        assert!(act(&stopped, Act::Resume, Instant(5)).unwrap().in_force(Instant(5)));
        assert!(act(&stopped, Act::Resume, Instant(1_000_000)).is_err());
        let over = act(&stopped, Act::End, Instant(5)).unwrap();
        for again in [Act::Suspend, Act::Resume, Act::End] {
            assert!(act(&over, again, Instant(5)).is_err());
        }
        assert!(act(&one, Act::Resume, Instant(5)).is_err() && act(&one, Act::Suspend, Instant(5)).is_err());
    }

    #[test]
    fn another_text_is_signed_anew() {
        let by = |peer| Signatory { peer, who: "La cheffe".into(), at: Instant(1) };
        let both = sign(&sign(&draft(), by(false)).unwrap(), by(true)).unwrap();
        let more = || Amendment { quota: Some(11), ..Amendment::default() };
        for one in [&both, &act(&both, Act::Suspend, Instant(5)).unwrap()] {
            let amended = amend(one, more()).unwrap();
            assert!(amended.quota == 11 && amended.signatories.is_empty() && !amended.in_force(Instant(5)));
            let anew = sign(&sign(&amended, by(true)).unwrap(), by(false)).unwrap();
            assert!(anew.in_force(Instant(5)), "control");
        }
        assert!(amend(&both, Amendment::default()).is_err());
        let same = Amendment { purposes: Some(vec![" cycle  3".into()]), ..Amendment::default() };
        assert!(amend(&both, same).is_err(), "the same text is not signed twice");
        assert!(amend(&act(&both, Act::End, Instant(5)).unwrap(), more()).is_err());
    }

    #[test]
    fn both_parties_write_down_the_same_terms() {
        let ours = draft();
        let peer = Peer { url: "https://college.example".into(), name: "ENT du collège".into(), ..ours.peer.clone() };
        let theirs = Convention { peer, purposes: vec!["cycle  3 ".into()], ..draft() };
        let said = |one: &Convention| terms(one, "https://ecoles.example");
        let same = terms(&ours, "https://college.example");
        assert_eq!(said(&theirs), same);
        let all = [
            Convention { id: "cycle4".into(), ..theirs.clone() },
            Convention { purposes: vec!["cycle 3, et le reste".into()], ..theirs.clone() },
            Convention { data: vec!["prénom".into(), "nom".into()], ..theirs.clone() },
            Convention { from: Instant(1), ..theirs.clone() },
            Convention { until: Instant(1_000_001), ..theirs.clone() },
            Convention { quota: 11, ..theirs.clone() },
            // What stands in one text is not what stands in two.
            Convention { data: vec![], purposes: vec!["cycle 3".into(), "prénom".into()], ..theirs.clone() },
        ];
        for other in all {
            assert_ne!(said(&other), same, "{other:?}");
        }
        assert_ne!(terms(&theirs, "https://autre.example"), same, "another party");
    }

    #[test]
    fn lists_are_written_where_nobody_vouches_and_the_data_say_so() {
        let by = |provider: Option<&str>, cards, data: &str| {
            let provider = provider.map(SourceId::new);
            let peer = Peer { provider, cards, typed: true, ..draft().peer };
            Convention { peer, data: vec![data.to_owned()], ..draft() }
        };
        let right = by(None, true, "Prénom, initiale, classe");
        assert!(may_be_typed(&right) && problems_of_convention(&right).is_empty(), "control");
        for wrong in [
            by(None, true, "prénom"),
            by(None, false, "prénom, initiale"),
            by(Some("ecoles"), false, "prénom, initiale"),
        ] {
            assert!(!may_be_typed(&wrong) && problems_of_convention(&wrong).len() == 1, "{wrong:?}");
        }
    }

    #[test]
    fn what_is_no_convention_says_why() {
        assert!(problems_of_convention(&draft()).is_empty(), "control");
        let bad = Convention { id: "Cycle 3".into(), until: Instant(0), quota: 0, purposes: vec![], ..draft() };
        assert_eq!(problems_of_convention(&bad).len(), 4);
    }
}
