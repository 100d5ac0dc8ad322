//! Says by the bytes of a file that a script made whether they can be the same on two machines:
//! keys, certificates, identities, words that nobody chose, times, the name of the machine.
//!
//! Knows no paths. What it cannot see, such as a number in a database, a comparison of two builds
//! finds.

mod certificate;
mod key;
mod time;
mod word;

/// The longest file that is looked at as a whole; of longer ones, so many of the first bytes.
const MOST: usize = 16 << 20;
/// The longest file in which words and times are looked for.
const TEXT: usize = 1 << 20;

/// What gives a file away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Suspect {
    /// A private key.
    PrivateKey,
    /// A certificate that became valid after the packages were made.
    Certificate,
    /// The hash of a password.
    PasswordHash,
    /// A UUID that was made of random numbers or of the time.
    Uuid,
    /// A word that looks random: a password, a cookie, an id.
    Word,
    /// A short file of random bytes.
    Random,
    /// The name of the machine that the packages were installed on.
    HostName,
    /// A time after the epoch.
    Time,
}

impl std::fmt::Display for Suspect {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::PrivateKey => "a private key",
            Self::Certificate => "a certificate made during the build",
            Self::PasswordHash => "the hash of a password",
            Self::Uuid => "a random UUID",
            Self::Word => "a random word",
            Self::Random => "random bytes",
            Self::HostName => "the host name of the build",
            Self::Time => "the time of the build",
        })
    }
}

/// Returns the first thing that gives a file away. `epoch`: seconds since 1970 at which all
/// packages were there. `host`: the name of the machine that they were installed on.
pub fn suspect(bytes: &[u8], epoch: u32, host: &str) -> Option<Suspect> {
    let bytes = &bytes[..bytes.len().min(MOST)];
    if key::has_private_key(bytes) {
        return Some(Suspect::PrivateKey);
    }
    if certificate::is_newer(bytes, epoch) {
        return Some(Suspect::Certificate);
    }
    if certificate::is_one(bytes) {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok().filter(|_| bytes.len() <= TEXT);
    let Some(text) = text.filter(|text| !text.contains('\0')) else {
        return (is_random(bytes)).then_some(Suspect::Random);
    };
    in_text(text, epoch, host)
}

/// The same for a text.
fn in_text(text: &str, epoch: u32, host: &str) -> Option<Suspect> {
    // Random by nature, and looked at already; openssl writes their times in words, too.
    let known = certificate::days_of(text);
    let text = &certificate::without(text);
    let checks: [(Suspect, &dyn Fn() -> bool); 5] = [
        (Suspect::PasswordHash, &|| word::has_password_hash(text)),
        (Suspect::Uuid, &|| word::has_uuid(text)),
        (Suspect::Word, &|| word::has_random_word(text)),
        (Suspect::HostName, &|| word::has_name(text, host)),
        (Suspect::Time, &|| time::has_time_after(text, epoch, &known)),
    ];
    checks.iter().find(|(_, holds)| holds()).map(|(suspect, _)| *suspect)
}

/// Whether a short file has about as many different bytes as random ones have, and each about as often.
fn is_random(bytes: &[u8]) -> bool {
    if !(16..=8192).contains(&bytes.len()) || is_of_known_format(bytes) {
        return false;
    }
    let length = bytes.len() as f64;
    let different = counts(bytes).iter().filter(|&&count| count > 0).count();
    let expected = 256.0 * (1.0 - (255.0_f64 / 256.0).powf(length));
    // A little less than random bytes have; compiled programs have two bits less.
    let least = 8.0 - (1.0 + 256.0 / length).log2() - 0.25;
    different as f64 >= 0.88 * expected && entropy(bytes) >= least
}

/// Returns how often each byte is there.
fn counts(bytes: &[u8]) -> [u32; 256] {
    let mut counts = [0_u32; 256];
    bytes.iter().for_each(|&byte| counts[usize::from(byte)] += 1);
    counts
}

/// Returns the bits of information in a byte, by how often each is there.
fn entropy(bytes: &[u8]) -> f64 {
    let share = |count: &u32| f64::from(*count) / bytes.len() as f64;
    counts(bytes).iter().filter(|count| **count > 0).map(|n| -share(n) * share(n).log2()).sum()
}

/// Formats whose bytes look random and are not.
fn is_of_known_format(bytes: &[u8]) -> bool {
    let magics: [&[u8]; 8] = [
        b"\x1f\x8b",
        b"\xfd7zXZ",
        b"\x28\xb5\x2f\xfd",
        b"BZh",
        b"\x89PNG",
        b"PK\x03\x04",
        b"\xff\xd8\xff",
        b"\x7fELF",
    ];
    magics.iter().any(|magic| bytes.starts_with(magic))
}

#[cfg(test)]
mod tests {
    use super::*;

    // 2026-11-01.
    const EPOCH: u32 = 1_793_491_200;

    fn of(text: &str) -> Option<Suspect> {
        suspect(text.as_bytes(), EPOCH, "isoplug")
    }

    #[test]
    fn what_machines_have_of_their_own_is_seen() {
        let uuid = "nqn.2014-08.org.nvmexpress:uuid:0c2f8d5b-5c0a-4f6b-9d9e-5b1c3a0f4e7d\n";
        let rndc = "key \"rndc-key\" {\n\talgorithm hmac-sha256;\n\tsecret \"zX8w2yQ5Yp0uVqv3lq1mS9bC7dHkTjRfGnLxWaE4iUo=\";\n};\n";
        let table = [
            (uuid, Suspect::Uuid),
            (rndc, Suspect::Word),
            ("QXJWZKPLMNBVYGHTREDC", Suspect::Word),
            ("InitiatorName=iqn.1993-08.org.debian:01:3f9c2ab17de5\n", Suspect::Word),
            ("password = kD8fPq2LxV7sZt1N\n", Suspect::Word),
            ("8f14e45fceea167a5a36dedd4bea2543\n", Suspect::Word),
            ("root:$y$j9T$abcdefghijklmnopqrstuv$x:1::\n", Suspect::PasswordHash),
            ("isoplug\n", Suspect::HostName),
            ("myhostname = isoplug.localdomain\n", Suspect::HostName),
            ("# made Sun Nov 29 01:02:55 UTC 2026\n", Suspect::Time),
            ("created=1793600000\n", Suspect::Time),
        ];
        for (text, suspect) in table {
            assert_eq!(of(text), Some(suspect), "{text}");
        }
        let random: Vec<u8> = (0..128_u8).map(|n| n.wrapping_mul(97).wrapping_add(131)).collect();
        assert_eq!(suspect(&random, EPOCH, "isoplug"), Some(Suspect::Random));
    }

    #[test]
    fn random_bytes_of_any_length_are_seen_and_programs_are_not() {
        for length in [16, 20, 32, 64, 128, 512, 4096, 8192] {
            // xorshift64, Marsaglia 2003.
            let mut state = 0x9e37_79b9_7f4a_7c15_u64;
            let mut next = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 32) as u8
            };
            let random: Vec<u8> = (0..length).map(|_| next()).collect();
            assert!(is_random(&random), "{length}");
        }
        // As a compiled Python module: each byte is there, a few are there most of the time.
        let once = (0..=255_u8).collect::<Vec<u8>>();
        let program = [&once[..], &b"\xcb\r\r\n\0\0\0\0d\x01S\0|\0t\x02".repeat(150)].concat();
        assert_eq!(suspect(&program, EPOCH, "x"), None);
    }

    #[test]
    fn what_is_the_same_everywhere_is_not() {
        let texts = [
            "",
            "# Generated by update-x; see https://example.org/2024-01-01\nPATH=/usr/lib/isoplug/x\n",
            "org.freedesktop.NetworkManager.Settings.AddConnectionUnsaved2=yes\n",
            "x86_64-linux-gnu/gdk-pixbuf-2.0/2.10.0/loaders/libpixbufloader-svg.so\n",
            "root:*:20000:0:99999:7:::\n",
            "LIBDIR=/usr/lib/python3.13/site-packages/ABCDEFGHIJKLMNOPQRSTUVWXYZ\n",
            "abcdefghijklmnopqrstuvwxyz0123456789\n",
            "expires 2020-01-01, id 1000000000\n",
        ];
        for text in texts {
            assert_eq!(of(text), None, "{text}");
        }
        assert_eq!(suspect(&[b"\x1f\x8b".to_vec(), vec![7; 99]].concat(), EPOCH, "x"), None);
        assert_eq!(suspect(&[0; 4096], EPOCH, "x"), None);
    }
}
