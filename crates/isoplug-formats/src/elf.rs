//! Reads of ELF files what an initrd asks: the libraries of a program, and what a kernel module says of
//! itself.
//!
//! Knows no folders in which libraries lie. The format itself is read by the `object` crate.

use std::borrow::Cow;
use std::io::{self, Read};

use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{Dyn, FileHeader, ProgramHeader, SectionHeader, Sym};
use object::{Endianness, FileKind};

/// What a program or library needs to run (System V ABI, "Dynamic Section").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Linkage {
    /// The program that loads it.
    pub interpreter: Option<Vec<u8>>,
    /// The names of the libraries, in their order.
    pub needed: Vec<Vec<u8>>,
    /// Folders to look for libraries in, before all others; may hold `$ORIGIN`.
    pub folders: Vec<Vec<u8>>,
    /// What it says of libraries that it loads by name while it runs, if they are there: texts in JSON (the ELF dlopen
    /// metadata specification of the UAPI group).
    pub loaded: Vec<Vec<u8>>,
}

/// Whose note that is, and of which kind.
const LOADED: (&[u8], u32) = (b"FDO", 0x407c_0c0a);

/// What a kernel module says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KernelModule {
    /// The firmware files that it may ask for, as paths below a firmware folder.
    pub firmware: Vec<Vec<u8>>,
    /// The symbols of the kernel and of other modules that it uses.
    pub symbols: Vec<Vec<u8>>,
}

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No ELF file of a known kind.
    #[error("not an ELF file")]
    Kind,
    /// Its tables point nowhere.
    #[error("damaged ELF file: {0}")]
    Damaged(#[from] object::Error),
    /// A compressed kernel module cannot be unpacked.
    #[error("cannot unpack the kernel module: {0}")]
    Unpack(#[from] io::Error),
}

impl Linkage {
    /// Reads a program or a library.
    ///
    /// # Errors
    ///
    /// When it is not an ELF file, or a damaged one.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        match FileKind::parse(bytes).map_err(|_| Error::Kind)? {
            FileKind::Elf32 => linkage::<FileHeader32<Endianness>>(bytes),
            FileKind::Elf64 => linkage::<FileHeader64<Endianness>>(bytes),
            _ => Err(Error::Kind),
        }
    }
}

fn linkage<Elf: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> Result<Linkage, Error> {
    let header = Elf::parse(bytes)?;
    let endian = header.endian()?;
    let (interpreter, loaded) =
        (interpreter(header, endian, bytes)?, loaded(header, endian, bytes)?);
    let mut linkage = Linkage { interpreter, loaded, ..Linkage::default() };
    let sections = header.sections(endian, bytes)?;
    let Some((entries, strings)) = sections.dynamic(endian, bytes)? else { return Ok(linkage) };
    let strings = sections.strings(endian, bytes, strings)?;
    for entry in entries {
        match entry.tag(endian) {
            elf::DT_NEEDED => linkage.needed.push(entry.string(endian, strings)?.to_vec()),
            elf::DT_RPATH | elf::DT_RUNPATH => {
                let folders = entry.string(endian, strings)?.split(|&byte| byte == b':');
                linkage.folders.extend(folders.map(<[u8]>::to_vec));
            }
            _ => {}
        }
    }
    Ok(linkage)
}

fn interpreter<Elf: FileHeader<Endian = Endianness>>(
    header: &Elf,
    endian: Endianness,
    bytes: &[u8],
) -> Result<Option<Vec<u8>>, Error> {
    let mut interpreter = None;
    for segment in header.program_headers(endian, bytes)? {
        if let Some(path) = segment.interpreter(endian, bytes)? {
            interpreter = Some(path.to_vec());
        }
    }
    Ok(interpreter)
}

fn loaded<Elf: FileHeader<Endian = Endianness>>(
    header: &Elf,
    endian: Endianness,
    bytes: &[u8],
) -> Result<Vec<Vec<u8>>, Error> {
    let mut loaded = Vec::new();
    for segment in header.program_headers(endian, bytes)? {
        // A program runs with damaged notes, too.
        let Ok(Some(mut notes)) = segment.notes(endian, bytes) else { continue };
        while let Ok(Some(note)) = notes.next() {
            if (note.name(), note.n_type(endian)) == LOADED {
                loaded.push(note.desc().to_vec());
            }
        }
    }
    Ok(loaded)
}

/// A kernel module never is larger; a damaged one may claim to be.
const LARGEST_MODULE: u64 = 256 << 20;

impl KernelModule {
    /// Reads a kernel module, which may be compressed with xz, zstd or gzip.
    ///
    /// # Errors
    ///
    /// When it is not an ELF file, or a damaged one, or cannot be unpacked.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let bytes = &Self::unpacked(bytes)?;
        match FileKind::parse(&**bytes).map_err(|_| Error::Kind)? {
            FileKind::Elf32 => kernel_module::<FileHeader32<Endianness>>(bytes),
            FileKind::Elf64 => kernel_module::<FileHeader64<Endianness>>(bytes),
            _ => Err(Error::Kind),
        }
    }

    /// Returns the bytes of a kernel module, which may be compressed with xz, zstd or gzip, as they are without that.
    ///
    /// # Errors
    ///
    /// When it is no ELF file, or cannot be unpacked.
    pub fn unpacked(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Error> {
        let unpacked = match bytes {
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
                all(liblzma::bufread::XzDecoder::new(bytes))?.into()
            }
            [0x28, 0xb5, 0x2f, 0xfd, ..] => all(zstd::Decoder::with_buffer(bytes)?)?.into(),
            [0x1f, 0x8b, ..] => all(flate2::bufread::GzDecoder::new(bytes))?.into(),
            _ => Cow::Borrowed(bytes),
        };
        match unpacked.starts_with(&elf::ELFMAG) {
            true => Ok(unpacked),
            false => Err(Error::Kind),
        }
    }
}

fn all(packed: impl Read) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    packed.take(LARGEST_MODULE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The section `.modinfo` is a row of `key=value`, each with a NUL after it (the kernel's
/// include/linux/moduleparam.h).
fn kernel_module<Elf: FileHeader<Endian = Endianness>>(
    bytes: &[u8],
) -> Result<KernelModule, Error> {
    let header = Elf::parse(bytes)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, bytes)?;
    let mut module = KernelModule::default();
    if let Some((_, section)) = sections.section_by_name(endian, b".modinfo") {
        let said = section.data(endian, bytes)?.split(|&byte| byte == 0);
        let firmware = said.filter_map(|said| said.strip_prefix(b"firmware="));
        module.firmware = firmware.map(<[u8]>::to_vec).collect();
    }
    let symbols = sections.symbols(endian, bytes, elf::SHT_SYMTAB)?;
    for symbol in symbols.iter().filter(|symbol| symbol.st_shndx(endian) == elf::SHN_UNDEF) {
        module.symbols.push(symbol.name(endian, symbols.strings())?.to_vec());
    }
    module.symbols.retain(|name| !name.is_empty());
    Ok(module)
}
