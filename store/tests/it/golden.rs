//! Golden bytes: envelopes of every type of event in all its forms, of every kind of actor and stream, and of
//! every form that a payload has.
//!
//! The file is written once for a new line and never changed for an old one. To add the lines of
//! a new type, run this test with `SUREFOOT_WRITE_GOLDEN=1`; it appends, it does not replace.

mod samples;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use surefoot_kernel::actor::{Actor, Known, Login, OsUser, Person};
use surefoot_kernel::digest::Digest;
use surefoot_kernel::event::{Event, PayloadErased};
use surefoot_kernel::id::{Seq, StreamId};
use surefoot_kernel::port::{Append, Cause, EventLog as _};
use surefoot_store::Store;
use surefoot_store::codec::{Envelope, Payload};

use crate::sample::{append, deployment, environment, note, one, part, person, phase};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

fn golden_file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/events-2.txt")
}

/// The envelopes of a log that these appends were made to.
fn stored(appends: impl IntoIterator<Item = Append>) -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    for append in appends {
        store.log.append(append).unwrap();
    }
    let size = store.log.head().unwrap().size;
    assert_eq!(store.log.verify(&[]).unwrap().failures, []);
    (0..size).map(|seq| store.log.envelope(Seq(seq)).unwrap()).collect()
}

/// Each sample, appended to a log of its own, so that a new one changes no other line.
fn events() -> Vec<(String, Vec<u8>, Event)> {
    let of_deployment = samples::of_deployment().into_iter().map(|event| (deployment(7), event));
    let of_environment = samples::of_environment()
        .into_iter()
        .map(|event| (environment("shop/production"), event));
    let mut count = BTreeMap::new();
    let mut lines = Vec::new();
    for (stream, event) in of_deployment.chain(of_environment) {
        let (number, version) = event.type_number();
        let form: &mut u32 = count.entry(number).or_default();
        let name = format!("{number}.{version} {} {form}", event.name());
        *form += 1;
        let envelope = stored([append(3, vec![part(&stream, 0, [event.clone()])])]).remove(0);
        lines.push((name, envelope, event));
    }
    let erasing = erasing();
    let event = erasing.1.streams[0].events[0].event.clone();
    lines.push((
        "1004.1 PayloadErased 0".to_owned(),
        stored([erasing.0, erasing.1]).remove(1),
        event,
    ));
    lines
}

/// An append, and the one that erases what it brought.
fn erasing() -> (Append, Append) {
    let secret = note("the password is 1234");
    let erased = PayloadErased {
        seq: Seq(0),
        digest: Digest::of(&secret.encode()),
        remains: secret.remains().encode(),
        reason: "a password".to_owned(),
    };
    let mut erasing = append(1, vec![part(&deployment(7), 1, [erased.into()])]);
    erasing.streams[0].events[0].cause = Some(Cause::Recorded(Seq(0)));
    erasing.streams[0].events[0].actor = person("ana", None);
    (append(1, vec![part(&deployment(7), 0, [secret])]), erasing)
}

fn actors() -> Vec<(&'static str, Actor)> {
    let user = |name: Option<&str>, login| OsUser {
        uid: 0,
        name: name.map(ToOwned::to_owned),
        login,
    };
    let alice = Login {
        uid: 1000,
        name: Some("alice".to_owned()),
    };
    let of = |known, role: Option<&str>, claim: Option<&str>| {
        Actor::Person(Person {
            known,
            role: role.map(ToOwned::to_owned),
            claim: claim.map(ToOwned::to_owned),
        })
    };
    let service = Known::Service {
        service: "github".to_owned(),
        subject: "alice".to_owned(),
    };
    let key = |identity: Option<&str>| Known::Signature {
        key: "SHA256:abc".to_owned(),
        identity: identity.map(ToOwned::to_owned),
    };
    vec![
        ("surefoot", Actor::Surefoot),
        ("process", of(Known::Process(user(Some("root"), None)), None, None)),
        (
            "process without a name",
            of(Known::Process(user(None, None)), None, None),
        ),
        (
            "process with a login",
            of(Known::Process(user(Some("root"), Some(alice.clone()))), None, None),
        ),
        (
            "process with a nameless login",
            of(
                Known::Process(user(None, Some(Login { name: None, ..alice }))),
                None,
                None,
            ),
        ),
        (
            "process with a claim",
            of(Known::Process(user(Some("root"), None)), None, Some("alice")),
        ),
        (
            "peer in a role",
            of(Known::Peer(user(Some("ana"), None)), Some("lead"), None),
        ),
        (
            "peer in a role with a claim",
            of(Known::Peer(user(None, None)), Some("lead"), Some("ana")),
        ),
        ("signature", of(key(None), None, None)),
        (
            "signature of somebody",
            of(key(Some("alice@example.org")), Some("lead"), None),
        ),
        ("service", of(service, None, None)),
    ]
}

fn streams() -> Vec<(&'static str, StreamId)> {
    vec![
        ("log", StreamId::Log),
        ("deployment", deployment(7)),
        ("environment", environment("shop/production")),
        ("of a later kind", StreamId::of(7, b"\x01key").unwrap()),
    ]
}

/// Everything around the payload, and the forms that a payload has.
fn envelopes() -> Vec<(String, Vec<u8>)> {
    let mut lines = Vec::new();
    for (name, actor) in actors() {
        let mut append = one(&deployment(7), 0, "x");
        append.streams[0].events[0].actor = actor;
        lines.push((format!("actor {name}"), stored([append]).remove(0)));
    }
    for (name, stream) in streams() {
        lines.push((format!("stream {name}"), stored([one(&stream, 0, "x")]).remove(0)));
    }
    let mut caused = append(1, vec![part(&deployment(7), 0, [phase("backup"), note("x")])]);
    caused.streams[0].events[1].cause = Some(Cause::SameAppend { stream: 0, event: 0 });
    lines.push(("cause".to_owned(), stored([caused]).remove(1)));
    let long = stored([one(&deployment(7), 0, &"x".repeat(5000))]).remove(0);
    lines.push(("payload as a blob".to_owned(), long));
    let (before, erasing) = erasing();
    lines.push(("payload erased".to_owned(), stored([before, erasing]).remove(0)));
    lines.push(("payload withheld".to_owned(), crate::sample::withheld(&deployment(7))));
    lines
}

fn golden() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(golden_file()).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.split_once(" = "));
    lines.map(|(name, hex)| (name.to_owned(), hex.to_owned())).collect()
}

#[test]
fn every_form_has_the_bytes_that_it_always_had() {
    let events = events();
    let known: BTreeSet<u32> = Event::types().map(|(number, ..)| number).collect();
    let sampled: BTreeSet<u32> = events.iter().map(|(_, _, event)| event.type_number().0).collect();
    assert_eq!(sampled, known, "a sample of every type, and of nothing else");

    let events = events
        .into_iter()
        .map(|(name, bytes, event)| (name, bytes, Some(event)));
    let around = envelopes().into_iter().map(|(name, bytes)| (name, bytes, None));
    let all: Vec<_> = events.chain(around).collect();
    if std::env::var_os("SUREFOOT_WRITE_GOLDEN").is_some() {
        let there = golden();
        let mut text = std::fs::read_to_string(golden_file()).unwrap_or_default();
        for (name, bytes, _) in all.iter().filter(|(name, ..)| !there.contains_key(name)) {
            writeln!(text, "{name} = {}", hex(bytes)).unwrap();
        }
        std::fs::write(golden_file(), &text).unwrap();
    }
    let lines = golden();
    for (name, bytes, event) in &all {
        assert_eq!(lines.get(name), Some(&hex(bytes)), "{name}");
        let envelope = Envelope::decode(bytes).unwrap();
        if let (Some(event), Payload::Inline(payload)) = (event, envelope.payload) {
            assert_eq!(envelope.event(payload).unwrap(), *event, "{name}");
        }
    }
}

/// Lines of versions that are no longer written must still be readable.
#[test]
fn every_golden_line_can_be_read() {
    let golden = golden();
    assert!(golden.len() >= Event::types().count());
    for (name, hex) in golden {
        let bytes = bytes(&hex);
        let envelope = Envelope::decode(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        if let Payload::Inline(payload) = envelope.payload {
            let event = envelope.event(payload).unwrap_or_else(|e| panic!("{name}: {e}"));
            if name.starts_with(|c: char| c.is_ascii_digit()) {
                assert_eq!(name.split(' ').nth(1), Some(event.name()));
            }
        }
    }
}

/// Any other byte anywhere is refused, or it gives another leaf, by which it is noticed; only what says where a
/// payload is kept, and not what it says, is outside of the leaf.
#[test]
fn every_altered_byte_is_refused_or_noticed() {
    for (name, hex) in golden() {
        let bytes = bytes(&hex);
        let envelope = Envelope::decode(&bytes).unwrap();
        let (leaf, header) = (envelope.leaf(), envelope.header.len());
        let mut accepted = 0;
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut altered = bytes.clone();
                altered[at] ^= 1 << bit;
                let Ok(other) = Envelope::decode(&altered) else {
                    continue;
                };
                accepted += 1;
                assert_ne!(other, envelope, "{name}: byte {at} bit {bit}");
                let beside = at >= header && !matches!(envelope.payload, Payload::Inline(_));
                assert!(
                    beside || other.leaf() != leaf,
                    "{name}: byte {at} bit {bit} goes unnoticed"
                );
            }
        }
        assert!(accepted > 0, "{name}: nothing was altered that can be read");
    }
}

/// What remains of an erased payload is an event of the same type, and has none of the texts that were in it.
#[test]
fn what_remains_is_of_the_same_type() {
    for (name, _, event) in events() {
        let (number, version) = event.type_number();
        let remains = event.remains();
        assert_eq!(remains.type_number(), (number, version), "{name}");
        assert_eq!(
            Event::decode(number, version, &remains.encode()).unwrap(),
            remains,
            "{name}"
        );
        assert_eq!(remains.remains(), remains, "{name}");
    }
}
