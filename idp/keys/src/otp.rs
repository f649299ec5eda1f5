//! Codes that an application makes out of a shared secret and the time (RFC 6238), and the writing of such secrets.

use crate::digest::constant_time_eq;
use aws_lc_rs::hmac;
use preau_domain::{Ids, Instant};
use zeroize::Zeroizing;

/// Seconds for which an application shows one code.
const STEP: i64 = 30;
/// Digits of a code.
const DIGITS: u32 = 6;
/// How many codes before and after the present one are taken: clocks of telephones differ.
const AROUND: i64 = 1;
/// Bytes of a secret (RFC 4226, section 4).
const LENGTH: usize = 20;
/// How secrets are written (RFC 4648, section 6).
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A secret shared with an application.
pub struct OtpSecret(Zeroizing<Vec<u8>>);

impl OtpSecret {
    /// A new one.
    pub fn generate(ids: &dyn Ids) -> OtpSecret {
        let mut bytes = Zeroizing::new(vec![0; LENGTH]);
        ids.fill(&mut bytes);
        OtpSecret(bytes)
    }

    /// One that was kept.
    pub fn of(bytes: &[u8]) -> OtpSecret {
        OtpSecret(Zeroizing::new(bytes.to_vec()))
    }

    /// Its bytes, to be sealed.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// How people and applications write it: letters and digits, 32 of them.
    pub fn written(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(LENGTH * 8 / 5 + 1));
        let (mut bits, mut held) = (0u32, 0u32);
        for byte in self.0.iter() {
            (bits, held) = (bits << 8 | u32::from(*byte), held + 8);
            while held >= 5 {
                held -= 5;
                text.push(char::from(LETTERS[(bits >> held & 31) as usize]));
            }
        }
        if held > 0 {
            text.push(char::from(LETTERS[(bits << (5 - held) & 31) as usize]));
        }
        text
    }

    /// The time for which a code was made, if it is one of now and of no time up to `after`: a code is taken once.
    pub fn taken(&self, code: &str, now: Instant, after: i64) -> Option<i64> {
        let present = now.seconds().div_euclid(STEP);
        let mut found = None;
        // All of them are compared, so that the time tells nothing.
        for step in present - AROUND..=present + AROUND {
            let right = constant_time_eq(self.code(step).as_bytes(), code.as_bytes());
            if right && step > after {
                found = found.or(Some(step));
            }
        }
        found
    }

    fn code(&self, step: i64) -> String {
        // The algorithm of RFC 4226, which every application knows: what breaks SHA-1 breaks no code made with it.
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let at = usize::from(tag[tag.len() - 1] & 15);
        let number = tag[at..at + 4].iter().fold(0u32, |number, byte| number << 8 | u32::from(*byte)) & 0x7fff_ffff;
        format!("{:0width$}", number % 10u32.pow(DIGITS), width = DIGITS as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemIds;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, the last six of eight digits.
        let secret = OtpSecret::of(b"12345678901234567890");
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret.code(seconds / STEP), code, "{seconds}");
            assert_eq!(secret.taken(code, Instant(seconds * 1000), 0), Some(seconds / STEP), "{seconds}");
        }
        assert_eq!(secret.written().as_str(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_code_is_taken_once_and_near_its_time() {
        let secret = OtpSecret::generate(&SystemIds);
        let (step, at) = (60_000_000, |steps: i64| Instant((60_000_000 + steps) * STEP * 1000));
        let code = secret.code(step);
        for (steps, taken) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            assert_eq!(secret.taken(&code, at(steps), 0).is_some(), taken, "{steps}");
        }
        assert_eq!(secret.taken(&code, at(0), step), None, "it was taken");
        assert_eq!(secret.taken(&code, at(0), step - 1), Some(step));
        for wrong in ["", "000000000000", "12345", "１２３４５６"] {
            assert_eq!(secret.taken(wrong, at(0), 0), None, "{wrong}");
        }
    }
}
