//! Conversations with servers that refuse, say nothing, or say too much. Here they are led without TLS, but for its beginning: what is
//! encrypted is no other conversation, and `tests/clients` leads whole ones.

use super::*;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A server that answers what begins like that with that, and everything else as one that takes letters; nothing at all to what it is to be
/// silent on. Gives its port, and what it was told.
async fn server(answers: &'static [(&'static str, &'static str)]) -> (u16, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("somebody comes");
        let mut stream = BufReader::new(stream);
        let (mut told, mut in_text) = (Vec::new(), false);
        stream.write_all(b"220 localhost\r\n").await.expect("they listen");
        loop {
            let mut line = Vec::new();
            if stream.read_until(b'\n', &mut line).await.unwrap_or(0) == 0 {
                return told;
            }
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if in_text && line != "." {
                continue;
            }
            let usual = match line.get(..4).unwrap_or(&line) {
                "EHLO" => "250-localhost\r\n250 STARTTLS",
                "DATA" => "354 go on",
                _ => "250 2.0.0 yes",
            };
            let other = answers.iter().find(|(begin, _)| line.starts_with(begin)).map(|(_, answer)| *answer);
            let answer = other.unwrap_or(usual);
            in_text = answer.starts_with("354");
            told.push(line);
            if !answer.is_empty() && stream.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                return told;
            }
        }
    });
    (port, task)
}

fn hello() -> ClientId {
    ClientId::Domain("ent.example".to_owned())
}

async fn sent(answers: &'static [(&'static str, &'static str)]) -> Result<(), NotSent> {
    let (port, _server) = server(answers).await;
    let (from, to) = ("ent@ent.example".parse().expect("one"), "ines@parents.example".parse().expect("one"));
    let envelope = Envelope::new(Some(from), vec![to]).expect("an envelope");
    let hello = hello();
    deliver(in_plain("127.0.0.1", port, &hello), &envelope, b"Subject: a\r\n\r\nb\r\n").await.map_err(Stopped::told)
}

/// What is of ourselves is repaired, and the letter waits; what is of the letter would be the same the next time.
#[tokio::test]
async fn a_refusal_is_of_the_letter_or_of_ourselves() {
    assert_eq!(sent(&[]).await, Ok(()), "control");
    for answers in [
        &[("MAIL", "550 5.7.1 not your address")][..],
        &[("MAIL", "550 no such sender")],
        &[("MAIL", "501 5.1.7 bad sender")],
        &[("EHLO", "550 what a name")],
        &[("RCPT", "553 5.7.1 <ent@ent.example>: sender address rejected: not owned by user preau")],
        &[("RCPT", "550 5.1.8 <ent@ent.example>: sender address rejected: domain not found")],
        &[("RCPT", "554 5.7.1 <ines@parents.example>: relay access denied")],
        &[("RCPT", "530 5.7.0 sign in first")],
        &[("RCPT", "503 out of order")],
        &[("RCPT", "450 4.2.0 greylisted")],
        &[("RCPT", "452 4.2.2 full")],
        &[("DATA", "554 5.5.1 no valid recipients")],
        &[(".", "550 5.7.26 unauthenticated mail is not taken")],
        &[(".", "451 4.3.0 later")],
    ] {
        assert!(matches!(sent(answers).await, Err(NotSent::Later(_))), "{answers:?}");
    }
    for answers in [
        &[("RCPT", "550 5.1.1 <ines@parents.example>: nobody of that name")][..],
        &[("RCPT", "550 nobody of that name")],
        &[("RCPT", "552 5.2.2 full for good")],
        &[("RCPT", "556 5.1.10 that domain takes no mail")],
        &[(".", "550 5.6.0 what a text")],
        &[(".", "554 what a text")],
    ] {
        let refused = sent(answers).await;
        assert!(matches!(&refused, Err(NotSent::Never(why)) if !why.contains('@')), "{answers:?}: {refused:?}");
    }
}

/// Nothing after the yes makes it a no: whoever is not let go would write the same letter again and again.
#[tokio::test]
async fn a_letter_that_was_taken_is_taken_whatever_comes_after() {
    assert_eq!(sent(&[("QUIT", "")]).await, Ok(()), "no goodbye");
    assert_eq!(sent(&[("QUIT", "421 4.3.2 going down")]).await, Ok(()), "a goodbye of another kind");
}

/// What stands behind the answer to STARTTLS comes from whoever sits on the way.
#[tokio::test]
async fn nothing_said_before_the_handshake_counts_after_it() {
    let tls = || TlsParameters::builder("127.0.0.1".to_owned()).build_rustls().expect("parameters");
    for (answer, begins) in [("220 go on", true), ("220 go on\r\n250-injected\r\n250 AUTH PLAIN LOGIN", false)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let told = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("somebody comes");
            stream.write_all(b"220 localhost\r\n").await.expect("they listen");
            let mut bytes = [0; 1_024];
            assert_ne!(stream.read(&mut bytes).await.expect("a hello"), 0);
            stream.write_all(b"250-localhost\r\n250 STARTTLS\r\n").await.expect("they listen");
            assert_ne!(stream.read(&mut bytes).await.expect("STARTTLS"), 0);
            stream.write_all(format!("{answer}\r\n").as_bytes()).await.expect("they listen");
            let read = stream.read(&mut bytes).await.unwrap_or(0);
            bytes[..read].first().copied()
        });
        let mut line = in_plain("127.0.0.1", port, &hello()).await.expect("it answers");
        line.starttls(tls(), &hello()).await.expect_err("there is no TLS at the other end");
        let handshake = told.await.expect("it ends") == Some(0x16);
        assert_eq!(handshake, begins, "{answer:?}");
    }
}
