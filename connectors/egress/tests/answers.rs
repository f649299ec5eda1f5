//! What is read of an answer, over a real connection to a server that serves exact bytes.

use bytes::Bytes;
use http::{Request, Response};
use preau_connector_api::Network;
use preau_egress::{Egress, EgressError};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

/// A server that answers one call with these bytes; the receiver gives the call.
fn serving(bytes: Vec<u8>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let (heard, hears) = channel();
    std::thread::spawn(move || {
        let Ok((mut stream, _)) = listener.accept() else { return };
        let mut request = [0; 4096];
        let read = stream.read(&mut request).unwrap_or(0);
        let _ = heard.send(String::from_utf8_lossy(&request[..read]).into_owned());
        // Who stops reading in the middle closes the connection.
        let _ = stream.write_all(&bytes);
    });
    (url, hears)
}

fn egress() -> Egress {
    preau_keys::install_provider();
    Egress::new(preau_keys::client_config(&[]).expect("authorities")).expect("clients")
}

async fn get(url: &str, network: Network, limit: usize) -> Result<Response<Bytes>, EgressError> {
    egress().send(Request::get(url).body(Vec::new()).expect("an address"), network, limit).await
}

fn ok(body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: Application/JSON; charset=utf-8\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[tokio::test]
async fn an_answer_within_its_limit_is_read_whole() {
    let (url, _) = serving(ok("{\"a\":1}"));
    let answer = get(&url, Network::Private, 7).await.expect("an answer");
    assert_eq!((answer.status().as_u16(), &answer.body()[..]), (200, &b"{\"a\":1}"[..]));
}

#[tokio::test]
async fn an_answer_longer_than_its_limit_is_none() {
    let (url, _) = serving(ok("{\"a\":10}"));
    assert!(matches!(get(&url, Network::Private, 7).await, Err(EgressError::Unreachable(_))));
    let endless = [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'a'; 5 << 20]].concat();
    let (url, _) = serving(endless);
    assert!(matches!(get(&url, Network::Private, 64 << 10).await, Err(EgressError::Unreachable(_))));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (elsewhere, called) = serving(ok("{}"));
    let (url, _) = serving(format!("HTTP/1.1 302 Found\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\n\r\n").into());
    assert_eq!(get(&url, Network::Private, 100).await.expect("an answer").status(), 302);
    assert!(called.try_recv().is_err(), "the redirect was followed");
}

#[tokio::test]
async fn a_private_address_is_called_only_where_the_operator_says_so() {
    let (url, called) = serving(ok("{}"));
    assert!(matches!(get(&url, Network::Public, 100).await, Err(EgressError::Forbidden(_))));
    assert!(called.try_recv().is_err(), "it was called");
    assert_eq!(get(&url, Network::Private, 100).await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn a_body_is_sent_with_its_headers() {
    let (url, called) = serving(ok("{}"));
    let request = Request::post(&url).header("authorization", "Bearer x").body(b"code=a".to_vec()).expect("a request");
    egress().send(request, Network::Private, 100).await.expect("an answer");
    let heard = called.recv().expect("a call").to_ascii_lowercase();
    assert!(heard.starts_with("post / ") && heard.contains("authorization: bearer x"), "{heard}");
}
