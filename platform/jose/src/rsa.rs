//! RSA key generation from probable primes (FIPS 186-5, A.1.3). ring signs with RSA keys and checks them, but makes none.
//!
//! The arithmetic is not constant-time. A key is made once, by the process that will use it and at no stranger's request, so there
//! is nobody who could measure it.

use crate::der;
use kernel::Randomness;
use num_bigint::BigUint;

/// Bits of the modulus.
const MODULUS_BITS: u64 = 2048;
const PRIME_BYTES: usize = 128;
/// Public exponent.
const EXPONENT: u32 = 65_537;
/// Rounds of the Miller-Rabin test: a composite of 1024 bits passes them with a probability far below 2^-100 (FIPS 186-5, B.3).
const ROUNDS: usize = 8;
/// Bound of the primes by which candidates are divided before they are tested.
const SMALL_PRIMES_BELOW: u32 = 2_000;

/// New private key of 2048 bits as PKCS #1.
pub(crate) fn generate(randomness: &dyn Randomness) -> Vec<u8> {
    let (one, exponent) = (BigUint::from(1u32), BigUint::from(EXPONENT));
    loop {
        let (mut p, mut q) = (prime(randomness), prime(randomness));
        if p < q {
            std::mem::swap(&mut p, &mut q);
        }
        let modulus = &p * &q;
        // FIPS 186-5 wants the primes further apart than 2^(1024 - 100).
        if modulus.bits() != MODULUS_BITS || (&p - &q).bits() <= 924 {
            continue;
        }
        let (p_less_one, q_less_one) = (&p - &one, &q - &one);
        let lambda = &p_less_one * &q_less_one / gcd(p_less_one.clone(), q_less_one.clone());
        let inverses = (exponent.modinv(&lambda), q.modinv(&p));
        let (Some(private), Some(coefficient)) = inverses else { continue };
        let (of_p, of_q) = (&private % &p_less_one, &private % &q_less_one);
        let numbers = [&modulus, &exponent, &private, &p, &q, &of_p, &of_q, &coefficient];
        return der::rsa_private_key(&numbers);
    }
}

/// Random prime of 1024 bits, of which the two highest are set, and which the public exponent leaves invertible.
fn prime(randomness: &dyn Randomness) -> BigUint {
    let small = small_primes();
    loop {
        let mut bytes = [0; PRIME_BYTES];
        randomness.fill(&mut bytes);
        bytes[0] |= 0xc0;
        bytes[PRIME_BYTES - 1] |= 1;
        let candidate = BigUint::from_bytes_be(&bytes);
        let is_divided = |prime: &u32| &candidate % *prime == BigUint::ZERO;
        let keeps_exponent = || (&candidate - 1u32) % EXPONENT != BigUint::ZERO;
        if !small.iter().any(is_divided)
            && keeps_exponent()
            && is_probable_prime(&candidate, randomness)
        {
            return candidate;
        }
    }
}

/// Miller-Rabin test with random bases, of an odd number above 3.
fn is_probable_prime(candidate: &BigUint, randomness: &dyn Randomness) -> bool {
    let one = BigUint::from(1u32);
    let less_one = candidate - &one;
    let twos = less_one.trailing_zeros().unwrap_or(0);
    let odd = &less_one >> twos;
    (0..ROUNDS).all(|_| {
        let mut bytes = [0; PRIME_BYTES];
        randomness.fill(&mut bytes);
        // Within 2 to the candidate less 2.
        let base = BigUint::from_bytes_be(&bytes) % (candidate - 3u32) + 2u32;
        let mut power = base.modpow(&odd, candidate);
        if power == one || power == less_one {
            return true;
        }
        (1..twos).any(|_| {
            power = &power * &power % candidate;
            power == less_one
        })
    })
}

fn gcd(mut a: BigUint, mut b: BigUint) -> BigUint {
    while b != BigUint::ZERO {
        (a, b) = (b.clone(), a % b);
    }
    a
}

/// The odd primes below the bound.
fn small_primes() -> Vec<u32> {
    let is_prime = |number: &u32| {
        (3..).step_by(2).take_while(|it| it * it <= *number).all(|it| !number.is_multiple_of(it))
    };
    (3..SMALL_PRIMES_BELOW).step_by(2).filter(is_prime).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::SeededRandomness;

    #[test]
    fn primes_are_told_from_composites() {
        let randomness = SeededRandomness::new(1);
        let is_prime = |number: u64| is_probable_prime(&BigUint::from(number), &randomness);
        for prime in [5, 7, 97, 65_537, 2_147_483_647, 18_446_744_073_709_551_557] {
            assert!(is_prime(prime), "{prime}");
        }
        // Carmichael numbers, which pass Fermat's test, and a square.
        for composite in [561, 41_041, 825_265, 321_197_185, 49, 18_446_744_073_709_551_555] {
            assert!(!is_prime(composite), "{composite}");
        }
        assert_eq!(small_primes()[..5], [3, 5, 7, 11, 13]);
        assert_eq!(gcd(BigUint::from(84u32), BigUint::from(36u32)), BigUint::from(12u32));
    }

    #[test]
    fn a_seed_repeats_a_key_and_ring_accepts_it() {
        let key = generate(&SeededRandomness::new(7));
        let pair = ring::rsa::KeyPair::from_der(&key).unwrap();
        assert_eq!(pair.public().modulus_len(), 256);
        assert_eq!(key, generate(&SeededRandomness::new(7)));
    }
}
