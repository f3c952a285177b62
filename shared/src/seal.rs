//! Sealing of secrets at rest.
//!
//! The key comes from `MASTER_KEY` through argon2id; each secret is sealed with XChaCha20-Poly1305 under a random
//! nonce. The row that a secret belongs to is its associated data, so a blob moved to another row does not open.
//! Blob: version, key id, nonce (24 bytes), ciphertext with tag.

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

/// Seals and opens. Making one takes 64 MiB and some 100 ms, once at start, in the master only.
pub struct Sealer {
    key_id: u8,
    cipher: XChaCha20Poly1305,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealer(key {})", self.key_id)
    }
}

impl Sealer {
    /// `salt` is random, kept beside the data, and no secret.
    ///
    /// # Errors
    /// [`SealError::Key`] when argon2 fails.
    pub fn new(key_id: u8, master_key: &SecretString, salt: &[u8; SALT]) -> Result<Self, SealError> {
        let params = Params::new(64 * 1024, 3, 1, Some(32)).map_err(|e| SealError::Key(e.to_string()))?;
        let mut key = Zeroizing::new([0u8; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(master_key.expose_secret().as_bytes(), salt, &mut *key)
            .map_err(|e| SealError::Key(e.to_string()))?;
        Ok(Self { key_id, cipher: XChaCha20Poly1305::new((&*key).into()) })
    }

    /// Seals `secret` for the row named by `row`, for instance `bots/4242/token`.
    ///
    /// # Errors
    /// [`SealError::Shut`] only if the cipher itself fails, which it does for texts of many gigabytes.
    pub fn seal(&self, row: &str, secret: &SecretString) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0u8; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: row.as_bytes() };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::Shut)?;
        let mut blob = Vec::with_capacity(HEAD + sealed.len());
        blob.extend([VERSION, self.key_id]);
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
        if head[..2] != [VERSION, self.key_id] {
            return Err(SealError::Foreign);
        }
        let payload = Payload { msg: sealed, aad: row.as_bytes() };
        let plain = Zeroizing::new(self.cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::Shut)?);
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
    fn the_same_secret_never_looks_the_same() {
        let ours = sealer("one");
        let secret = SecretString::from("1:abc".to_owned());
        assert_ne!(ours.seal("r", &secret).unwrap(), ours.seal("r", &secret).unwrap());
    }
}
