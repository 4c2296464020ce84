//! Texts that are no canonical text, and what is said about them.

use super::decode;

fn refusal(text: impl AsRef<[u8]>) -> String {
    decode(text.as_ref()).unwrap_err()
}

#[test]
fn what_a_value_is_not_written_as() {
    for (text, at) in [
        // Where the text first differs from how its value is written.
        (r#"{"b":1,"a":2}"#, 2),
        (r#"{"a":1,"a":1}"#, 6),
        (r#"{"a":1,"a":2}"#, 5),
        ("{\"😀\":1,\"\u{fffd}\":2}", 2),
        (r#""\u0061""#, 1),
        (r#""\u000A""#, 2),
        (r#""\u000a""#, 2),
        (r#""\u001F""#, 6),
        (r#""\u007f""#, 1),
        ("\"\u{1}\"", 1),
        ("\"a\nb\"", 2),
        ("01", 0),
        ("00", 1),
        ("-0", 0),
        ("-01", 1),
        ("1.", 2),
        ("1.50", 3),
        ("1.00", 3),
        ("0.10", 3),
        ("1e0", 1),
        ("1e5", 1),
        ("1e16", 1),
        ("1e+16", 1),
        ("1e21", 2),
        ("1.0e+21", 1),
        ("1e+021", 3),
        ("1000000000000000000000.0", 1),
        ("0.0000001", 0),
        ("1e-07", 3),
        ("10e-8", 1),
        ("0.1e-6", 0),
        ("1e-400", 0),
        ("0e+21", 1),
        ("4e-324", 0),
        ("1424953923781206.25", 18),
        ("1424953923781206.3", 17),
        ("18446744073709551616.0", 16),
    ] {
        let said = refusal(text);
        assert!(said.contains("not in canonical form"), "{text}: {said}");
        assert!(said.ends_with(&format!("at byte {at}")), "{text}: {said}");
    }
}

#[test]
fn what_denotes_nothing() {
    for (text, at) in [
        ("", 0),
        (" 1", 0),
        ("1 ", 1),
        ("[1, 2]", 3),
        ("{\"a\": 1}", 5),
        ("1,2", 1),
        ("[1,]", 3),
        ("[,1]", 1),
        ("[1", 2),
        ("{\"a\"}", 4),
        ("{\"a\":1,}", 7),
        ("{a:1}", 1),
        ("{1:1}", 1),
        ("nul", 0),
        ("True", 0),
        ("NaN", 0),
        ("Infinity", 0),
        ("-Infinity", 0),
        ("-", 0),
        ("+1", 0),
        (".5", 0),
        ("1E5", 1),
        ("1e", 0),
        ("--1", 0),
        ("0x10", 1),
        ("1e400", 0),
        ("-1e400", 0),
        ("18446744073709551616", 0),
        ("-9223372036854775809", 0),
        ("\"a", 2),
        ("\"\\", 1),
        ("\"\\x\"", 1),
        ("\"\\/\"", 1),
        ("\"\\u12\"", 1),
        ("\"\\uéé\"", 1),
        ("\"\\ud83d\\ude00\"", 1),
        ("\u{feff}1", 0),
    ] {
        let said = refusal(text);
        assert!(said.ends_with(&format!("not JSON at byte {at}")), "{text}: {said}");
    }
    assert!(refusal(b"\"ab\xff\"").contains("not UTF-8 at byte 3"));
    assert!(refusal(b"\"\xed\xa0\x80\"").contains("not UTF-8 at byte 1"));
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let objects = |depth: usize| "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth);
    for deep in [nested(256), objects(256)] {
        assert_eq!(decode(deep.as_bytes()).unwrap().text(), deep);
    }
    for too_deep in [nested(257), objects(257), "[".repeat(1_000_000)] {
        let said = refusal(&too_deep);
        assert!(said.contains("nested more than 256 deep"), "{said}");
    }
}
