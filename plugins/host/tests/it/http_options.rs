//! Options of requests, against real servers: redirects, compressed bodies, certificates of one's own, a proxy.

use std::io::Write as _;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use surefoot_kernel::effect::EffectResult;
use surefoot_kernel::plugin::FileAccess;
use surefoot_plugin_host::JournalEntry;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::guest::Script;
use crate::http::{Server, granting, ok};
use crate::stage::Stage;

fn redirect(status: u16, to: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nlocation: {to}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}")
}

/// What the last request was answered with.
fn answered(stage: &Stage) -> Value {
    match stage.journal.entries().pop() {
        Some(
            JournalEntry::Read(_, _, EffectResult::Returned { value })
            | JournalEntry::Completed(_, EffectResult::Returned { value }),
        ) => value.0,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn as_many_redirects_as_asked_for_are_followed() {
    let last = Server::answering(ok("{\"end\":true}")).await;
    let second = Server::answering(redirect(302, &format!("{}/end", last.url))).await;
    let first = Server::answering(redirect(307, &format!("{}/second", second.url))).await;
    let stage = granting("* http://127.0.0.1:*/**");
    let get = |redirects: &str| Script::new().http_with("GET", &first.url, &[], None, &[("redirects", redirects)]);
    assert_eq!(stage.outputs(get("2")).await["end"], true);
    assert_eq!(answered(&stage)["url"], format!("{}/end", last.url));
    stage.outputs(get("1")).await;
    assert_eq!(answered(&stage)["status"], 302, "the second one is an answer");
    stage.outputs(get("0")).await;
    assert_eq!(
        (&answered(&stage)["status"], &answered(&stage)["url"]),
        (&307.into(), &first.url.clone().into())
    );
    assert_eq!(last.requests().len(), 1);
}

#[tokio::test]
async fn a_redirect_to_what_is_not_granted_is_denied() {
    let elsewhere = Server::answering(ok("{}")).await;
    let server = Server::answering(redirect(302, &format!("{}/secret", elsewhere.url))).await;
    let stage = granting(&format!("GET {}/", server.url));
    let script = Script::new().http_with("GET", &server.url, &[], None, &[("redirects", "5")]);
    let failure = stage.failure(script).await;
    assert_eq!(failure.code, "denied");
    assert!(
        failure.message.contains("/secret is not granted"),
        "{}",
        failure.message
    );
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn what_is_meant_for_one_server_does_not_go_to_another() {
    let elsewhere = Server::answering(ok("{}")).await;
    let server = Server::answering(redirect(307, &elsewhere.url)).await;
    let mut stage = granting("* http://127.0.0.1:*/**");
    stage.secret("token", "hunter2hunter2");
    let headers = [
        ("authorization", "Basic abc"),
        ("cookie", "a=b"),
        ("x-key", "${{ secrets.token }}"),
        ("x-plain", "1"),
    ];
    let options = [("redirects", "1")];
    stage
        .outputs(Script::new().http_with("GET", &server.url, &headers, None, &options))
        .await;
    let (first, second) = (&server.requests()[0], &elsewhere.requests()[0]);
    assert!(
        first.contains("authorization: Basic abc") && first.contains("x-key: hunter2hunter2"),
        "{first}"
    );
    assert!(second.contains("x-plain: 1"), "{second}");
    for private in ["authorization", "cookie", "x-key", "hunter2"] {
        assert!(!second.contains(private), "{second}");
    }
    let body = Some("token=${{ secrets.token }}");
    let script = Script::new().http_with("POST", &server.url, &[], body, &options);
    assert_eq!(stage.failure(script).await.code, "denied");
    assert_eq!(elsewhere.requests().len(), 1);
    let script = Script::new().http_with("POST", &server.url, &[], Some("plain"), &options);
    stage.outputs(script).await;
    assert!(elsewhere.requests()[1].ends_with("\r\n\r\nplain"));
}

#[tokio::test]
async fn a_compressed_body_is_asked_for_and_unpacked() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(b"{\"packed\":true}").unwrap();
    let body = encoder.finish().unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let server = Server::answering([head.as_bytes(), &body].concat()).await;
    let mut stage = granting("GET http://127.0.0.1:*/");
    let get = |options: &[(&str, &str)]| Script::new().http_with("GET", &server.url, &[], None, options);
    assert_eq!(stage.outputs(get(&[("decompress", "gzip")])).await["packed"], true);
    assert!(
        server.requests()[0].contains("accept-encoding: gzip"),
        "{:?}",
        server.requests()
    );
    assert!(!answered(&stage)["headers"].to_string().contains("content-encoding"));
    stage.outputs(get(&[]).outputs("{}")).await;
    assert!(answered(&stage)["headers"].to_string().contains("content-encoding"));
    stage.limits.payload = 14;
    let failure = stage.failure(get(&[("decompress", "gzip")])).await;
    assert!(failure.code == "too-large", "{failure:?}");
}

#[tokio::test]
async fn unknown_and_repeated_options_are_refused() {
    let stage = granting("GET http://127.0.0.1:*/");
    let given: [&[(&str, &str)]; 7] = [
        &[("follow", "1")],
        &[("redirects", "1"), ("redirects", "2")],
        &[("redirects", "21")],
        &[("redirects", "-1")],
        &[("decompress", "br")],
        &[("proxy", "nonsense")],
        &[("proxy", "socks5://127.0.0.1:1")],
    ];
    for options in given {
        let script = Script::new().http_with("GET", "http://127.0.0.1:1/", &[], None, options);
        assert_eq!(stage.failure(script).await.code, "invalid", "{options:?}");
    }
}

/// A server of TLS whose certificate nobody knows, and the certificate of who signed it.
async fn secure() -> (String, String) {
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let root = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let of_server = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = of_server.signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut request = [0; 4096];
                let _asked = stream.read(&mut request).await;
                let _answered = stream.write_all(ok("{\"secure\":true}").as_bytes()).await;
                let _closed = stream.shutdown().await;
            });
        }
    });
    (url, root)
}

#[tokio::test]
async fn a_certificate_of_ones_own_is_trusted_for_the_request_that_brings_it() {
    let (url, root) = secure().await;
    let mut stage = granting("GET https://localhost:*/");
    stage.file("certs", FileAccess::Read);
    std::fs::create_dir_all(stage.work().join("certs")).unwrap();
    std::fs::write(stage.work().join("certs/root.pem"), root).unwrap();
    std::fs::write(stage.work().join("certs/none.pem"), "no certificate").unwrap();
    std::fs::write(stage.work().join("secret.pem"), "x").unwrap();
    let get = |options: &[(&str, &str)]| Script::new().http_with("GET", &url, &[], None, options);
    assert_eq!(stage.outputs(get(&[("ca", "certs/root.pem")])).await["secure"], true);
    assert_eq!(stage.failure(get(&[])).await.code, "network");
    assert_eq!(stage.failure(get(&[("ca", "certs/none.pem")])).await.code, "invalid");
    assert_eq!(stage.failure(get(&[("ca", "certs/gone.pem")])).await.code, "not-found");
    assert_eq!(stage.failure(get(&[("ca", "secret.pem")])).await.code, "denied");
}

/// A proxy that passes everything on, and says that it was there.
async fn proxy() -> (String, Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let told = Arc::clone(&told);
            tokio::spawn(async move {
                let mut request = vec![0; 4096];
                let length = client.read(&mut request).await.unwrap_or(0);
                let text = String::from_utf8_lossy(&request[..length]).into_owned();
                let target = text.split(' ').nth(1).unwrap_or_default().to_owned();
                told.lock()
                    .unwrap()
                    .push(text.lines().next().unwrap_or_default().to_owned());
                let address = target
                    .trim_start_matches("http://")
                    .split('/')
                    .next()
                    .unwrap_or_default();
                let Ok(mut server) = TcpStream::connect(address).await else {
                    return;
                };
                if text.starts_with("CONNECT ") {
                    let _told = client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
                } else {
                    let _passed = server.write_all(&request[..length]).await;
                }
                let _over = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    (url, seen)
}

#[tokio::test]
async fn a_granted_proxy_is_gone_through() {
    let server = Server::answering(ok("{\"through\":true}")).await;
    let (url, root) = secure().await;
    let (proxy, seen) = proxy().await;
    let mut stage = granting("GET http://127.0.0.1:*/");
    stage.grants.http.push("GET https://localhost:*/".to_owned());
    stage.file(".", FileAccess::Read);
    std::fs::write(stage.work().join("root.pem"), root).unwrap();
    let plain = Script::new().http_with("GET", &server.url, &[], None, &[("proxy", &proxy)]);
    assert_eq!(stage.failure(plain).await.code, "denied");
    assert!(seen.lock().unwrap().is_empty());
    stage.grants.http.push(format!("CONNECT {proxy}"));
    let plain = Script::new().http_with("GET", &server.url, &[], None, &[("proxy", &proxy)]);
    assert_eq!(stage.outputs(plain).await["through"], true);
    let secure = Script::new().http_with("GET", &url, &[], None, &[("proxy", &proxy), ("ca", "root.pem")]);
    assert_eq!(stage.outputs(secure).await["secure"], true);
    let seen = seen.lock().unwrap().clone();
    assert!(
        seen[0].starts_with("GET http://127.0.0.1:") && seen[1].starts_with("CONNECT localhost:"),
        "{seen:?}"
    );
}
