//! Stories with products of the catalogue that no one here wrote: each is mounted by `preau mount`, set up with the very lines it
//! prints for the other side, and somebody goes the whole way. Changed is only what a text cannot know: where this machine keeps the
//! secret.

use anyhow::{Context, Result, ensure};
use preau_clients::Workshop;
use preau_rig::{Process, free_port};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A token of a program that looks at JupyterHub.
const LOOKING: &str = "look-0123456789abcdef0123456789abcdef";

#[tokio::test]
async fn jupyterhub_runs_with_what_is_printed_and_a_teacher_comes_in_with_their_groups() -> Result<()> {
    let workshop = Workshop::plain("product-jupyterhub")?;
    let port = free_port()?;
    let url = format!("http://localhost:{port}");
    let printed = mount(&workshop, "jupyterhub", &["--url", &url], "python").await?;
    let secret = workshop.home().join("services/jupyterhub.secret");
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
    let _hub = run(&folder, port, "bin/jupyterhub -f config.py")?;

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

/// Mounts a product that lives on this machine, and gives the block in this language of what is printed for the other side.
async fn mount(workshop: &Workshop, product: &str, more: &[&str], language: &str) -> Result<String> {
    let printed = workshop.preau(&[&["mount", product, "--private"], more].concat())?;
    let opening = format!("```{language}\n");
    let block = printed.split(&opening).nth(1).and_then(|rest| rest.split("```").next());
    let block = block.with_context(|| format!("no block in {language}: {printed}"))?.to_owned();
    workshop.visitor()?.until_known(workshop.base(), product).await?;
    Ok(block)
}

/// Starts a product that listens at this port, from the folder of Python's products.
fn run(folder: &Path, port: u16, command: &str) -> Result<Process> {
    let command = command.replace("bin/", &format!("{}/bin/", products()?.display()));
    let args = ["-c".to_owned(), format!("cd '{}' && exec {command}", folder.display())];
    let key = [("JUPYTERHUB_CRYPT_KEY", "0".repeat(64))];
    let mut process = Process::start("product", Path::new("/bin/sh"), &args, &key, &folder.join("product.log"))?;
    process.wait_until(|| preau_rig::process::answers(port))?;
    Ok(process)
}

/// Where the products are that come from PyPI.
fn products() -> Result<PathBuf> {
    let products = preau_rig::target_folder().join("products");
    ensure!(products.exists(), "{} is missing: run `tests/install.sh test`", products.display());
    Ok(products)
}

/// What an address answers to whoever shows this authorization.
async fn told(url: &str, authorization: &str) -> Result<Value> {
    let answer = reqwest::Client::new().get(url).header("authorization", authorization).send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    ensure!(status.is_success(), "{url} answers {status}: {text}");
    serde_json::from_str(&text).with_context(|| format!("{url} answers {text}"))
}
