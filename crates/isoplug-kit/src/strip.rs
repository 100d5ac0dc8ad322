//! Takes names and debugging sections out of a core module: a plugin runs without them.

/// Returns the module without them; as it is, if it cannot be read.
pub(crate) fn stripped(module: &[u8]) -> Vec<u8> {
    strip(module).unwrap_or_else(|| module.to_vec())
}

/// The header of a module (WebAssembly Core Specification, 5.5.16): magic and version.
const HEADER: usize = 8;

fn strip(module: &[u8]) -> Option<Vec<u8>> {
    let mut kept = module.get(..HEADER)?.to_vec();
    let mut at = HEADER;
    while at < module.len() {
        let (size, content) = leb128(module, at + 1)?;
        let end = content.checked_add(size)?;
        let is_custom = module[at] == 0;
        if !(is_custom && is_debugging(name(module, content)?)) {
            kept.extend(module.get(at..end)?);
        }
        at = end;
    }
    Some(kept)
}

fn is_debugging(name: &[u8]) -> bool {
    name == b"name" || name == b"producers" || name.starts_with(b".debug_")
}

fn name(module: &[u8], at: usize) -> Option<&[u8]> {
    let (length, start) = leb128(module, at)?;
    module.get(start..start.checked_add(length)?)
}

/// Returns an unsigned number of at most 32 bits, and where it ends.
fn leb128(bytes: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let mut number = 0;
    for shift in (0..35).step_by(7) {
        let byte = *bytes.get(at)?;
        at += 1;
        number |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((number, at));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_and_all_else_stays() {
        let text =
            "(module $m (func $f (export \"f\") (result i32) i32.const 7) (@custom \"x\" \"y\"))";
        let module = wat::parse_str(text).unwrap();
        let small = stripped(&module);
        assert!(small.len() < module.len());
        wasmparser::validate(&small).unwrap();
        assert!(small.ends_with(b"\x01xy") && !small.windows(4).any(|it| it == b"name"));
        assert_eq!(stripped(b"not a module"), b"not a module");
    }
}
