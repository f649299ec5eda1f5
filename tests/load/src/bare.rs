//! The yardstick: an axum server that answers one line, built with the same crates and started as a process like the
//! one that is measured.

use anyhow::Result;
use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;

/// Serves until killed.
pub async fn serve(port: u16) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let app = Router::new().route("/", get(|| async { "bonjour\n" }));
    axum::serve(listener, app).await?;
    Ok(())
}
