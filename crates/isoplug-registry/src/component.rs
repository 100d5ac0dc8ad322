//! What a release says of its component: the names of what it imports and exports.

use crate::names::{Name, Names};

/// What a component asks for and offers, by the names of its world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outline {
    /// The names of what it imports, sorted: `isoplug:plugin/context@0.1.0`.
    pub(super) imports: Vec<String>,
    /// The names of what it exports, sorted.
    pub(super) exports: Vec<String>,
}

impl Outline {
    /// Returns the contract it was built against: `isoplug:plugin@0.1`. None if it exports
    /// nothing of any.
    pub(super) fn api(&self) -> Option<String> {
        let ours = |name: &String| {
            let (_, version) = name.strip_prefix("isoplug:plugin/")?.split_once('@')?;
            let mut numbers = version.split('.');
            Some(format!("isoplug:plugin@{}.{}", numbers.next()?, numbers.next()?))
        };
        self.exports.iter().find_map(ours)
    }
}

/// Reads the outermost imports and exports of a component.
///
/// # Errors
///
/// The reason why it is no component.
pub(super) fn outline(component: &[u8]) -> Result<Outline, String> {
    let Names { imports, exports } = Names::read(component).map_err(|why| why.to_string())?;
    Ok(Outline { imports: sorted(imports), exports: sorted(exports) })
}

fn sorted(names: Vec<Name>) -> Vec<String> {
    let mut texts: Vec<String> = names.into_iter().map(|name| name.text).collect();
    texts.sort();
    texts
}

#[cfg(test)]
mod tests {
    use super::outline;

    #[test]
    fn names_of_the_outermost_component() {
        let text = r#"(component
            (import "isoplug:plugin/context@0.1.0" (instance))
            (component (import "inner:x/y" (instance)))
            (core module)
            (instance $i)
            (export "isoplug:plugin/describe@0.1.0" (instance $i)))"#;
        let outline = outline(&wat::parse_str(text).unwrap()).unwrap();
        assert_eq!(outline.imports, ["isoplug:plugin/context@0.1.0"]);
        assert_eq!(outline.exports, ["isoplug:plugin/describe@0.1.0"]);
        assert_eq!(outline.api().as_deref(), Some("isoplug:plugin@0.1"));
    }

    #[test]
    fn what_is_no_component() {
        assert!(outline(b"").is_err() && outline(b"not wasm").is_err());
        let module = wat::parse_str("(module)").unwrap();
        assert_eq!(outline(&module).unwrap_err(), "it is a core module, not a component");
    }
}
