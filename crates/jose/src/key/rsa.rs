//! The accepted RSA public keys.

use crate::{
    error::KeyError,
    limits::{RSA_BITS_LEAST, RSA_BITS_MOST, RSA_EXPONENT_BYTES},
};

/// The primes modulo which the moduli of CVE-2017-15361 lie in the group of powers of 65537 while only a part of
/// all moduli does. A sound modulus passes all of them with a probability below 2^-27.
const ROCA_PRIMES: &[u32] = &[11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

/// Refuses a modulus or exponent, both big-endian, that is out of range, not minimal, or known to be weak.
pub(super) fn check(n: &[u8], e: &[u8]) -> Result<(), KeyError> {
    let &first = n.first().ok_or(KeyError::Member("n"))?;
    let &exponent_first = e.first().ok_or(KeyError::Member("e"))?;
    if first == 0 {
        return Err(KeyError::Member("n"));
    }
    if exponent_first == 0 {
        return Err(KeyError::Member("e"));
    }
    let bits = n.len() * 8 - first.leading_zeros() as usize;
    if !(RSA_BITS_LEAST..=RSA_BITS_MOST).contains(&bits) || is_even(n) {
        return Err(KeyError::Modulus);
    }
    if e.len() > RSA_EXPONENT_BYTES || is_even(e) || e == [1] {
        return Err(KeyError::Exponent);
    }
    if ROCA_PRIMES.iter().all(|&prime| is_power_of_65537(n, prime)) {
        return Err(KeyError::Weak);
    }
    Ok(())
}

fn is_even(number: &[u8]) -> bool {
    number.last().is_none_or(|last| last % 2 == 0)
}

fn is_power_of_65537(n: &[u8], prime: u32) -> bool {
    let residue = n.iter().fold(0, |residue, &byte| (residue * 256 + u32::from(byte)) % prime);
    let mut power = 1;
    loop {
        if power == residue {
            return true;
        }
        power = power * (65537 % prime) % prime;
        if power == 1 {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const E: &[u8] = &[1, 0, 1];

    fn modulus(bits: usize) -> Vec<u8> {
        let mut n = vec![0x5a; bits.div_ceil(8)];
        n[0] = 1 << ((bits - 1) % 8);
        *n.last_mut().expect("not empty") = 0xa5;
        n
    }

    #[test]
    fn a_modulus_has_2048_to_8192_bits() {
        for bits in [2048, 2049, 3072, 4096, 8192] {
            assert_eq!(check(&modulus(bits), E), Ok(()), "{bits}");
        }
        for bits in [512, 1024, 2047, 8193, 16384] {
            assert_eq!(check(&modulus(bits), E), Err(KeyError::Modulus), "{bits}");
        }
    }

    #[test]
    fn a_modulus_is_odd_and_minimal() {
        let mut even = modulus(2048);
        even[255] = 0xa4;
        assert_eq!(check(&even, E), Err(KeyError::Modulus));
        assert_eq!(check(&[&[0], modulus(2048).as_slice()].concat(), E), Err(KeyError::Member("n")));
        assert_eq!(check(&[], E), Err(KeyError::Member("n")));
    }

    #[test]
    fn an_exponent_is_odd_minimal_and_at_least_three() {
        let n = modulus(2048);
        for e in [&[3][..], &[1, 0, 1], &[0xff, 0xff, 0xff, 0xff]] {
            assert_eq!(check(&n, e), Ok(()), "{e:?}");
        }
        for e in [&[1][..], &[2], &[4], &[1, 0, 0], &[1, 0, 0, 0, 1]] {
            assert_eq!(check(&n, e), Err(KeyError::Exponent), "{e:?}");
        }
        for e in [&[][..], &[0], &[0, 3]] {
            assert_eq!(check(&n, e), Err(KeyError::Member("e")), "{e:?}");
        }
    }

    #[test]
    fn powers_of_65537_have_the_roca_fingerprint() {
        // 65537^128 has 2049 bits and is a power modulo every prime.
        let mut n = vec![1_u8];
        for _ in 0..128 {
            let mut product = vec![0_u8; n.len() + 2];
            product[2..].copy_from_slice(&n);
            let mut carry = 0_u16;
            for at in (0..product.len()).rev() {
                let shifted = if at < n.len() { n[at] } else { 0 };
                let sum = u16::from(product[at]) + u16::from(shifted) + carry;
                product[at] = sum.to_be_bytes()[1];
                carry = sum >> 8;
            }
            let start = product.iter().position(|&byte| byte != 0).expect("not zero");
            n = product[start..].to_vec();
        }
        assert_eq!(check(&n, E), Err(KeyError::Weak));
    }
}
