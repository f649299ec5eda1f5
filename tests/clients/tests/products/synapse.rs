//! Synapse, the server of Matrix: OpenID Connect by its own code.

use crate::{block, mount, run, secret_file};
use anyhow::{Context, Result, ensure};
use preau_clients::Workshop;
use preau_rig::free_port;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use std::fs;

#[tokio::test]
async fn synapse_takes_a_pupil_under_an_opaque_name_and_hears_the_end_of_the_session() -> Result<()> {
    // It believes providers over TLS alone.
    let workshop = Workshop::open("product-synapse")?;
    let port = free_port()?;
    let url = format!("http://localhost:{port}");
    let element = format!("{url}/element");
    let more = ["--url", url.as_str(), "--param", &format!("url_element={element}")];
    let printed = block(&mount(&workshop, "matrix", &more).await?, "yaml")?;
    let secret = secret_file(&workshop, "matrix").display().to_string();
    let folder = workshop.folder().join("synapse");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("homeserver.yaml"), around(port) + &printed.replace("/etc/synapse/client-secret", &secret))?;
    let believed = [("SSL_CERT_FILE", workshop.authority().display().to_string())];
    let program = "bin/python -m synapse.app.homeserver -c homeserver.yaml";
    let _synapse = run(&folder, port, &format!("{program} --generate-keys && exec {program}"), &believed)?;

    let mut visitor = workshop.visitor()?;
    let pupil = workshop.account("pupil-6e");
    let asked = format!("{url}/_matrix/client/v3/login/sso/redirect?redirectUrl={element}");
    let page = visitor.sign_in(&asked, pupil).await?;
    let token = page.url.query_pairs().find(|(key, _)| key == "loginToken").map(|(_, token)| token.into_owned());
    let token = token.with_context(|| format!("{}: {}", page.url, page.words()))?;
    let client = Client::new();
    let said = json!({ "type": "m.login.token", "token": token });
    let answer = client.post(format!("{url}/_matrix/client/v3/login")).body(said.to_string()).send().await?;
    let login: Value = serde_json::from_str(&answer.error_for_status()?.text().await?)?;
    let (user, access) = (login["user_id"].as_str(), login["access_token"].as_str());
    let (user, access) = (user.context("a name")?, access.context("a token")?);
    let profile = client.get(format!("{url}/_matrix/client/v3/profile/{user}")).bearer_auth(access).send().await?;
    let profile: Value = serde_json::from_str(&profile.text().await?)?;
    assert_eq!(profile["displayname"], pupil.name.as_str(), "{profile}");
    let family = pupil.name.split_whitespace().last().unwrap_or_default().to_lowercase();
    ensure!(user.len() > 30 && !user.contains(&family), "the name that other servers see says nothing: {user}");

    let who = || client.get(format!("{url}/_matrix/client/v3/account/whoami")).bearer_auth(access).send();
    ensure!(who().await?.status() == StatusCode::OK);
    let home = visitor.open(workshop.base()).await?;
    visitor.send(&home.form_to("/sign-out")?).await?;
    ensure!(who().await?.status() == StatusCode::UNAUTHORIZED, "the session ends there too");
    Ok(())
}

/// What Synapse is told of itself. It may lead back to Element without asking.
fn around(port: u16) -> String {
    format!(
        "server_name: ecole.example\npublic_baseurl: http://localhost:{port}/\npid_file: synapse.pid\n\
         signing_key_path: signing.key\nmedia_store_path: media\nreport_stats: false\n\
         macaroon_secret_key: m-0123456789abcdef\nform_secret: f-0123456789abcdef\ntrusted_key_servers: []\n\
         database: {{ name: sqlite3, args: {{ database: synapse.db }} }}\n\
         listeners:\n  - {{ port: {port}, type: http, bind_addresses: [127.0.0.1], resources: [{{ names: [client] }}] }}\n\
         sso: {{ client_whitelist: [\"http://localhost:{port}/\"] }}\n"
    )
}
