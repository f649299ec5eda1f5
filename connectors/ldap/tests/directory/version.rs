//! A directory that keeps change numbers says when nothing changed, and says otherwise as soon as anything did.

use crate::support::Annuaire;
use preau_connector_api::Connector;

async fn version(connector: &Connector) -> Option<String> {
    connector.directory.as_ref()?.version().await
}

#[tokio::test]
async fn the_version_changes_when_an_entry_or_a_setting_does() {
    let annuaire = Annuaire::start("ldap-version");
    let connector = annuaire.connector();
    let before = version(&connector).await.expect("this directory keeps change numbers");
    assert_eq!(version(&connector).await, Some(before.clone()));
    assert_eq!(version(&annuaire.connector()).await, Some(before.clone()), "the same after a restart");
    assert_ne!(version(&annuaire.connector_with("legal_in_charge = true")).await, Some(before.clone()));

    annuaire
        .slapd
        .change("dn: ou=version,dc=ent,dc=example\nchangetype: add\nobjectClass: organizationalUnit\nou: version\n")
        .expect("the administrator may add an entry");
    let after = version(&connector).await.expect("it still does");
    assert_ne!(after, before);
    assert_eq!(version(&connector).await, Some(after));
}

#[tokio::test]
async fn a_directory_that_does_not_answer_has_no_version() {
    let annuaire = Annuaire::start("ldap-no-version");
    let connector = annuaire.connector();
    assert!(version(&connector).await.is_some());
    annuaire.slapd.stop();
    assert_eq!(version(&connector).await, None);
}
