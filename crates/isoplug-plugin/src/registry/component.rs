//! Reads from a component what it imports and exports, without running it.

use wasmparser::{Encoding, Parser, Payload};

/// What a component asks for and offers, by the names of its world.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// The names of what it imports, sorted: `isoplug:plugin/context@0.1.0`.
    pub imports: Vec<String>,
    /// The names of what it exports, sorted.
    pub exports: Vec<String>,
}

impl Outline {
    /// Returns the contract it was built against: `isoplug:plugin@0.1`. None if it exports
    /// nothing of any.
    #[must_use]
    pub fn api(&self) -> Option<String> {
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
pub fn outline(component: &[u8]) -> Result<Outline, String> {
    let mut outline = Outline::default();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.map_err(|why| why.to_string())?;
        match &payload {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                return Err("it is a core module, no component".to_owned());
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            _ if depth == 0 => outline.add(&payload).map_err(|why| why.to_string())?,
            _ => {}
        }
    }
    outline.imports.sort();
    outline.exports.sort();
    Ok(outline)
}

impl Outline {
    fn add(&mut self, payload: &Payload<'_>) -> wasmparser::Result<()> {
        match payload {
            Payload::ComponentImportSection(section) => {
                for import in section.clone() {
                    self.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section.clone() {
                    self.exports.push(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
        Ok(())
    }
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
        assert_eq!(outline(&module).unwrap_err(), "it is a core module, no component");
    }
}
