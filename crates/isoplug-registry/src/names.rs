//! Reads from a component the names of what it imports and exports, without running it.

use wasmparser::{
    BinaryReaderError, ComponentExternalKind, ComponentTypeRef, Encoding, Parser, Payload,
};

/// The names of the outermost component, in its own order.
#[derive(Debug, Default)]
pub struct Names {
    /// What it imports.
    pub imports: Vec<Name>,
    /// What it exports.
    pub exports: Vec<Name>,
}

/// The name of one import or export.
#[derive(Debug)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Whether it is that of a whole interface.
    pub is_instance: bool,
}

/// Why there are no names.
#[derive(Debug, thiserror::Error)]
pub enum Nameless {
    /// It is what a component is made of.
    #[error("it is a core module, not a component")]
    Module,
    /// It is no WebAssembly.
    #[error("{} at byte {}", .0.message(), .0.offset())]
    Malformed(#[from] BinaryReaderError),
}

impl Names {
    /// Reads the names.
    ///
    /// # Errors
    ///
    /// When the bytes are not those of a component.
    pub fn read(bytes: &[u8]) -> Result<Self, Nameless> {
        let (mut names, mut depth) = (Self::default(), 0_u32);
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload?;
            match &payload {
                Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                    return Err(Nameless::Module);
                }
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                _ if depth == 0 => names.section(&payload)?,
                _ => {}
            }
        }
        Ok(names)
    }

    fn section(&mut self, payload: &Payload<'_>) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::ComponentImportSection(section) => {
                for import in section.clone() {
                    let import = import?;
                    let is_instance = matches!(import.ty, ComponentTypeRef::Instance(_));
                    self.imports.push(Name { text: import.name.name.to_owned(), is_instance });
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section.clone() {
                    let export = export?;
                    let is_instance = export.kind == ComponentExternalKind::Instance;
                    self.exports.push(Name { text: export.name.name.to_owned(), is_instance });
                }
            }
            _ => {}
        }
        Ok(())
    }
}
