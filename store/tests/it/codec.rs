//! Envelopes: what is written comes back, and nothing else is accepted.

use proptest::prelude::*;
use surefoot_kernel::event::{Event, UnknownEvent};
use surefoot_kernel::id::Seq;
use surefoot_kernel::port::EventLog as _;
use surefoot_store::Store;
use surefoot_store::codec::{CodecError, Envelope, Payload};

use crate::sample::{append, deployment, environment, note, part, person};

/// Stored bytes of two typical events.
fn stored() -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut wanted = append(
        300,
        vec![
            part(&deployment(1), 0, [note("all systems operational")]),
            part(&environment("shop/production"), 0, [note(&"x".repeat(5000))]),
        ],
    );
    wanted.streams[1].events[0].actor = person("ana", Some("lead"));
    store.log.append(wanted).unwrap();
    (0..2).map(|seq| store.log.envelope(Seq(seq)).unwrap()).collect()
}

#[test]
fn an_envelope_is_small() {
    let bytes = &stored()[0];
    let Payload::Inline(payload) = Envelope::decode(bytes).unwrap().payload else {
        panic!("a note is short");
    };
    assert!(
        bytes.len() - payload.len() <= 64,
        "{} around the payload",
        bytes.len() - payload.len()
    );
}

#[test]
fn every_cut_and_every_addition_is_refused() {
    for bytes in stored() {
        Envelope::decode(&bytes).unwrap();
        for end in 0..bytes.len() {
            assert!(Envelope::decode(&bytes[..end]).is_err(), "cut at {end}");
        }
        for extra in 0..=255 {
            let mut longer = bytes.clone();
            longer.push(extra);
            assert!(matches!(Envelope::decode(&longer), Err(CodecError::Trailing(_))));
        }
    }
}

#[test]
fn another_format_is_named() {
    let mut bytes = stored()[0].clone();
    bytes[1] = 3;
    assert_eq!(Envelope::decode(&bytes), Err(CodecError::Format(3)));
    let text = CodecError::Format(3).to_string();
    assert!(text.contains("version 3") && text.contains("knows version 2"), "{text}");
    // A later format may have more fields; its number is still what is told.
    bytes[0] = 0x8d;
    assert_eq!(Envelope::decode(&bytes), Err(CodecError::Format(3)));
    bytes[1] = 1;
    assert!(matches!(Envelope::decode(&bytes), Err(CodecError::Expected { .. })));
}

#[test]
fn a_header_with_more_fields_is_newer() {
    let bytes = stored()[0].clone();
    let header = Envelope::decode(&bytes).unwrap().header.len();
    // With a field behind it, an absent cause is a null.
    for cause in [0_u8, 0xf6] {
        let more = [
            &[0x8c][..],
            &bytes[1..header],
            &[cause, 0x81, 0x61, b'x'],
            &bytes[header..],
        ]
        .concat();
        let newer = CodecError::MoreFields {
            type_number: 1001,
            type_version: 1,
        };
        assert_eq!(Envelope::decode(&more), Err(newer));
    }
}

#[test]
fn what_stands_in_a_payloads_place_is_checked() {
    let bytes = stored()[0].clone();
    let header = Envelope::decode(&bytes).unwrap().header.len();
    let instead = |form: u8, size: u64, by: Option<u8>| {
        let mut row = bytes[..header].to_vec();
        let mut out = minicbor::Encoder::new(&mut row);
        out.array(3 + u64::from(by.is_some())).unwrap().u8(form).unwrap();
        out.bytes(&[7; 32]).unwrap().u64(size).unwrap();
        if let Some(by) = by {
            out.u8(by).unwrap();
        }
        row
    };
    assert!(Envelope::decode(&instead(0, 67_108_864, None)).is_ok());
    assert!(Envelope::decode(&instead(0, 67_108_865, None)).is_err());
    assert!(Envelope::decode(&instead(2, 67_108_865, None)).is_err());
    assert!(Envelope::decode(&instead(1, 67_108_865, Some(9))).is_err());
}

#[test]
fn longer_spellings_are_refused() {
    let bytes = stored()[0].clone();
    // Format, seq: one byte each after the array's head. Every head is tried in its longer spelling.
    let longer_format = [&[bytes[0], 0x18, 0x01], &bytes[2..]].concat();
    assert_eq!(Envelope::decode(&longer_format), Err(CodecError::NotShortest(1)));
    let longer_array = [&[0x98, 0x0a], &bytes[1..]].concat();
    assert_eq!(Envelope::decode(&longer_array), Err(CodecError::NotShortest(0)));
    let open_array = [&[0x9f], &bytes[1..], &[0xff]].concat();
    assert_eq!(Envelope::decode(&open_array), Err(CodecError::Forbidden(0)));
}

#[test]
fn unknown_observations_survive() {
    let folder = tempfile::tempdir().unwrap();
    let unknown: Event = Event::Unknown(UnknownEvent {
        type_number: 4711,
        type_version: 3,
        payload: vec![0x83, 0x01, 0x82, 0x61, b'k', 0xf5, 0x61, b'x'],
    });
    let written = {
        let store = Store::open(folder.path()).unwrap();
        let appended = store
            .log
            .append(append(1, vec![part(&deployment(1), 0, [unknown.clone()])]));
        appended.unwrap().records
    };
    let store = Store::open(folder.path()).unwrap();
    let read = store.log.read(Seq(0), 1).unwrap();
    assert_eq!(read, written);
    assert_eq!(read[0].event, unknown);
    assert_eq!(store.log.verify(&[]).unwrap().failures, []);
}

/// All decoders are total, and an accepted envelope is the only spelling of what it says.
#[test]
fn flipped_bytes_are_refused_or_mean_something_else() {
    for bytes in stored() {
        let original = Envelope::decode(&bytes).unwrap();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                if let Ok(envelope) = Envelope::decode(&flipped) {
                    assert_ne!(envelope, original, "byte {at} bit {bit}");
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_judged_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(envelope) = Envelope::decode(&bytes)
            && let Payload::Inline(payload) = envelope.payload
        {
            let _any_answer = envelope.event(payload);
        }
    }

    #[test]
    fn mutated_envelopes_are_judged_without_panic(at in any::<prop::sample::Index>(), with in prop::collection::vec(any::<u8>(), 0..12)) {
        let mut bytes = STORED.with(Clone::clone);
        let at = at.index(bytes.len());
        let end = (at + with.len()).min(bytes.len());
        bytes.splice(at..end, with);
        if let Ok(envelope) = Envelope::decode(&bytes)
            && let Payload::Inline(payload) = envelope.payload
        {
            let _any_answer = envelope.event(payload);
        }
    }
}

thread_local! {
    static STORED: Vec<u8> = stored().swap_remove(0);
}
