//! Randomness of the operating system.

use preau_domain::Ids;

/// The production [`Ids`].
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    fn fill(&self, out: &mut [u8]) {
        // The generator fails only when the operating system has no randomness at all. Guessable names would open
        // every door, so there is nothing to go on with.
        aws_lc_rs::rand::fill(out).expect("the operating system gives randomness");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_names_are_not_the_same() {
        assert_ne!(SystemIds.text(26), SystemIds.text(26));
        assert_eq!(SystemIds.text(26).len(), 26);
    }
}
