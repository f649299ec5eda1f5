//! JupyterHub, notebooks: OpenID Connect by its own `oauthenticator`.

use crate::{block, mount, run, secret_file};
use anyhow::{Context, Result, ensure};
use preau_clients::Workshop;
use preau_rig::free_port;
use serde_json::Value;
use std::fs;

/// A token of a program that looks at JupyterHub.
const LOOKING: &str = "look-0123456789abcdef0123456789abcdef";

#[tokio::test]
async fn jupyterhub_runs_with_what_is_printed_and_a_teacher_comes_in_with_their_groups() -> Result<()> {
    let workshop = Workshop::plain("product-jupyterhub")?;
    let port = free_port()?;
    let url = format!("http://localhost:{port}");
    let printed = block(&mount(&workshop, "jupyterhub", &["--url", &url]).await?, "python")?;
    let secret = secret_file(&workshop, "jupyterhub");
    let printed = printed.replace("/etc/jupyterhub/client-secret", &secret.display().to_string());
    // Nobody's notebook is started: a hub that has no proxy and no server to send people to.
    let around = format!(
        "from jupyterhub.proxy import Proxy\n\
         class NoProxy(Proxy):\n    should_start = False\n    async def add_route(self, *a): pass\n    \
         async def delete_route(self, *a): pass\n    async def get_all_routes(self): return {{}}\n\
         c = get_config()\nc.JupyterHub.proxy_class = NoProxy\nc.JupyterHub.bind_url = c.JupyterHub.hub_bind_url = \"{url}\"\n\
         c.JupyterHub.spawner_class = \"simple\"\n\
         c.JupyterHub.services = [{{\"name\": \"look\", \"api_token\": \"{LOOKING}\"}}]\n\
         c.JupyterHub.load_roles = [{{\"name\": \"look\", \"services\": [\"look\"], \"scopes\": [\"list:users\", \"read:users\"]}}]\n"
    );
    let folder = workshop.folder().join("jupyterhub");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("config.py"), around + &printed)?;
    let key = [("JUPYTERHUB_CRYPT_KEY", "0".repeat(64))];
    let _hub = run(&folder, port, "exec bin/jupyterhub -f config.py", &key)?;

    let checked = workshop.preau(&["mount", "--check", "jupyterhub"])?;
    ensure!(checked.contains("ok    sign-on    it comes as jupyterhub"), "{checked}");
    let mut visitor = workshop.visitor()?;
    visitor.sign_in(&format!("{url}/hub/oauth_login"), workshop.account("teacher")).await?;
    let users = told(&format!("{url}/hub/api/users"), &format!("token {LOOKING}")).await?;
    let [teacher] = users.as_array().map(Vec::as_slice).unwrap_or_default() else {
        anyhow::bail!("one person came: {users:?}")
    };
    let groups: Vec<&str> = teacher["groups"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    ensure!(groups.contains(&"enseignants") && groups.iter().any(|group| group.contains('$')), "{teacher}");
    ensure!(!teacher["name"].as_str().unwrap_or_default().contains('.'), "no login: {teacher}");
    Ok(())
}

/// What an address answers to whoever shows this authorization.
async fn told(url: &str, authorization: &str) -> Result<Value> {
    let answer = reqwest::Client::new().get(url).header("authorization", authorization).send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    ensure!(status.is_success(), "{url} answers {status}: {text}");
    serde_json::from_str(&text).with_context(|| format!("{url} answers {text}"))
}
