//! The hashes that RECORD gives of files, in whatever writing (packaging.python.org, "Recording installed projects").

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use sha2::digest::DynDigest;
use sha2::{Sha224, Sha256, Sha384, Sha512};

/// A hash function that RECORD may name and that is known here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Algorithm {
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    fn named(name: &[u8]) -> Option<Self> {
        let plain = name.to_ascii_lowercase();
        match &*plain {
            b"sha224" | b"sha-224" => Some(Self::Sha224),
            b"sha256" | b"sha-256" => Some(Self::Sha256),
            b"sha384" | b"sha-384" => Some(Self::Sha384),
            b"sha512" | b"sha-512" => Some(Self::Sha512),
            _ => None,
        }
    }

    /// The length of its hashes in bytes.
    fn len(self) -> usize {
        match self {
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// A fresh hasher.
    pub(crate) fn hasher(self) -> Box<dyn DynDigest> {
        match self {
            Self::Sha224 => Box::<Sha224>::default(),
            Self::Sha256 => Box::<Sha256>::default(),
            Self::Sha384 => Box::<Sha384>::default(),
            Self::Sha512 => Box::<Sha512>::default(),
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
        ] {
            assert_eq!(hash(field.as_bytes()), Hash::Unknown, "{field}");
        }
    }
}
