//! Establishments.

use crate::fixture::{school, uai};
use preau_domain::Establishment;
use preau_store::Store;

/// What is stored is what comes back; writing again replaces.
pub async fn an_establishment_comes_back_whole(store: &dyn Store) {
    assert_eq!(store.establishment(&uai(1)).await.unwrap(), None);
    store.put_establishments(None, &[school(1), school(2)]).await.unwrap();
    assert_eq!(store.establishment(&uai(1)).await.unwrap(), Some(school(1)));
    let renamed = Establishment { name: "Collège \"Neuf\" d'en bas".into(), ..school(1) };
    store.put_establishments(None, std::slice::from_ref(&renamed)).await.unwrap();
    assert_eq!(store.establishment(&uai(1)).await.unwrap(), Some(renamed));
    assert_eq!(store.establishment(&uai(2)).await.unwrap(), Some(school(2)));
}

/// Several at once come ordered by number; unknown ones are passed over, and one asked twice comes once.
pub async fn several_establishments_come_in_order(store: &dyn Store) {
    store.put_establishments(None, &[school(3), school(1), school(2)]).await.unwrap();
    let asked = [uai(3), uai(9), uai(1), uai(3)];
    assert_eq!(store.establishments(&asked).await.unwrap(), [school(1), school(3)]);
    assert!(store.establishments(&[]).await.unwrap().is_empty());
}

/// A thousand are written at once, one more is refused; one given twice is written as given last.
pub async fn a_thousand_establishments_are_written_at_once(store: &dyn Store) {
    let mut schools: Vec<_> = (0..1000).map(school).collect();
    schools[999] = Establishment { name: "Deux fois".into(), ..school(0) };
    store.put_establishments(None, &schools).await.unwrap();
    assert_eq!(store.establishment(&uai(0)).await.unwrap().map(|s| s.name).as_deref(), Some("Deux fois"));
    assert_eq!(store.establishment(&uai(998)).await.unwrap(), Some(school(998)));
    schools.push(school(2000));
    assert!(store.put_establishments(None, &schools).await.is_err());
    assert_eq!(store.establishment(&uai(2000)).await.unwrap(), None);
    store.put_establishments(None, &[]).await.unwrap();
}
