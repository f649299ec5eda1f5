//! What sessions have in common, kept once.

use preau_domain::{Establishment, ServiceId, Uai};
use preau_policy::Decision;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};

type Shared<K, T> = Mutex<HashMap<K, Weak<T>>>;

/// What sessions have in common, kept once: a school is that of all its people, and what opens a service to one of them
/// opens it to most.
#[derive(Default)]
pub(crate) struct Common {
    establishments: Shared<Uai, Establishment>,
    places: Shared<Vec<Uai>, [Arc<Establishment>]>,
    decisions: Shared<ServiceId, Decision>,
}

impl Common {
    /// The establishments of a person as they were read; those that others hold, where they are the same.
    pub fn establishments(&self, read: Vec<Establishment>) -> Arc<[Arc<Establishment>]> {
        let key = read.iter().map(|one| one.uai.clone()).collect();
        let each = read.into_iter().map(|one| one_of(&self.establishments, one.uai.clone(), Arc::new(one)));
        one_of(&self.places, key, each.collect())
    }

    /// A decision about a service, likewise.
    pub fn decision(&self, service: &ServiceId, made: Decision) -> Arc<Decision> {
        one_of(&self.decisions, service.clone(), Arc::new(made))
    }

    /// Lets go of what nobody holds any more.
    pub fn sweep(&self) {
        retain_held(&self.places);
        retain_held(&self.establishments);
        retain_held(&self.decisions);
    }
}

fn one_of<K: Eq + Hash, T: Eq + ?Sized>(known: &Shared<K, T>, key: K, new: Arc<T>) -> Arc<T> {
    // A panic elsewhere leaves the map whole.
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(held) = known.get(&key).and_then(Weak::upgrade).filter(|held| *held == new) {
        return held;
    }
    known.insert(key, Arc::downgrade(&new));
    new
}

fn retain_held<K: Eq + Hash, T: ?Sized>(known: &Shared<K, T>) {
    known.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, weak| weak.strong_count() > 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_policy::Reason;

    #[test]
    fn what_is_the_same_is_kept_once_and_as_long_as_somebody_holds_it() {
        let common = Common::default();
        let shut = preau_policy::Refusal { reason: Reason::NoAffiliation, rule: None, would_change: Vec::new() };
        let decided = |open| match open {
            true => Decision::Allow { rule: "a".into(), affiliations: vec![0] },
            false => Decision::Deny(shut.clone()),
        };
        let (moodle, grr) = (ServiceId::new("moodle"), ServiceId::new("grr"));
        let one = common.decision(&moodle, decided(false));
        assert!(Arc::ptr_eq(&one, &common.decision(&moodle, decided(false))));
        assert!(!Arc::ptr_eq(&one, &common.decision(&grr, decided(false))), "of another service");
        let other = common.decision(&moodle, decided(true));
        assert!(other.allows() && !one.allows(), "nobody is given the answer of another");
        drop((one, other));
        common.sweep();
        assert!(common.decisions.lock().unwrap().is_empty());
    }
}
