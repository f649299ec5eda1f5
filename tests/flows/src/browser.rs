//! A browser: it keeps cookies by their rules, follows redirects inside our host and nowhere else, fills in forms.
//!
//! It refuses what a real one would refuse, so that a cookie without its protections fails the story that met it.

use crate::app::CasApp;
use crate::cast::Role;
use crate::hub::{BASE, HOST, TestHub};
use crate::page::{Answer, Form};
use axum::body::Body;
use axum::extract::ConnectInfo;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use url::Url;

/// Redirects followed before a browser says that a page does not lead anywhere.
const MAX_HOPS: usize = 10;

/// See the module.
#[derive(Clone)]
pub struct Browser {
    hub: TestHub,
    /// By name and path.
    jar: BTreeMap<(String, String), String>,
    headers: HeaderMap,
    peer: SocketAddr,
}

/// A sign-in about to be made.
pub struct SignIn<'a> {
    browser: &'a mut Browser,
    who: Role,
}

/// Where a sign-in led.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The last answer of the hub.
    pub answer: Answer,
}

impl Browser {
    pub(crate) fn new(hub: &TestHub) -> Browser {
        Browser {
            hub: hub.clone(),
            jar: BTreeMap::new(),
            headers: HeaderMap::new(),
            peer: SocketAddr::from(([198, 51, 100, 7], 40_000)),
        }
    }

    /// The same browser, sending this header with every request.
    pub fn saying(mut self, name: &'static str, value: &str) -> Browser {
        let value = HeaderValue::from_str(value).expect("a header of a story");
        self.headers.append(HeaderName::from_static(name), value);
        self
    }

    /// The same browser at another address of the network.
    pub fn at(mut self, peer: &str) -> Browser {
        self.peer = SocketAddr::new(peer.parse().expect("an address of a story"), 40_000);
        self
    }

    /// The same browser in front of another hub: another node, or the same one after a restart.
    pub fn meets(mut self, hub: &TestHub) -> Browser {
        self.hub = hub.clone();
        self
    }

    /// The value of a cookie it keeps, by the end of its name.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.jar.iter().find(|((kept, _), _)| kept == name).map(|(_, value)| value.as_str())
    }

    /// The token a form of that name has in the session of this browser: of whoever is shown none, and sends one all the same.
    pub fn form_token(&self, form: &str) -> String {
        let session = preau_keys::session_id(self.cookie("__Host-preau").expect("a session"));
        self.hub.hub.form_token(&session, form)
    }

    /// Names of the cookies it keeps.
    pub fn cookie_names(&self) -> Vec<&str> {
        self.jar.keys().map(|(name, _)| name.as_str()).collect()
    }

    /// Whether it holds a session's cookie.
    pub fn signed_in(&self) -> bool {
        self.cookie("__Host-preau").is_some()
    }

    /// Plants a cookie, as somebody else at this machine could.
    pub fn plant(&mut self, name: &str, value: &str) {
        self.forget(name);
        self.jar.insert((name.to_owned(), "/".to_owned()), value.to_owned());
    }

    /// Forgets a cookie.
    pub fn forget(&mut self, name: &str) {
        self.jar.retain(|(kept, _), _| kept != name);
    }

    /// Sends one request as it is, and follows nothing. `target` is a path, or an address of ours.
    pub async fn send(
        &mut self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        let path = target.strip_prefix(BASE).unwrap_or(target);
        let mut request = Request::builder().method(method).uri(path);
        let own_host = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host"));
        if !own_host {
            request = request.header(header::HOST, HOST);
        }
        let sent = self.jar.iter().filter(|((_, at), _)| is_below(path, at));
        let pairs: Vec<String> = sent.map(|((name, _), value)| format!("{name}={value}")).collect();
        if !pairs.is_empty() {
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or(Body::empty(), |bytes| Body::from(bytes.to_vec()));
        let mut request = request.body(body).unwrap_or_else(|error| panic!("{target}: {error}"));
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let answer = self.hub.answer(request).await;
        if let Some(to) = answer.location().filter(|_| self.hub.by_form) {
            assert!(to.starts_with('/') || to.starts_with(BASE), "an answer in an address: {to}");
        }
        self.keep(&answer);
        answer
    }

    /// Sends one request as it is, and gives what came over the wire beside the answer read as text.
    pub async fn bytes(&mut self, method: Method, target: &str, headers: &[(&str, &str)]) -> (Bytes, Answer) {
        let answer = self.send(method, target, headers, None).await;
        (answer.wire.clone(), answer)
    }

    /// GETs a page and follows nothing.
    pub async fn get(&mut self, target: &str) -> Answer {
        self.send(Method::GET, target, &[], None).await
    }

    /// POSTs fields and follows nothing.
    pub async fn post(&mut self, target: &str, fields: &[(String, String)]) -> Answer {
        for (_, password) in fields.iter().filter(|(name, _)| name == "password") {
            self.hub.secrets.saw("password", password);
        }
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        self.send(Method::POST, target, &kind, Some(body.as_bytes())).await
    }

    /// GETs a page and follows redirects inside our host.
    pub async fn visit(&mut self, target: &str) -> Answer {
        let answer = self.get(target).await;
        self.follow(answer).await
    }

    /// Sends a form and follows redirects inside our host.
    pub async fn submit(&mut self, form: &Form, with: &[(&str, &str)]) -> Answer {
        let answer = self.submit_once(form, with).await;
        self.follow(answer).await
    }

    /// Sends a form and follows nothing.
    pub async fn submit_once(&mut self, form: &Form, with: &[(&str, &str)]) -> Answer {
        let fields = form.filled(with);
        if form.method == "get" {
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
            return self.get(&format!("{}?{query}", form.action)).await;
        }
        self.post(&form.action, &fields).await
    }

    async fn follow(&mut self, mut answer: Answer) -> Answer {
        for _ in 0..MAX_HOPS {
            let Some(inside) = answer.location().and_then(|to| inside(&answer.url, to)) else { return answer };
            assert_eq!(answer.status.as_u16(), 303, "a redirect that could repeat a password: {}", answer.url);
            answer = self.get(&inside).await;
        }
        panic!("{}: redirects without end", answer.url);
    }

    /// Keeps the cookies of an answer, if they have every protection.
    fn keep(&mut self, answer: &Answer) {
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("a cookie is text");
            let mut parts = line.split(';').map(str::trim);
            let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a cookie has a name");
            let attributes: Vec<String> = parts.map(str::to_ascii_lowercase).collect();
            for needed in ["secure", "httponly", "samesite=lax"] {
                assert!(attributes.iter().any(|a| a == needed), "the cookie {name} lacks {needed}");
            }
            let at = line.split("; Path=").nth(1).and_then(|rest| rest.split(';').next());
            let at = at.unwrap_or_else(|| panic!("the cookie {name} lacks a path"));
            let prefix = if at == "/" { "__Host-" } else { "__Secure-" };
            assert!(name.starts_with(prefix) && line.len() <= 4096, "the cookie {name} is not bound to our host");
            assert!(!attributes.iter().any(|a| a.starts_with("domain")), "the cookie {name} leaves our host");
            if attributes.iter().any(|a| a == "max-age=0") {
                self.jar.remove(&(name.to_owned(), at.to_owned()));
            } else {
                self.hub.secrets.saw("cookie", value);
                self.jar.insert((name.to_owned(), at.to_owned()), value.to_owned());
            }
        }
    }

    /// Signs in as somebody.
    pub fn sign_in(&mut self, who: &Role) -> SignIn<'_> {
        SignIn { browser: self, who: who.clone() }
    }

    /// Chooses who the person is, on the page that asks.
    pub async fn choose(&mut self, page: &Answer, who: &Role) -> Answer {
        self.submit(&page.form_with("public"), &[("public", who.public.as_str())]).await
    }

    /// Walks from any page that asks to sign in to the one that asks for a password.
    pub async fn password_page(&mut self, target: &str, who: &Role) -> Answer {
        let page = self.visit(target).await;
        self.choose(&page, who).await
    }

    /// Types a login and a password on the page that asks for them; follows nothing.
    pub async fn try_password(&mut self, page: &Answer, login: &str, password: &str) -> Answer {
        self.submit_once(&page.form_with("password"), &[("login", login), ("password", password)]).await
    }

    /// Presses the button that signs out.
    pub async fn sign_out(&mut self) -> Answer {
        let home = self.visit("/").await;
        self.submit(&home.form_to("/sign-out"), &[]).await
    }

    /// Opens a service by its tile.
    pub async fn open_tile(&mut self, title: &str) -> Answer {
        let home = self.visit("/").await;
        let tile = home.link(title).unwrap_or_else(|| panic!("no tile {title}: {}", home.words()));
        self.visit(&tile).await
    }

    /// Opens a service from its own sign-in link, in whatever session there is.
    pub async fn open(&mut self, app: &CasApp) -> Arrival {
        Arrival { answer: self.visit(&app.login_url()).await }
    }
}

/// Whether a cookie set for a path is sent to an address of ours (RFC 6265, section 5.1.4).
fn is_below(address: &str, at: &str) -> bool {
    let path = address.split('?').next().unwrap_or_default();
    path == at || path.strip_prefix(at).is_some_and(|rest| at.ends_with('/') || rest.starts_with('/'))
}

/// The path of a redirect that stays with us.
fn inside(from: &str, to: &str) -> Option<String> {
    let base = Url::parse(BASE).ok()?.join(from).ok()?;
    let target = base.join(to).ok()?;
    let ours = target.as_str().strip_prefix(BASE)?;
    ours.starts_with('/').then(|| ours.to_owned())
}

impl SignIn<'_> {
    /// The same sign-in with another password.
    pub fn with_password(mut self, password: &'static str) -> Self {
        self.who.password = password;
        self
    }

    /// From the home page, back to the home page.
    pub async fn at_home(self) -> Arrival {
        self.through("/").await
    }

    /// From a service's sign-in link, to the service.
    pub async fn to(self, app: &CasApp) -> Arrival {
        self.through(&app.login_url()).await
    }

    /// From any address.
    pub async fn through(self, target: &str) -> Arrival {
        let page = self.browser.password_page(target, &self.who).await;
        let answer = self.browser.try_password(&page, self.who.login, self.who.password).await;
        Arrival { answer: self.browser.follow(answer).await }
    }
}

impl Arrival {
    /// The ticket the service was handed; the story fails when there is none.
    pub fn ticket(&self) -> String {
        self.some_ticket().unwrap_or_else(|| {
            panic!("no ticket: {} {:?} {}", self.answer.status, self.answer.location(), self.answer.words())
        })
    }

    /// The ticket the service was handed, if any.
    pub fn some_ticket(&self) -> Option<String> {
        let to = Url::parse(self.answer.location()?).ok()?;
        to.query_pairs().find(|(name, _)| name == "ticket").map(|(_, value)| value.into_owned())
    }
}
