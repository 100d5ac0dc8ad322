//! The committed components are those that the sums name, and small.

use sha2::{Digest, Sha256};

use crate::plugins;

#[test]
fn components_are_what_the_sums_say() {
    let sums = std::fs::read_to_string(plugins().join("SHA256SUMS")).unwrap();
    assert!(sums.lines().count() >= 10, "{sums}");
    for line in sums.lines() {
        let (sum, path) = line.split_once("  ").unwrap();
        let bytes = std::fs::read(plugins().join(path)).unwrap();
        let hex: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, sum, "{path}: run plugins/build.sh");
        let most = if path.ends_with(".zst") { 700 << 10 } else { 150 << 10 };
        assert!(bytes.len() < most, "{path} has {} bytes", bytes.len());
    }
}
