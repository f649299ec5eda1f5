//! The life of an account: snapshot, plan, guard, apply.
