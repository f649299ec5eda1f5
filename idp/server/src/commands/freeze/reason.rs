//! Why somebody is stopped, where that may be several things at once: each freeze adds its own reason, and its thaw takes that one away.

use crate::cli::Failure;
use preau_domain::{Bounded, bounded};

/// Between two reasons.
const BESIDE: &str = " | ";

/// How the reason of a freeze begins.
pub fn beginning(name: &str) -> Result<String, Failure> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if name.is_empty() || name.len() > 40 || !name.bytes().all(plain) {
        return Err(Failure::new("a freeze is named by 1 to 40 letters, digits and -"));
    }
    Ok(format!("frozen {name}:"))
}

/// The reason of a freeze.
pub fn reason(name: &str, why: &str) -> Result<String, Failure> {
    if why.contains('|') {
        return Err(Failure::new("the reason holds a |, which stands between two reasons"));
    }
    match bounded(&format!("{} {}", beginning(name)?, why.trim()), 200) {
        _ if why.trim().is_empty() => Err(Failure::new("the reason is empty")),
        Bounded::Fits(reason) => Ok(reason),
        Bounded::TooLong { .. } => Err(Failure::new("the reason is too long")),
    }
}

/// The reasons that are left without those of a freeze: `None` if it is none of them.
pub fn without(before: &str, begins: &str) -> Option<String> {
    let others: Vec<&str> = before.split(BESIDE).filter(|one| !one.starts_with(begins)).collect();
    (others.len() < before.split(BESIDE).count()).then(|| others.join(BESIDE))
}

/// The reasons with that of a freeze, in place of what it said before.
pub fn with(before: &str, begins: &str, reason: &str) -> String {
    let others = without(before, begins).unwrap_or_else(|| before.to_owned());
    if others.is_empty() { reason.to_owned() } else { format!("{others}{BESIDE}{reason}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_freeze_has_its_own_reason() {
        let (a, b) = (beginning("a").unwrap(), beginning("b").unwrap());
        let by_a = with("a lost phone", &a, "frozen a: one");
        assert_eq!(by_a, "a lost phone | frozen a: one");
        let by_both = with(&by_a, &b, "frozen b: two");
        assert_eq!(with(&by_both, &a, "frozen a: three"), "a lost phone | frozen b: two | frozen a: three");
        assert_eq!(without(&by_both, &a).as_deref(), Some("a lost phone | frozen b: two"));
        assert_eq!(without(&by_a, &b), None);
        assert_eq!(without("frozen b: two", &b).as_deref(), Some(""));
        assert_eq!(with("", &a, "frozen a: one"), "frozen a: one");
        assert!(reason("a", "x | frozen b: y").is_err() && reason("a", " ").is_err() && reason("a:", "x").is_err());
    }
}
