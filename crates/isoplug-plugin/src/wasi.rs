//! Which interfaces of WASI a plugin may import.

/// Says whether an import that is not ours is served; if not, what to use instead.
pub(crate) fn accepts(name: &str) -> Result<(), String> {
    Err(format!("`{name}` is not served"))
}
