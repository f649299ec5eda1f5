//! The planner of PostgreSQL is told of the people a first run writes while it writes them: without it each batch read the whole
//! source.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use crate::Place;
use preau_contract::fixture::{change, sourced};
use preau_store::PersonChange;
use sqlx::{AssertSqlSafe, Connection, PgConnection, query_scalar};

/// How many people the planner believes there are.
async fn believed(place: &Place) -> f32 {
    let mut connection = PgConnection::connect(&place.url).await.unwrap();
    let schema = place.options.schema.as_deref().unwrap();
    let rows = format!("SELECT reltuples FROM pg_class WHERE oid = '{schema}.person'::regclass");
    query_scalar(AssertSqlSafe(rows)).fetch_one(&mut connection).await.unwrap()
}

fn people(from: usize) -> Vec<PersonChange> {
    (from..from + 500).map(|n| change(sourced(&n.to_string()))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_planner_hears_of_a_first_run_while_it_writes() {
    let Some(place) = Place::postgres("the_planner_hears_of_a_first_run") else { return };
    let store = place.open().await;
    store.put_people(None, &people(0)).await.unwrap();
    assert!(believed(&place).await < 500.0, "so few people are not worth a look");
    store.put_people(None, &people(500)).await.unwrap();
    assert_eq!(believed(&place).await, 1_000.0);
}
