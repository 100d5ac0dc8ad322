//! A folder with an OCI image layout.

use crate::suite;

#[test]
fn a_folder_serves_as_a_registry_does() {
    let folder = tempfile::tempdir().unwrap();
    suite::run(&format!("oci-layout:{}#registry.example", folder.path().display()));
}
