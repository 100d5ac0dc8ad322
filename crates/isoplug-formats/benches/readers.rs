//! The readers of what an archive has: indices, relations, versions and packages.

use std::fmt::Write as _;
use std::io::{Cursor, Read};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use isoplug_formats::apt::{packages, relation, version};
use isoplug_formats::deb::{Deb, ar};

const RELATION: &str = "libc6 (>= 2.38), libgcc-s1 (>= 3.0) | libgcc1, python3:any (<< 3.14), debconf (>= 0.5) \
                        | debconf-2.0, default-mta | mail-transport-agent";

/// Makes an index as archives have it.
fn index(packages: usize) -> String {
    let mut text = String::new();
    for number in 0..packages {
        let _ = writeln!(
            text,
            "Package: package-{number}\nSource: source-{}\nVersion: 1:{number}.2-3+b1\nArchitecture: amd64\n\
             Installed-Size: 1234\nMaintainer: Some One <someone@example.org>\nDepends: {RELATION}\n\
             Provides: virtual-{} (= 1)\nPriority: optional\nSection: libs\nDescription: a package among many\n\
             Filename: pool/main/p/package/package_{number}_amd64.deb\nSize: 123456\nSHA256: {number:064x}\n",
            number / 3,
            number % 100
        );
    }
    text
}

fn apt(criterion: &mut Criterion) {
    let text = index(10_000);
    let mut group = criterion.benchmark_group("apt");
    group.throughput(Throughput::Bytes(text.len() as u64)).sample_size(20);
    group.bench_function("an index of 10 000 packages", |bench| {
        bench.iter(|| packages::packages(&text).count());
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("a list of relations", |bench| {
        bench.iter(|| relation::parse_list(RELATION).map(|groups| groups.len()));
    });
    group.bench_function("two versions compared", |bench| {
        bench.iter(|| version::compare("1:2.38.1~rc2+dfsg-3+b1", "1:2.38.1~rc2+dfsg-3+b2"));
    });
    group.finish();
}

/// Makes a package of one file of words, whose tar is xz as in Debian.
fn package() -> Vec<u8> {
    let words: Vec<u8> = (0_u64..)
        .flat_map(|at| format!("word{} ", at * at * 2_654_435_761 % 50_000).into_bytes())
        .take(4 << 20)
        .collect();
    let mut xz = Vec::new();
    let _ = liblzma::read::XzEncoder::new(&words[..], 6).read_to_end(&mut xz);
    let mut out = Cursor::new(Vec::new());
    if let Ok(mut archive) = ar::Writer::new(&mut out) {
        for (name, bytes) in
            [("debian-binary", &b"2.0\n"[..]), ("control.tar", b""), ("data.tar.xz", &xz)]
        {
            let _ = archive.member(name, bytes);
        }
        let _ = archive.finish();
    }
    out.into_inner()
}

fn deb(criterion: &mut Criterion) {
    let package = package();
    let open = || Deb::open(&package[..]).ok();
    let read =
        |deb: Option<Deb<&[u8]>>| std::io::copy(&mut deb?.data().ok()?, &mut std::io::sink()).ok();
    let mut group = criterion.benchmark_group("deb of 4 MB, xz");
    group.throughput(Throughput::Bytes(4 << 20)).sample_size(10);
    group.bench_function("checksums compared", |bench| bench.iter(|| read(open())));
    group.bench_function("digest known", |bench| bench.iter(|| read(open().map(Deb::known))));
    group.finish();
}

criterion_group!(benches, apt, deb);
criterion_main!(benches);
