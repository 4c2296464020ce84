//! Requests to a real server.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use surefoot_kernel::effect::EffectResult;
use surefoot_plugin_host::JournalEntry;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::guest::Script;
use crate::stage::Stage;

/// Answers every request the same, and remembers what it was asked.
pub(crate) struct Server {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn answering(response: impl Into<Vec<u8>>) -> Self {
        let response: Arc<[u8]> = response.into().into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (seen, response) = (Arc::clone(&seen), Arc::clone(&response));
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    let mut chunk = [0; 4096];
                    while !complete(&request) {
                        match stream.read(&mut chunk).await {
                            Ok(count @ 1..) => request.extend_from_slice(&chunk[..count]),
                            _ => return,
                        }
                    }
                    seen.lock()
                        .unwrap()
                        .push(String::from_utf8_lossy(&request).into_owned());
                    let _ = stream.write_all(&response).await;
                    if response.is_empty() {
                        tokio::time::sleep(Duration::from_secs(60)).await;
                    }
                });
            }
        });
        Self { url, requests }
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn complete(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    body.len() >= length.unwrap_or(0)
}

pub(crate) fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nx-of: test\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

pub(crate) fn granting(pattern: &str) -> Stage {
    let mut stage = Stage::new();
    stage.grants.http = vec![pattern.to_owned()];
    stage
}

#[tokio::test]
async fn reading_and_writing_requests() {
    let server = Server::answering(ok("{\"fine\":true}")).await;
    let stage = granting("* http://127.0.0.1:*/**");
    let url = format!("{}/a?b=c", server.url);
    assert_eq!(
        stage
            .outputs(Script::new().http("get", &url, &[("x-a", "1")], None))
            .await["fine"],
        true
    );
    stage.outputs(Script::new().http("POST", &url, &[], Some("body"))).await;
    let [get, post] = &server.requests()[..] else {
        panic!("{:?}", server.requests())
    };
    assert!(
        get.starts_with("GET /a?b=c HTTP/1.1\r\n") && get.contains("x-a: 1\r\n"),
        "{get}"
    );
    assert!(!get.contains("idempotency-key"), "{get}");
    assert!(post.ends_with("\r\n\r\nbody"), "{post}");
    assert!(
        post.contains("idempotency-key: 07070707-0707-0707-0707-070707070707/step_one/0\r\n"),
        "{post}"
    );
    let entries = stage.journal.entries();
    let [
        JournalEntry::Read(_, _, EffectResult::Returned { value }),
        JournalEntry::Intended(..),
        JournalEntry::Completed(..),
    ] = &entries[..]
    else {
        panic!("{entries:?}")
    };
    assert_eq!(value.0["status"], 200);
    assert!(
        value.0["headers"]
            .as_array()
            .unwrap()
            .contains(&json!(["x-of", "test"])),
        "{value:?}"
    );
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let response =
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
    let server = Server::answering(response).await;
    let stage = granting("GET http://127.0.0.1:*/");
    stage.outputs(Script::new().http("GET", &server.url, &[], None)).await;
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn what_is_not_granted_is_not_sent() {
    let server = Server::answering(ok("{}")).await;
    let stage = granting(&format!("GET {}/public/*", server.url));
    for (method, path) in [
        ("GET", "/"),
        ("POST", "/public/x"),
        ("GET", "/public/../private"),
        ("GET", "/public/a/b"),
    ] {
        let url = format!("{}{path}", server.url);
        assert_eq!(
            stage.failure(Script::new().http(method, &url, &[], None)).await.code,
            "denied",
            "{path}"
        );
    }
    assert!(server.requests().is_empty());
    for url in [
        "",
        "nonsense",
        "file:///etc/passwd",
        "http://user:pass@127.0.0.1/public/x",
    ] {
        assert_eq!(
            stage.failure(Script::new().http("GET", url, &[], None)).await.code,
            "invalid",
            "{url}"
        );
    }
}

#[tokio::test]
async fn responses_are_bounded_in_size_and_time() {
    let mut stage = granting("* http://127.0.0.1:*/**");
    stage.limits.payload = 1000;
    let announced = Server::answering(ok(&"x".repeat(2000))).await;
    let failure = stage
        .failure(Script::new().http("GET", &announced.url, &[], None))
        .await;
    assert_eq!(failure.code, "too-large", "{failure:?}");
    let endless = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", "x".repeat(100_000));
    let endless = Server::answering(endless).await;
    assert_eq!(
        stage
            .failure(Script::new().http("GET", &endless.url, &[], None))
            .await
            .code,
        "too-large"
    );
    let silent = Server::answering("").await;
    stage.time_left = Duration::from_millis(300);
    let failure = stage.failure(Script::new().http("GET", &silent.url, &[], None)).await;
    assert_eq!(failure.code, "timed-out", "{failure:?}");
}

#[tokio::test]
async fn nobody_listens() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let stage = granting("* http://127.0.0.1:*/**");
    let failure = stage.failure(Script::new().http("GET", &url, &[], None)).await;
    assert_eq!(failure.code, "network", "{failure:?}");
    assert!(failure.message.contains("refused"), "{failure:?}");
}
