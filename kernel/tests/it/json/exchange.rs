//! The golden texts, and texts that another build wrote.
//!
//! This file is compiled twice: here, and as `fixtures/older-json` with an older `serde_json` and with other
//! features of it. So it names nothing but the sources of the text and the library itself.

#[path = "../../../src/json/number.rs"]
mod number;
#[path = "../../../src/json/read.rs"]
mod read;
#[path = "../../../src/json/write.rs"]
mod write;

use serde_json::{Value, json};

/// Values and their texts.
fn golden() -> Vec<(Value, &'static str)> {
    vec![
        (json!(null), "null"),
        (json!(true), "true"),
        (json!(false), "false"),
        (json!([]), "[]"),
        (json!({}), "{}"),
        (json!(""), r#""""#),
        // Integers of 64 bits are exact.
        (json!(0), "0"),
        (json!(-1), "-1"),
        (json!(i64::MAX), "9223372036854775807"),
        (json!(i64::MIN), "-9223372036854775808"),
        (json!(u64::MAX), "18446744073709551615"),
        (json!(9_007_199_254_740_991_u64), "9007199254740991"),
        (json!(9_007_199_254_740_992_u64), "9007199254740992"),
        (json!(9_007_199_254_740_993_u64), "9007199254740993"),
        (json!(-9_007_199_254_740_993_i64), "-9007199254740993"),
        (json!(10_000_000_000_000_000_u64), "10000000000000000"),
        // Doubles are never written as integers are.
        (json!(0.0), "0.0"),
        (json!(-0.0), "-0.0"),
        (json!(1.0), "1.0"),
        (json!(-1.0), "-1.0"),
        (json!(100.0), "100.0"),
        (json!(0.1), "0.1"),
        (json!(-12.5), "-12.5"),
        (json!(0.000_001), "0.000001"),
        (json!(0.000_001_25), "0.00000125"),
        (json!(0.000_000_1), "1e-7"),
        (json!(-1.25e-7), "-1.25e-7"),
        (json!(9_007_199_254_740_991.0), "9007199254740991.0"),
        (json!(9_007_199_254_740_994.0), "9007199254740994.0"),
        (json!(1e15), "1000000000000000.0"),
        (json!(1e16), "10000000000000000.0"),
        (json!(1e17), "100000000000000000.0"),
        (json!(18_446_744_073_709_551_616.0), "18446744073709552000.0"),
        (json!(1e20), "100000000000000000000.0"),
        (json!(123_456_789_012_345_680_000.0), "123456789012345680000.0"),
        (json!(999_999_999_999_999_900_000.0), "999999999999999900000.0"),
        (json!(1e21), "1e+21"),
        (json!(-1e21), "-1e+21"),
        (json!(1.5e300), "1.5e+300"),
        (json!(5e-324), "5e-324"),
        (json!(f64::MIN_POSITIVE), "2.2250738585072014e-308"),
        (json!(f64::MAX), "1.7976931348623157e+308"),
        (json!(f64::MIN), "-1.7976931348623157e+308"),
        // Equally close: the even digit.
        (json!(f64::from_bits(0x4314_3ff3_c1cb_0959)), "1424953923781206.2"),
        // Strings escape what has to be.
        (
            json!("\u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}"),
            r#""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007""#,
        ),
        (
            json!("\u{8}\u{9}\u{a}\u{b}\u{c}\u{d}\u{e}\u{f}"),
            r#""\b\t\n\u000b\f\r\u000e\u000f""#,
        ),
        (
            json!("\u{10}\u{11}\u{12}\u{13}\u{14}\u{15}\u{16}\u{17}"),
            r#""\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017""#,
        ),
        (
            json!("\u{18}\u{19}\u{1a}\u{1b}\u{1c}\u{1d}\u{1e}\u{1f}"),
            r#""\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f""#,
        ),
        (
            json!("\"\\/ \u{7f}\u{80}\u{2028}"),
            "\"\\\"\\\\/ \u{7f}\u{80}\u{2028}\"",
        ),
        (json!("Größe 😀"), "\"Größe 😀\""),
        // Members in the order of the bytes of their names: 'é', then U+FFFD, then what is beyond U+FFFF.
        (
            json!({"😀": 1, "\u{fffd}": 2, "é": 3, "b": 4, "a\"": 5, "a": 6, "": 7, "B": 8, "10": 9, "9": 10, "\n": 11}),
            "{\"\":7,\"\\n\":11,\"10\":9,\"9\":10,\"B\":8,\"a\":6,\"a\\\"\":5,\"b\":4,\"é\":3,\"\u{fffd}\":2,\"😀\":1}",
        ),
        (
            json!({"status": 200, "seconds": 3.0, "ratio": 1e-7, "rows": [1, 1.0, "1", null], "deep": {"b": {}, "a": [[]]}}),
            r#"{"deep":{"a":[[]],"b":{}},"ratio":1e-7,"rows":[1,1.0,"1",null],"seconds":3.0,"status":200}"#,
        ),
    ]
}

fn text(value: &Value) -> String {
    let mut text = String::new();
    write::write(value, &mut text).unwrap();
    text
}

#[test]
fn values_have_the_texts_that_they_always_had() {
    for (value, golden) in golden() {
        assert_eq!(text(&value), golden);
    }
}

#[test]
fn texts_have_the_values_that_they_always_had() {
    for (value, golden) in golden() {
        let read = read::read(golden.as_bytes()).unwrap();
        assert_eq!(read, value, "{golden}");
        assert_eq!(text(&read), golden);
    }
}

/// `SUREFOOT_JSON_TEXTS` names a file with a text on each line, which no text has an end of line in.
#[test]
fn texts_of_another_build_are_texts_here() {
    let Ok(file) = std::env::var("SUREFOOT_JSON_TEXTS") else {
        return;
    };
    let texts = std::fs::read_to_string(file).unwrap();
    for there in texts.lines() {
        let ours = read::read(there.as_bytes()).map_err(|refused| format!("{refused}: {there}"));
        assert_eq!(text(&ours.unwrap()), there);
        let theirs: Value = serde_json::from_str(there).unwrap();
        assert_eq!(text(&theirs), there, "as the library reads it");
    }
    println!("{} texts; this library writes {}", texts.lines().count(), json!(1e16));
}
