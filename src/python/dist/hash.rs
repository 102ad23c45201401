//! The hashes that RECORD gives of files, in whatever writing (packaging.python.org, "Recording installed projects").

use blake2::{Blake2b512, Blake2s256};
use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use md5::Md5;
use sha1::Sha1;
use sha2::digest::DynDigest;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};

/// A hash function that RECORD may name: those of fixed length in `hashlib.algorithms_guaranteed`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Algorithm {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha3x224,
    Sha3x256,
    Sha3x384,
    Sha3x512,
    Blake2b,
    Blake2s,
}

impl Algorithm {
    /// The function of a name, as `hashlib` writes it or with other signs between its parts.
    fn named(name: &[u8]) -> Option<Self> {
        let is_sign = |byte: &u8| !matches!(byte, b'-' | b'_');
        let plain: Vec<u8> = name.iter().copied().filter(is_sign).collect();
        match &*plain.to_ascii_lowercase() {
            b"md5" => Some(Self::Md5),
            b"sha1" => Some(Self::Sha1),
            b"sha224" => Some(Self::Sha224),
            b"sha256" => Some(Self::Sha256),
            b"sha384" => Some(Self::Sha384),
            b"sha512" => Some(Self::Sha512),
            b"sha3224" => Some(Self::Sha3x224),
            b"sha3256" => Some(Self::Sha3x256),
            b"sha3384" => Some(Self::Sha3x384),
            b"sha3512" => Some(Self::Sha3x512),
            b"blake2b" => Some(Self::Blake2b),
            b"blake2s" => Some(Self::Blake2s),
            _ => None,
        }
    }

    /// The length of its hashes in bytes.
    fn len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha224 | Self::Sha3x224 => 28,
            Self::Sha256 | Self::Sha3x256 | Self::Blake2s => 32,
            Self::Sha384 | Self::Sha3x384 => 48,
            Self::Sha512 | Self::Sha3x512 | Self::Blake2b => 64,
        }
    }

    /// A fresh hasher.
    pub(crate) fn hasher(self) -> Box<dyn DynDigest> {
        match self {
            Self::Md5 => Box::<Md5>::default(),
            Self::Sha1 => Box::<Sha1>::default(),
            Self::Sha224 => Box::<Sha224>::default(),
            Self::Sha256 => Box::<Sha256>::default(),
            Self::Sha384 => Box::<Sha384>::default(),
            Self::Sha512 => Box::<Sha512>::default(),
            Self::Sha3x224 => Box::<Sha3_224>::default(),
            Self::Sha3x256 => Box::<Sha3_256>::default(),
            Self::Sha3x384 => Box::<Sha3_384>::default(),
            Self::Sha3x512 => Box::<Sha3_512>::default(),
            Self::Blake2b => Box::<Blake2b512>::default(),
            Self::Blake2s => Box::<Blake2s256>::default(),
        }
    }

    /// The hash of some bytes.
    pub(crate) fn hash(self, bytes: &[u8]) -> Vec<u8> {
        let mut hasher = self.hasher();
        hasher.update(bytes);
        hasher.finalize().to_vec()
    }
}

/// A hash that can be checked. Nearly all are SHA-256, and there may be a million.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Sum {
    /// SHA-256.
    Sha256([u8; 32]),
    /// Another one.
    Other(Algorithm, Box<[u8]>),
}

impl Sum {
    pub(super) fn new(algorithm: Algorithm, bytes: Vec<u8>) -> Self {
        match (algorithm, <[u8; 32]>::try_from(&*bytes)) {
            (Algorithm::Sha256, Ok(sum)) => Self::Sha256(sum),
            _ => Self::Other(algorithm, bytes.into()),
        }
    }

    /// The hash function.
    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Sha256(_) => Algorithm::Sha256,
            Self::Other(algorithm, _) => *algorithm,
        }
    }

    /// The hash itself.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Sha256(sum) => sum,
            Self::Other(_, sum) => sum,
        }
    }

    /// Whether it is the hash of some bytes.
    pub(crate) fn is_of(&self, bytes: &[u8]) -> bool {
        self.algorithm().hash(bytes) == self.as_bytes()
    }
}

/// What a row says of the content.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Hash {
    /// Nothing.
    None,
    /// A hash that can be checked.
    Known(Sum),
    /// That it is a symbolic link.
    Link,
    /// A hash of a kind that is not known here, or no hash at all: it cannot be checked.
    Unknown,
}

/// The hash in a field, by its value: the specification wants base64 for URLs without padding, and some builders write
/// hexadecimal digits or other base64. What has not the length of a hash is none.
pub(crate) fn hash(field: &[u8]) -> Hash {
    if field.is_empty() {
        return Hash::None;
    }
    let parts = field.iter().position(|&b| b == b'=');
    let known = parts.and_then(|at| {
        let algorithm = Algorithm::named(field[..at].trim_ascii())?;
        let value = field[at + 1..].trim_ascii();
        let writings = [
            BASE64URL_NOPAD,
            HEXLOWER_PERMISSIVE,
            BASE64URL,
            BASE64,
            BASE64_NOPAD,
        ];
        let mut read = writings
            .iter()
            .filter_map(|writing| writing.decode(value).ok());
        let sum = read.find(|sum| sum.len() == algorithm.len())?;
        Some(Hash::Known(Sum::new(algorithm, sum)))
    });
    known.unwrap_or(Hash::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values are those of Python's `hashlib` for `x = 1` and a line feed.
    #[test]
    fn every_function_of_hashlib_with_a_fixed_length_is_the_one_of_its_name() {
        let values = [
            ("md5", "3253b41059cac6e987c5a5e9233ea5d0"),
            ("sha1", "e139f73e34322031189110afc1939eb1877a8954"),
            (
                "sha224",
                "296a177ff38b9c3eaed1698d2c39c9a2c32e8a4df9a7b26afc907aee",
            ),
            (
                "sha384",
                "d827b895820581eac2044f695a04a0cfef661f37ee3b0460a658f2906194220eb180a433d8dfb3a58bf8ee9960\
                 f01927",
            ),
            (
                "sha512",
                "7bbdef7b22a0ca438a65114e7aa555f918876abd023dbf0615890cfa308b5251c1931fab53fb14360a334f4c8d\
                 ee5089e3c1375bfdee3554a1b2dfccb80936d6",
            ),
            (
                "sha3_224",
                "c11d980c2d73c9317ff9232116aea23bd41834208d815a2aa7519a6a",
            ),
            (
                "sha3_256",
                "c1d053c902878b4ca285f50589bf8d8f097f6927ede52731b2029bd2397a79d4",
            ),
            (
                "sha3_384",
                "3371f796c059248fb39d9588ecce067d503f1adc7e7d55ec3127c87f871634fc7b994325194fb8826b1886f758\
                 00d7d8",
            ),
            (
                "sha3_512",
                "76e63e40ea2eff85f26ea941f18b58dc11a7772406982aa29942c7105e33fe3797db35041f3e8423163885e965\
                 24b12efc37ca5a68d3b4e0cfc3665bdbd125c6",
            ),
            (
                "blake2b",
                "ea722a66f7fae1bc0ebfa739f12881a47dae37deec0c75da7788b41e7e95e833f5139ec7891ecc0e2f8aef6da0\
                 c071821c47f66e751dccb01d0aab9a5b22a769",
            ),
            (
                "blake2s",
                "b0922113189b4ba9ecdec2a83bce542317b2e6704d9c0998f1e02beddb4322e7",
            ),
            (
                "SHA3-256",
                "c1d053c902878b4ca285f50589bf8d8f097f6927ede52731b2029bd2397a79d4",
            ),
        ];
        for (name, hex) in values {
            let digits = HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).unwrap();
            let writings = [
                hex.to_owned(),
                hex.to_uppercase(),
                BASE64URL_NOPAD.encode(&digits),
                BASE64.encode(&digits),
            ];
            for writing in writings {
                let Hash::Known(sum) = hash(format!("{name}={writing}").as_bytes()) else {
                    panic!("{name} {writing}");
                };
                assert_eq!(sum.as_bytes(), digits, "{name} {writing}");
                assert!(
                    sum.is_of(b"x = 1\n") && !sum.is_of(b"x = 2\n"),
                    "{name} {writing}"
                );
            }
        }
    }

    #[test]
    fn a_hash_is_known_by_its_value_however_it_is_written() {
        let sum = Algorithm::Sha256.hash(b"x = 1\n");
        let hex = HEXLOWER_PERMISSIVE.encode(&sum);
        for field in [
            format!("sha256={}", BASE64URL_NOPAD.encode(&sum)),
            format!("sha256={}", BASE64URL.encode(&sum)),
            format!("sha256={}", BASE64.encode(&sum)),
            format!("sha256={}", BASE64_NOPAD.encode(&sum)),
            format!("sha256={hex}"),
            format!("SHA256={}", hex.to_uppercase()),
            format!("sha-256= {hex} "),
        ] {
            let known = hash(field.as_bytes());
            assert_eq!(
                known,
                Hash::Known(Sum::new(Algorithm::Sha256, sum.clone())),
                "{field}"
            );
        }
        for field in [
            "sha256=",
            "sha256=AA",
            &format!("sha512={hex}"),
            "sha256=!",
            &hex,
            "md5=AA",
            &format!("shake_128={hex}"),
            &format!("sha512_256={hex}"),
        ] {
            assert_eq!(hash(field.as_bytes()), Hash::Unknown, "{field}");
        }
    }
}
