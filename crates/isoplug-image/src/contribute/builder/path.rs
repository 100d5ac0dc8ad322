//! Refuses paths that a contributor may not name.

/// Refuses paths that do not name one place below the root.
pub(super) fn check(path: &str) -> Result<(), &'static str> {
    if !path.starts_with('/') {
        return Err("a path in the image must begin with a slash");
    }
    if path.contains('\0') {
        return Err("a path must not hold NUL");
    }
    if path.split('/').any(|part| part == "..") {
        return Err("a path must not hold `..`");
    }
    if path.split('/').any(|part| part.len() > 255) || path.len() > 4095 {
        return Err("it is longer than Linux allows");
    }
    Ok(())
}
