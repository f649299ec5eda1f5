//! `preau bench`: what a service would receive of somebody who does not exist, as the bench shows it in a browser.

use crate::cli::{BenchArgs, BenchCommand, Failure, WishArgs};
use crate::config::Loaded;
use crate::output::say;
use crate::{SystemClock, assembly};
use preau_domain::{Clock, RegistrationKind, ServiceId};
use preau_keys::SystemIds;
use preau_store::Store;
use preau_web::bench::sandbox::{self, NotMade, Spoken, Wish};
use preau_web::bench::{CAST, Copied, Outcome, find, try_door};
use preau_web::{Door, Fields, Hub, Protocol};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Shows it. Sources are not opened: nobody real takes part.
pub async fn run(loaded: &Loaded, demo: bool, args: &BenchArgs) -> Result<(), Failure> {
    if let Some(what) = &args.what {
        return obey(loaded, demo, what).await;
    }
    let hub = bench(loaded, demo).await?;
    let services = hub.services();
    let known = |all: Vec<&str>| all.into_iter().take(50).collect::<Vec<_>>().join(", ");
    let ids = || known(services.all().iter().map(|door| door.service.id.as_str()).collect());
    let Some(service) = &args.service else {
        say!("services: {}", ids())?;
        say!("people:   {}", known(CAST.iter().map(|one| one.word).collect()))?;
        return say!("preau bench --service … --person …");
    };
    let door = services
        .get(&ServiceId::new(service))
        .ok_or_else(|| Failure::new(format!("no service {service} is mounted; there is: {}", ids())))?;
    let person = CAST.iter().find(|one| one.word == args.person).ok_or_else(|| {
        let words = known(CAST.iter().map(|one| one.word).collect());
        Failure::new(format!("nobody is called {} on the bench; there is: {words}", args.person))
    })?;
    match (try_door(&hub, door, person), args.json) {
        (Outcome::Opens(previews), true) => {
            let rows: Vec<_> = previews.iter().map(|p| json!({ "title": p.title, "text": p.text })).collect();
            say!(
                "{:#}",
                json!({ "service": door.service.id, "person": person.word, "allowed": true, "previews": rows })
            )
        }
        (Outcome::Opens(previews), false) => {
            for preview in previews {
                say!("# {}\n{}\n", preview.title, preview.text)?;
            }
            Ok(())
        }
        (Outcome::Shut(reason), true) => {
            let reason = reason.key();
            say!(
                "{:#}",
                json!({ "service": door.service.id, "person": person.word, "allowed": false, "reason": reason })
            )
        }
        (Outcome::Shut(reason), false) => say!("the service does not open for this person: {}", reason.key()),
        (Outcome::Unsound(what), _) => Err(Failure::new(format!("nothing can be released: {what}"))),
    }
}

/// A hub that serves nobody.
async fn bench(loaded: &Loaded, demo: bool) -> Result<Hub, Failure> {
    preau_keys::install_provider();
    let table = assembly::table(loaded).map_err(Failure::Config)?;
    let keyring = assembly::keyring(loaded, demo)?;
    let store = assembly::store(loaded, None).await?;
    assembly::hub(loaded, store, keyring, &BTreeMap::new(), table, std::sync::Arc::default())
}

async fn known(hub: &Hub, id: &str) -> Result<(Door, Vec<Copied>), Failure> {
    let found = find(hub, id).await.map_err(|fault| Failure::new(fault.detail))?;
    found.ok_or_else(|| Failure::new(format!("no service and no sandbox is called {id}: see `preau bench`")))
}

async fn stacks(hub: &Hub, id: &str, stack: Option<&str>) -> Result<(), Failure> {
    let (_, stacks) = known(hub, id).await?;
    let Some(wanted) = stack else {
        return stacks.iter().try_for_each(|(name, _)| say!("{name}"));
    };
    let fits = |name: &str| name.to_lowercase().starts_with(&wanted.to_lowercase());
    match stacks.iter().find(|(name, _)| fits(name)) {
        Some((_, text)) => say!("{}", text.trim_end()),
        None => {
            let names: Vec<&str> = stacks.iter().map(|(name, _)| *name).collect();
            Err(Failure::new(format!("no configuration is called {wanted}; there is: {}", names.join(", "))))
        }
    }
}

/// Judges a request that somebody brings: what a running server remembers of refused ones is on its page.
async fn replay(hub: &Hub, id: &str, request: &str) -> Result<(), Failure> {
    let (door, _) = known(hub, id).await?;
    let unread = || Failure::new("a request is an address of this hub, such as its /oidc/authorize?… or /cas/login?…");
    let url = preau_domain::strict_url(request).ok_or_else(unread)?;
    let fields = Fields::parse(url.query().unwrap_or_default()).map_err(|_| unread())?;
    let is_of = |protocol: &&Arc<dyn Protocol>| url.path().split('/').any(|part| part == protocol.name());
    let protocol = hub.protocols().iter().find(is_of).ok_or_else(unread)?;
    match protocol.rehearse(hub, &door, &fields) {
        Some(Ok(_)) => say!("it would pass"),
        Some(Err(wrong)) => Err(Failure::new(format!(
            "it would be refused\nparameter  {}\nreceived   {}\nexpected   {}",
            wrong.parameter,
            preau_domain::display_safe(&wrong.received, 2_000),
            wrong.expected.replace('\n', "\n           "),
        ))),
        None => Err(Failure::new(format!("{id} does not speak {}", protocol.name()))),
    }
}

/// The store of sandboxes, where there may be some.
async fn sandboxes(loaded: &Loaded) -> Result<Arc<dyn Store>, Failure> {
    if !loaded.config.web.bench {
        return Err(Failure::new("the bench is off: write `bench = true` in [web]"));
    }
    assembly::store(loaded, None).await
}

async fn obey(loaded: &Loaded, demo: bool, what: &BenchCommand) -> Result<(), Failure> {
    let now = SystemClock::new().now();
    match what {
        BenchCommand::Stacks { id, stack } => stacks(&bench(loaded, demo).await?, id, stack.as_deref()).await,
        BenchCommand::Replay { id, request } => replay(&bench(loaded, demo).await?, id, request).await,
        BenchCommand::Register(args) => register(loaded, &*sandboxes(loaded).await?, args).await,
        BenchCommand::Sandboxes => {
            let all = sandbox::list(&*sandboxes(loaded).await?, now).await?;
            if all.is_empty() {
                return say!("no sandbox");
            }
            for (id, wish, expires) in all {
                say!(
                    "{id}  {}  {}  {}  until {}",
                    wish.speaks.as_str(),
                    wish.name,
                    wish.addresses.join(" "),
                    expires.rfc3339()
                )?;
            }
            Ok(())
        }
        BenchCommand::Forget { id } => {
            let (store, name) = (sandboxes(loaded).await?, ServiceId::new(id));
            let found = store.registration(&name, now).await?.filter(|found| found.kind == RegistrationKind::Sandbox);
            if found.is_none() || !store.remove_registration(&name).await? {
                return Err(Failure::new(format!("no sandbox {id}: see `preau bench sandboxes`")));
            }
            say!("{id} is gone")
        }
    }
}

async fn register(loaded: &Loaded, store: &dyn Store, args: &WishArgs) -> Result<(), Failure> {
    let speaks = Spoken::read(&args.protocol).ok_or_else(|| Failure::new("the protocol is oidc or cas"))?;
    let wish =
        Wish { name: args.name.clone(), speaks, addresses: args.addresses.clone(), public: args.public, rsa: args.rsa };
    let mounting = preau_connectors::catalogue();
    let made = sandbox::register(store, &SystemIds, mounting, SystemClock::new().now(), wish).await;
    let (made, secret) = made.map_err(|why| match why {
        NotMade::Name => Failure::new("a name is one line of 1 to 60 characters"),
        NotMade::Address(what) => Failure::new(format!("this address does not do: {what}")),
        NotMade::Full => Failure::new("all sandboxes are taken: `preau bench sandboxes`, `preau bench forget`"),
        NotMade::Store(error) => error.into(),
    })?;
    let base = loaded.config.web.public_url.trim_end_matches('/');
    let provider = format!("{base}/{}/sandbox/{}", speaks.as_str(), made.id());
    match speaks {
        Spoken::Oidc => {
            say!("issuer         {provider}")?;
            say!("client_id      {}", made.id())?;
            secret.iter().try_for_each(|secret| say!("client_secret  {secret}    (shown this once)"))?;
        }
        Spoken::Cas => say!("CAS server     {provider}")?,
    }
    say!("page           {base}/bench/sandbox/{}", made.id())?;
    say!("until          {}", made.expires.rfc3339())
}
