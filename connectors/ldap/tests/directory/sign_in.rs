//! Signing in with a password of the directory.

use crate::support::{Annuaire, passwords};
use preau_connector_api::Verdict;

#[tokio::test]
async fn a_right_password_is_proven_and_a_wrong_one_refused() {
    let annuaire = Annuaire::start("ldap-sign-in");
    let check = passwords(&annuaire.connector());
    for account in &annuaire.summary.accounts {
        let verdict = check.check(&account.login, &account.password).await;
        assert!(matches!(verdict, Ok(Verdict::Proven { .. })), "{}: {verdict:?}", account.role);
        assert_eq!(check.check(&account.login, "nonsense").await, Ok(Verdict::Refused("wrong-password")));
    }
    assert_eq!(check.check("nobody", "nonsense").await, Ok(Verdict::Refused("unknown")));
}
