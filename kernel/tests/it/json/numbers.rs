//! Doubles against RFC 8785: its published examples, and another implementation of it.

use proptest::prelude::*;
use serde_json::{Value, json};
use surefoot_kernel::json::Json;

use super::decode;

/// What RFC 8785 writes, made unlike an integer.
fn marked(rfc: &str, double: f64) -> String {
    if double == 0.0 {
        return if double.is_sign_negative() { "-0.0" } else { "0.0" }.to_owned();
    }
    let mark = if rfc.contains(['.', 'e']) { "" } else { ".0" };
    format!("{rfc}{mark}")
}

fn as_rfc_8785(double: f64) {
    let rfc = serde_json_canonicalizer::to_string(&json!(double)).unwrap();
    let text = Json(json!(double)).text();
    assert_eq!(text, marked(&rfc, double), "{:016x}", double.to_bits());
    let Json(Value::Number(back)) = decode(text.as_bytes()).unwrap() else {
        panic!("{text} is no number");
    };
    assert!(!back.is_u64() && !back.is_i64(), "{text}");
    assert_eq!(back.as_f64().unwrap().to_bits(), double.to_bits(), "{text}");
}

/// RFC 8785, appendix B.
#[test]
fn the_examples_of_the_rfc() {
    for (bits, rfc) in [
        (0x0000_0000_0000_0000, "0"),
        (0x8000_0000_0000_0000, "0"),
        (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"),
        (0xc340_0000_0000_0000, "-9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
        (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
        (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
        (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
        (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x41b3_de43_5555_5553, "333333333.3333332"),
        (0x41b3_de43_5555_5554, "333333333.33333325"),
        (0x41b3_de43_5555_5555, "333333333.3333333"),
        (0x41b3_de43_5555_5556, "333333333.3333334"),
        (0x41b3_de43_5555_5557, "333333333.33333343"),
        (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
    ] {
        let double = f64::from_bits(bits);
        assert_eq!(Json(json!(double)).text(), marked(rfc, double));
        as_rfc_8785(double);
    }
}

#[test]
fn around_every_power_of_two_and_ten() {
    let twos = (-1074..1024).map(|power| 2.0_f64.powi(power));
    let tens = (-323..309).map(|power| format!("1e{power}").parse::<f64>().unwrap());
    for double in twos.chain(tens) {
        for bits in double.to_bits().saturating_sub(3)..=double.to_bits() + 3 {
            if f64::from_bits(bits).is_finite() {
                as_rfc_8785(f64::from_bits(bits));
                as_rfc_8785(-f64::from_bits(bits));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn any_double(bits in any::<u64>()) {
        let double = f64::from_bits(bits);
        prop_assume!(double.is_finite());
        as_rfc_8785(double);
    }

    /// Whole numbers with a few binary places, where two decimals are often equally close.
    #[test]
    fn doubles_between_two_decimals(whole in 0..1_u64 << 53, places in 0..12) {
        #[expect(clippy::cast_precision_loss, reason = "below 2 to the power of 53")]
        as_rfc_8785((whole | 1) as f64 / 2.0_f64.powi(places));
    }

    #[test]
    fn any_integer(unsigned in any::<u64>(), signed in any::<i64>()) {
        for (value, text) in [(json!(unsigned), unsigned.to_string()), (json!(signed), signed.to_string())] {
            prop_assert_eq!(Json(value.clone()).text(), &*text);
            prop_assert_eq!(decode(text.as_bytes()).unwrap(), Json(value));
        }
    }
}

#[test]
fn what_is_not_finite_is_null() {
    let outcome = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0];
    assert_eq!(Json::of(&outcome).text(), "[null,null,null,1.0]");
    assert_eq!(Json::of(&u128::MAX), Json(Value::Null));
}
