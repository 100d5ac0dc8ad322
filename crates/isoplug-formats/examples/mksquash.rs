//! Writes a folder as a squashfs image: `mksquash DIR OUT [CODEC LEVEL BLOCK]`.
//!
//! Environment: `MKSQUASH_CACHE` names a folder for compressed blocks. Prints what each step took.
#![expect(clippy::print_stdout, reason = "a program for people who measure")]
#![expect(clippy::disallowed_methods, reason = "a program, not a stage")]

use std::fs::File;
use std::path::Path;
use std::time::Instant;

use isoplug_formats::squashfs::{
    BlockCache, Codec, DirCache, Error, NoCache, NoWatch, Options, Preset, write,
};
use isoplug_formats::tree::pack::{PackWriter, Packs};
use isoplug_formats::tree::scan::scan;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, out, rest @ ..] = arguments.as_slice() else {
        return Err("mksquash DIR OUT [zstd|xz|xz-x86|gzip|lz4|none LEVEL BLOCK]".into());
    };
    let options = options(rest)?;

    let started = Instant::now();
    let mut pack = PackWriter::new(tempfile::tempfile()?);
    let scanned = scan(Path::new(folder), &mut pack)?;
    let (file, id, finished) = pack.finish()?;
    let tree = scanned.tree(&finished);
    let mut packs = Packs::default();
    packs.add(id, file);
    println!("scan: {:.2} s", started.elapsed().as_secs_f64());

    let started = Instant::now();
    let cache: Box<dyn BlockCache> = match std::env::var_os("MKSQUASH_CACHE") {
        Some(folder) => Box::new(DirCache::open(Path::new(&folder), 4 << 30)?),
        None => Box::new(NoCache),
    };
    let summary = write(File::create(out)?, &tree, &packs, &options, &*cache, &NoWatch)?;
    println!("write: {:.2} s", started.elapsed().as_secs_f64());
    println!("{summary:?}");
    Ok(())
}

fn options(arguments: &[String]) -> Result<Options, Failure> {
    let threads = std::thread::available_parallelism()?.get();
    let mut options = Options::preset(Preset::default(), 0, threads);
    if let [codec, level, block_size] = arguments {
        let number: u32 = level.parse()?;
        options.block_size = block_size.parse()?;
        options.codec = match codec.as_str() {
            "zstd" => Codec::Zstd { level: level.parse()? },
            "xz" => Codec::Xz { level: number, x86: false },
            "xz-x86" => Codec::Xz { level: number, x86: true },
            "gzip" => Codec::Gzip { level: number },
            "lz4" => Codec::Lz4,
            "none" => Codec::None,
            other => return Err(Error::Options(format!("the codec {other}")).into()),
        };
    }
    Ok(options)
}
