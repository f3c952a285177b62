//! Sealing of secrets at rest.
//!
//! The key comes from `MASTER_KEY` through argon2id; each secret is sealed with XChaCha20-Poly1305 under a random
//! nonce. The row that a secret belongs to is its associated data, so a blob moved to another row does not open.
//! Blob: version, key id, nonce (24 bytes), ciphertext with tag.
//!
//! A sealer may hold several keys: it seals with its current one and opens with whichever the blob names. So a key is
//! changed without a moment in which anything is shut: everybody gets both, then everything is sealed anew.

use std::collections::BTreeMap;

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use rand::Rng;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const NONCE: usize = 24;
const HEAD: usize = 2 + NONCE;

/// Length of the salt, bytes.
pub const SALT: usize = 16;

/// What went wrong; never what was sealed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SealError {
    /// argon2 refused its parameters or ran out of memory.
    #[error("no key can be made from MASTER_KEY: {0}")]
    Key(String),
    /// The blob was sealed under another key id, or is no blob at all.
    #[error("sealed under another key, or damaged")]
    Foreign,
    /// The key or the row is not the one it was sealed for.
    #[error("cannot be opened with this MASTER_KEY for this row")]
    Shut,
}

/// Seals and opens. Making one takes 64 MiB and some 100 ms a key, at start, in the master only.
pub struct Sealer {
    current: u8,
    keys: BTreeMap<u8, XChaCha20Poly1305>,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealer(key {} of {:?})", self.current, self.keys.keys())
    }
}

/// The id of the key that a blob says it was sealed with; none if it is no blob.
pub fn key_of(blob: &[u8]) -> Option<u8> {
    match blob {
        [VERSION, key_id, ..] if blob.len() > HEAD => Some(*key_id),
        _ => None,
    }
}

impl Sealer {
    /// With one key. `salt` is random, kept beside the data, and no secret.
    ///
    /// # Errors
    /// [`SealError::Key`] when argon2 fails.
    pub fn new(key_id: u8, master_key: &SecretString, salt: &[u8; SALT]) -> Result<Self, SealError> {
        let params = Params::new(64 * 1024, 3, 1, Some(32)).map_err(|e| SealError::Key(e.to_string()))?;
        let mut key = Zeroizing::new([0u8; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(master_key.expose_secret().as_bytes(), salt, &mut *key)
            .map_err(|e| SealError::Key(e.to_string()))?;
        Ok(Self { current: key_id, keys: BTreeMap::from([(key_id, XChaCha20Poly1305::new((&*key).into()))]) })
    }

    /// Goes on sealing with its own key, and opens what `other` opens as well.
    #[must_use]
    pub fn also_opening(mut self, other: Self) -> Self {
        for (key_id, cipher) in other.keys {
            self.keys.entry(key_id).or_insert(cipher);
        }
        self
    }

    /// The key that it seals with.
    pub fn key_id(&self) -> u8 {
        self.current
    }

    /// Whether it holds this key.
    pub fn holds(&self, key_id: u8) -> bool {
        self.keys.contains_key(&key_id)
    }

    /// Seals `secret` for the row named by `row`, for instance `bots/4242/token`.
    ///
    /// # Errors
    /// [`SealError::Shut`] only if the cipher itself fails, which it does for texts of many gigabytes.
    pub fn seal(&self, row: &str, secret: &SecretString) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0u8; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: row.as_bytes() };
        let cipher = self.keys.get(&self.current).ok_or(SealError::Shut)?;
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::Shut)?;
        let mut blob = Vec::with_capacity(HEAD + sealed.len());
        blob.extend([VERSION, self.current]);
        blob.extend(nonce);
        blob.extend(sealed);
        Ok(blob)
    }

    /// Opens what was sealed for `row`.
    ///
    /// # Errors
    /// [`SealError::Foreign`] for another key id or a damaged head, [`SealError::Shut`] for a wrong key or row.
    pub fn open(&self, row: &str, blob: &[u8]) -> Result<SecretString, SealError> {
        let (head, sealed) = blob.split_at_checked(HEAD).ok_or(SealError::Foreign)?;
        let nonce: [u8; NONCE] = head[2..].try_into().map_err(|_| SealError::Foreign)?;
        let cipher = key_of(blob).and_then(|key_id| self.keys.get(&key_id)).ok_or(SealError::Foreign)?;
        let payload = Payload { msg: sealed, aad: row.as_bytes() };
        let plain = Zeroizing::new(cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::Shut)?);
        let text = std::str::from_utf8(&plain).map_err(|_| SealError::Shut)?;
        Ok(SecretString::from(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(key: &str) -> Sealer {
        Sealer::new(1, &SecretString::from(key.to_owned()), b"0123456789abcdef").unwrap()
    }

    #[test]
    fn a_secret_opens_only_for_its_own_row_and_key() {
        let ours = sealer("one");
        let blob = ours.seal("bots/1/token", &SecretString::from("1:abc".to_owned())).unwrap();
        assert_eq!(ours.open("bots/1/token", &blob).unwrap().expose_secret(), "1:abc");
        assert_eq!(ours.open("bots/2/token", &blob).unwrap_err(), SealError::Shut);
        assert_eq!(sealer("two").open("bots/1/token", &blob).unwrap_err(), SealError::Shut);
        assert_eq!(ours.open("bots/1/token", &blob[..10]).unwrap_err(), SealError::Foreign);
        let mut other_key_id = blob.clone();
        other_key_id[1] = 9;
        assert_eq!(ours.open("bots/1/token", &other_key_id).unwrap_err(), SealError::Foreign);
    }

    #[test]
    fn a_sealer_of_two_keys_opens_both_and_seals_with_its_own() {
        let salt = b"0123456789abcdef";
        let key = |id, key: &str| Sealer::new(id, &SecretString::from(key.to_owned()), salt).unwrap();
        let secret = SecretString::from("1:abc".to_owned());
        let (old, new) = (key(1, "one"), key(2, "two"));
        let before = old.seal("r", &secret).unwrap();
        assert_eq!(new.open("r", &before).unwrap_err(), SealError::Foreign);

        let both = new.also_opening(old);
        assert_eq!(both.open("r", &before).unwrap().expose_secret(), "1:abc");
        assert_eq!(both.open("another row", &before).unwrap_err(), SealError::Shut);
        let after = both.seal("r", &secret).unwrap();
        assert_eq!((key_of(&before), key_of(&after)), (Some(1), Some(2)));
        assert_eq!((both.key_id(), both.holds(1), both.holds(2), both.holds(3)), (2, true, true, false));
        assert_eq!(key(2, "two").open("r", &after).unwrap().expose_secret(), "1:abc");
        assert_eq!(key(1, "one").open("r", &after).unwrap_err(), SealError::Foreign);
    }

    #[test]
    fn a_key_is_not_taken_for_another_of_the_same_number() {
        let salt = b"0123456789abcdef";
        let key = |key: &str| Sealer::new(1, &SecretString::from(key.to_owned()), salt).unwrap();
        let both = key("two").also_opening(key("one"));
        let before = key("one").seal("r", &SecretString::from("1:abc".to_owned())).unwrap();
        assert_eq!(both.open("r", &before).unwrap_err(), SealError::Shut);
    }

    #[test]
    fn what_is_no_blob_names_no_key() {
        for blob in [&b""[..], &[VERSION], &[VERSION, 1], &[9; 80], &[VERSION; HEAD]] {
            assert_eq!(key_of(blob), None, "{blob:?}");
        }
    }

    #[test]
    fn the_same_secret_never_looks_the_same() {
        let ours = sealer("one");
        let secret = SecretString::from("1:abc".to_owned());
        assert_ne!(ours.seal("r", &secret).unwrap(), ours.seal("r", &secret).unwrap());
    }
}
