//! Secrets reach the world and come back from nowhere.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::guest::{Process, Script};
use crate::http::Server;
use crate::stage::Stage;

const SECRET: &str = "tops3cret/valu+e";

fn stage() -> Stage {
    let mut stage = Stage::trusting();
    stage.secret("token", SECRET);
    stage.grants.http = vec!["* http://127.0.0.1:*/**".to_owned()];
    stage
}

/// Nothing that was recorded or shown holds the secret.
fn unseen(stage: &Stage) {
    let seen = format!("{:?}", stage.journal.entries());
    assert!(!seen.contains(SECRET), "{seen}");
    assert!(!seen.contains(&BASE64_STANDARD.encode(SECRET)), "{seen}");
}

#[tokio::test]
async fn processes_get_them_in_arguments_environment_and_input() {
    let stage = stage();
    let with = Process {
        env: &[("TOKEN", "${{ secrets.token }}")],
        stdin: Some("<${{secrets.token}}>"),
        ..Process::ONCE
    };
    let command = "printf '%s %s %s' \"$1\" \"$TOKEN\" \"$(cat)\" > got; printf '{\"said\":\"%s\"}' \"$TOKEN\"";
    let argv = ["sh", "-c", command, "sh", "--token=${{ secrets.token }}"];
    let outputs = stage.outputs(Script::new().process_with(&argv, with)).await;
    assert_eq!(outputs["said"], "***");
    let got = stage.content("got").unwrap();
    assert_eq!(got, format!("--token={SECRET} {SECRET} <{SECRET}>"));
    unseen(&stage);
    let seen = format!("{:?}", stage.journal.entries());
    assert!(seen.contains("--token=${{ secrets.token }}"), "{seen}");
}

#[tokio::test]
async fn requests_get_them_in_url_headers_and_body() {
    let echo = format!("HTTP/1.1 200 OK\r\nx-echo: {SECRET}\r\nconnection: close\r\n\r\n{{\"echo\":\"{SECRET}\"}}");
    let server = Server::answering(echo).await;
    let stage = stage();
    let url = format!("{}/hook/${{{{ secrets.token }}}}", server.url);
    let headers = [("authorization", "Bearer ${{ secrets.token }}")];
    let script = Script::new().http("POST", &url, &headers, Some("{\"token\":\"${{ secrets.token }}\"}"));
    assert_eq!(stage.outputs(script).await["echo"], "***");
    let request = server.requests().remove(0);
    assert!(request.starts_with("POST /hook/tops3cret/valu%2Be HTTP"), "{request}");
    assert!(
        request.contains(&format!("authorization: Bearer {SECRET}")),
        "{request}"
    );
    assert!(request.ends_with(&format!("{{\"token\":\"{SECRET}\"}}")), "{request}");
    unseen(&stage);
}

#[tokio::test]
async fn other_forms_are_taken_out_too() {
    let stage = stage();
    let command = "printf '%s' \"$TOKEN\" | base64; printf 'user:%s' \"$TOKEN\" | base64; printf '%s' \"$TOKEN\" | od -An -tx1 | tr -d ' \\n'";
    let with = Process {
        env: &[("TOKEN", "${{ secrets.token }}")],
        ..Process::ONCE
    };
    let failure = stage
        .failure(Script::new().process_with(&["sh", "-c", command], with))
        .await;
    assert_eq!(
        failure.code, "invalid-output",
        "the output is no JSON, and is recorded nevertheless"
    );
    unseen(&stage);
    let seen = format!("{:?}", stage.journal.entries());
    let user = BASE64_STANDARD.encode(format!("user:{SECRET}"));
    let hex: String = SECRET.bytes().map(|b| format!("{b:02x}")).collect();
    assert!(!seen.contains(&user[8..]) && !seen.contains(&hex), "{seen}");
}

#[tokio::test]
async fn a_secret_that_is_not_granted_or_not_known_stays_a_placeholder() {
    let mut stage = stage();
    stage.grants.secrets = vec!["other".to_owned()];
    for (name, code) in [("token", "denied"), ("other", "not-found")] {
        let argument = format!("${{{{ secrets.{name} }}}}");
        let failure = stage.failure(Script::new().process(&["touch", &argument])).await;
        assert_eq!(failure.code, code, "{failure:?}");
        assert!(failure.message.contains(name), "{failure:?}");
    }
    assert_eq!(std::fs::read_dir(stage.work()).unwrap().count(), 0);
}

#[tokio::test]
async fn files_blobs_and_messages_are_cleaned() {
    let stage = stage();
    std::fs::write(stage.work().join("config"), format!("{{\"password\":\"{SECRET}\"}}")).unwrap();
    assert_eq!(stage.outputs(Script::new().read("config")).await["password"], "***");
    stage.outputs(Script::new().progress(&format!("using {SECRET}"))).await;
    let outputs = stage
        .outputs(Script::new().outputs(format!("{{\"leak\":\"{SECRET}\"}}")))
        .await;
    assert_eq!(outputs["leak"], "***");
    unseen(&stage);
}
