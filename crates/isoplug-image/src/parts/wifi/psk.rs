//! Makes the key of WPA2 of a passphrase.

use pbkdf2::pbkdf2_hmac_array;
use sha1::Sha1;

/// Returns the key in hexadecimal: PBKDF2 with HMAC-SHA1, 4096 rounds, the SSID as salt, 32 bytes (IEEE 802.11,
/// annex J.4). A text of 64 digits is the key.
pub(super) fn key(passphrase: &str, ssid: &str) -> String {
    if passphrase.len() == 64 {
        return passphrase.to_ascii_lowercase();
    }
    let key: [u8; 32] = pbkdf2_hmac_array::<Sha1, 32>(passphrase.as_bytes(), ssid.as_bytes(), 4096);
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::key;

    /// The test vectors of IEEE 802.11, annex J.4.2.
    #[test]
    fn keys_are_those_of_the_standard() {
        let known = [
            (
                "password",
                "IEEE",
                "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e",
            ),
            (
                "ThisIsAPassword",
                "ThisIsASSID",
                "0dc0d6eb90555ed6419756b9a15ec3e3209b63df707dd508d14581f8982721af",
            ),
            (
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ",
                "becb93866bb8c3832cb777c2f559807c8c59afcb6eae734885001300a981cc62",
            ),
        ];
        for (passphrase, ssid, expected) in known {
            assert_eq!(key(passphrase, ssid), expected);
        }
    }
}
