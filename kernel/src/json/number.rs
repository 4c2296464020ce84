//! Numbers: exact integers in plain decimal, doubles as ECMAScript writes them, and never alike.
//!
//! A text with neither `.` nor `e` is an integer, any other a double, so that 1 and 1.0 come back as they
//! were recorded. Digits of a double are the fewest that give it back, of those the closest to it, of two
//! that are equally close the even ones (ECMA-262, `Number::toString`; RFC 8785, section 3.2.2.3). The
//! standard library's `{:e}` does not keep the last of these rules; its parser of doubles rounds correctly.

use std::fmt;

use serde_json::Number;

/// Most digits that a shortest decimal of a double has.
const DIGITS: usize = 17;

/// Writes `number` to `out`.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write<W: fmt::Write>(number: &Number, out: &mut W) -> fmt::Result {
    if let Some(integer) = number.as_u64() {
        write!(out, "{integer}")
    } else if let Some(integer) = number.as_i64().filter(|integer| *integer < 0) {
        write!(out, "{integer}")
    } else if let Some(double) = number.as_f64() {
        write_double(double, out)
    } else {
        // Only a library built to keep any text as a number has one that is not finite.
        out.write_str("null")
    }
}

/// What `text`, a row of digits, signs, points and `e`s, denotes; `None` for what is no number of the format.
///
/// More is read than is written: `01` and `1e5` are told apart from `1` and `100000.0` by writing them again.
pub(crate) fn read(text: &str) -> Option<Number> {
    if text.bytes().any(|byte| matches!(byte, b'.' | b'e')) {
        // Too large a number becomes an infinity, which is none of the library's either.
        Number::from_f64(text.parse().ok()?)
    } else if text.starts_with('-') {
        text.parse::<i64>().ok().map(Number::from)
    } else {
        text.parse::<u64>().ok().map(Number::from)
    }
}

fn write_double<W: fmt::Write>(double: f64, out: &mut W) -> fmt::Result {
    if double.is_sign_negative() {
        out.write_str("-")?;
    }
    if double == 0.0 {
        return out.write_str("0.0");
    }
    let decimal = Decimal::shortest(double.abs());
    let (digits, point) = (decimal.digits(), decimal.point);
    let length = i32::try_from(digits.len()).unwrap_or(0);
    match point {
        1..=21 if length <= point => {
            out.write_str(digits)?;
            zeros(point - length, out)?;
            out.write_str(".0")
        }
        1..=21 => {
            let (whole, fraction) = digits.split_at(point.unsigned_abs() as usize);
            write!(out, "{whole}.{fraction}")
        }
        -5..=0 => {
            out.write_str("0.")?;
            zeros(-point, out)?;
            out.write_str(digits)
        }
        _ => {
            let (first, fraction) = digits.split_at(1);
            out.write_str(first)?;
            if !fraction.is_empty() {
                write!(out, ".{fraction}")?;
            }
            write!(out, "e{:+}", point - 1)
        }
    }
}

fn zeros<W: fmt::Write>(count: i32, out: &mut W) -> fmt::Result {
    (0..count).try_for_each(|_| out.write_str("0"))
}

/// A positive double as digits: 0.DIGITS times ten to the power of `point`.
struct Decimal {
    digits: [u8; DIGITS],
    length: usize,
    point: i32,
}

impl Decimal {
    /// Takes the digits out of what the crate wrote, whatever form it gave them.
    fn shortest(double: f64) -> Self {
        let mut buffer = zmij::Buffer::new();
        let text = buffer.format_finite(double);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let mut decimal = Self {
            digits: [0; DIGITS],
            length: 0,
            point: exponent.parse().unwrap_or(0),
        };
        let (mut zeros, mut fraction) = (0, false);
        for byte in mantissa.bytes() {
            let leading = decimal.length == 0 && byte == b'0';
            match byte {
                b'.' => fraction = true,
                // Zeros count once another digit follows them.
                b'0' if !leading => zeros += 1,
                b'0' => {}
                digit => {
                    (0..zeros).for_each(|_| decimal.push(b'0'));
                    zeros = 0;
                    decimal.push(digit);
                }
            }
            // Behind the point a leading zero moves it to the left, before it any other digit to the right.
            decimal.point += match (byte, fraction) {
                (b'.', _) => 0,
                (_, true) => -i32::from(leading),
                (_, false) => i32::from(!leading),
            };
        }
        decimal
    }

    fn push(&mut self, digit: u8) {
        if let Some(place) = self.digits.get_mut(self.length) {
            *place = digit;
            self.length += 1;
        }
    }

    fn digits(&self) -> &str {
        std::str::from_utf8(&self.digits[..self.length]).unwrap_or("0")
    }
}
