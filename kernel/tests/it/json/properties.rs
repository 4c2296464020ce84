//! What holds for every value, and for every text that is nearly one.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Map, Number, Value, json};
use surefoot_kernel::json::Json;

use super::decode;

/// Values of every kind, with numbers and characters from where the rules change.
pub(super) fn value() -> BoxedStrategy<Value> {
    let double = prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        (any::<i32>(), -30..30).prop_map(|(digits, power)| f64::from(digits) * 10_f64.powi(power)),
        any::<i64>().prop_map(|whole| {
            #[expect(clippy::cast_precision_loss, reason = "any double will do")]
            let double = whole as f64;
            double
        }),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-20_i64..20).prop_map(Value::from),
        double.prop_map(|double| Number::from_f64(double).map_or(json!(0.0), Value::Number)),
        text().prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::Array),
            btree_map(text(), inner, 0..6).prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
    .boxed()
}

fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => prop::char::range('a', 'e'),
        2 => prop::char::range('\0', '\x22'),
        1 => Just('\\'),
        1 => any::<char>(),
        1 => prop::sample::select(vec!['\u{7f}', '\u{e000}', '\u{ffff}', '\u{10000}', '\u{10ffff}']),
    ];
    vec(character, 0..6).prop_map(String::from_iter)
}

/// Equal, integers only to integers and doubles only to the same bits: without the text's help.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            let bits = |number: &Number| (number.is_u64() || number.is_i64(), number.as_f64().map(f64::to_bits));
            one == other && bits(one) == bits(other)
        }
        (Value::Array(ones), Value::Array(others)) => {
            ones.len() == others.len() && ones.iter().zip(others).all(|(one, other)| same(one, other))
        }
        (Value::Object(ones), Value::Object(others)) => {
            let member = |(name, one): (&String, &Value)| others.get(name).is_some_and(|other| same(one, other));
            ones.len() == others.len() && ones.iter().all(member)
        }
        _ => one == other,
    }
}

/// What can stand at a place of a text, put there by hand.
const PIECES: [&str; 22] = [
    "", "0", "1", "9", "-", "+", ".", "e", "E", " ", "\n", "\"", "\\", "/", "u", ",", ":", "[", "]", "{", "}", "é",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_value_comes_back_as_it_was(value in value()) {
        let bytes = minicbor::to_vec(Json(value.clone())).unwrap();
        let Json(back) = minicbor::decode(&bytes).unwrap();
        prop_assert!(same(&back, &value), "{value:?} came back as {back:?}");
    }

    #[test]
    fn any_parser_of_json_can_read_it(value in value()) {
        let theirs: Value = serde_json::from_str(&Json(value.clone()).text()).unwrap();
        prop_assert!(same(&theirs, &value), "{value:?} was read as {theirs:?}");
    }

    #[test]
    fn two_values_have_two_texts(one in value(), other in value()) {
        prop_assert_eq!(same(&one, &other), Json(one).text() == Json(other).text());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..60)) {
        if let Ok(json) = decode(&bytes) {
            prop_assert_eq!(json.text().into_bytes(), bytes);
        }
    }

    #[test]
    fn no_row_of_pieces_is_misread(pieces in vec(prop::sample::select(PIECES.to_vec()), 0..12)) {
        let text = pieces.concat();
        if let Ok(json) = decode(text.as_bytes()) {
            prop_assert_eq!(json.text(), text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// At every place a piece more, or a byte or two less and a piece instead.
    #[test]
    fn no_damage_is_read_as_what_was_there(value in value()) {
        let text = Json(value.clone()).text();
        for at in 0..=text.len() {
            for (piece, less) in PIECES.iter().flat_map(|piece| [(piece, 0), (piece, 1), (piece, 2)]) {
                let mut damaged = text.clone().into_bytes();
                damaged.splice(at..(at + less).min(text.len()), piece.bytes());
                if damaged == text.as_bytes() {
                    continue;
                }
                if let Ok(Json(read)) = decode(&damaged) {
                    prop_assert!(!same(&read, &value), "{} is read as {text}", String::from_utf8_lossy(&damaged));
                    prop_assert_eq!(Json(read).text().into_bytes(), damaged);
                }
            }
        }
    }
}
