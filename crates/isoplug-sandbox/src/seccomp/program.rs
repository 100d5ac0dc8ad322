//! Writes the filter as a program for the kernel's packet filter machine (seccomp(2), bpf(4)).

use seccompiler::sock_filter;

use super::calls::{CAREFUL, Careful, FLAGS_OF_FILES, FORBIDDEN, Rule, TOLD, Table, UNSEEN};

/// What a call gives (linux/seccomp.h).
const ALLOWED: u32 = 0x7fff_0000;
const HELD: u32 = 0x7fc0_0000;
const NOT_PERMITTED: u32 = 0x0005_0000 | 1;
const NOT_KNOWN: u32 = 0x0005_0000 | 38;

/// Where the kernel puts what it tells about a call (`seccomp_data` in linux/seccomp.h).
const NUMBER: u32 = 0;
const PROCESSOR: u32 = 4;
const ARGUMENTS: u32 = 16;

/// Makes one program of all tables; calls of other processors are not known. `told`: those are held that are told of.
pub(super) fn program(tables: &[Table], told: bool) -> Vec<sock_filter> {
    let mut program = vec![load(PROCESSOR)];
    for table in tables {
        let part = part(table, told);
        // Longer than a conditional jump can be.
        program.extend([jump_if_equal(table.audit, 1, 0), jump(part.len())]);
        program.extend(part);
    }
    program.push(give(NOT_KNOWN));
    program
}

fn part(table: &Table, told: bool) -> Vec<sock_filter> {
    let number = |name: &&str| (table.number)(name);
    let held = TOLD.iter().filter(|_| told).filter_map(number);
    let held = held.flat_map(|number| for_call(number, &[give(HELD)]));
    let mut part: Vec<sock_filter> = std::iter::once(load(NUMBER)).chain(held).collect();
    for Careful(name, argument, rule) in &CAREFUL {
        let body = [vec![load(argument_at(*argument))], check(rule)].concat();
        part.extend(number(name).into_iter().flat_map(|number| for_call(number, &body)));
    }
    let (names, command, flags) = FLAGS_OF_FILES;
    let sets = [load(argument_at(1)), jump_if_equal(command, 1, 0), give(ALLOWED)];
    let sets = [sets.to_vec(), vec![load(argument_at(2))], check(&Rule::HasAny(flags))].concat();
    part.extend(names.iter().filter_map(number).flat_map(|number| for_call(number, &sets)));
    let forbidden = FORBIDDEN.iter().flat_map(|(_, names)| *names);
    let forbidden = forbidden.filter_map(number).map(|number| (number, NOT_PERMITTED));
    let unseen = UNSEEN.iter().filter_map(number).map(|number| (number, NOT_KNOWN));
    part.extend(forbidden.chain(unseen).flat_map(|(number, what)| for_call(number, &[give(what)])));
    let newer = [jump_if_more(table.last, 0, 2), jump_if_more(table.own - 1, 1, 0)];
    part.extend(newer.into_iter().chain([give(NOT_KNOWN), give(ALLOWED)]));
    part
}

/// Runs the body, which gives something, for one call only.
fn for_call(number: u32, body: &[sock_filter]) -> Vec<sock_filter> {
    let past = u8::try_from(body.len()).unwrap_or(u8::MAX);
    [&[jump_if_equal(number, 0, past)], body].concat()
}

/// Decides by the argument, which is loaded.
fn check(rule: &Rule) -> Vec<sock_filter> {
    let (found, otherwise) = match rule {
        Rule::HasAny(_) | Rule::Among(_) => (NOT_PERMITTED, ALLOWED),
        Rule::Outside(_) => (ALLOWED, NOT_PERMITTED),
    };
    let tests: Vec<sock_filter> = match rule {
        Rule::HasAny(bits) => vec![jump_if_any(*bits, 0, 1), give(found)],
        Rule::Among(values) | Rule::Outside(values) => {
            values.iter().flat_map(|value| [jump_if_equal(*value, 0, 1), give(found)]).collect()
        }
    };
    [tests, vec![give(otherwise)]].concat()
}

/// Where the lower half of an argument is.
fn argument_at(argument: u32) -> u32 {
    let lower = if cfg!(target_endian = "big") { 4 } else { 0 };
    ARGUMENTS + 8 * argument + lower
}

fn load(place: u32) -> sock_filter {
    sock_filter { code: 0x20, jt: 0, jf: 0, k: place }
}

fn jump(past: usize) -> sock_filter {
    sock_filter { code: 0x05, jt: 0, jf: 0, k: past as u32 }
}

fn jump_if_equal(value: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code: 0x15, jt, jf, k: value }
}

fn jump_if_more(value: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code: 0x25, jt, jf, k: value }
}

fn jump_if_any(bits: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code: 0x45, jt, jf, k: bits }
}

fn give(what: u32) -> sock_filter {
    sock_filter { code: 0x06, jt: 0, jf: 0, k: what }
}

#[cfg(test)]
mod tests {
    use super::super::calls::NATIVE;
    use super::*;

    /// What the kernel would do with a call.
    fn run(audit: u32, number: u32, arguments: &[u64]) -> u32 {
        let program = program(NATIVE, true);
        let (mut at, mut loaded) = (0, 0);
        loop {
            let sock_filter { code, jt, jf, k } = program[at];
            at += 1;
            let jump = |is: bool| usize::from(if is { jt } else { jf });
            match code {
                0x20 if k == NUMBER => loaded = number,
                0x20 if k == PROCESSOR => loaded = audit,
                0x20 => {
                    let index = ((k - ARGUMENTS) / 8) as usize;
                    loaded = arguments.get(index).copied().unwrap_or_default() as u32;
                }
                0x05 => at += k as usize,
                0x15 => at += jump(loaded == k),
                0x25 => at += jump(loaded > k),
                0x45 => at += jump(loaded & k != 0),
                _ => return k,
            }
        }
    }

    fn call(name: &str, arguments: &[u64]) -> u32 {
        run(NATIVE[0].audit, (NATIVE[0].number)(name).unwrap(), arguments)
    }

    #[test]
    fn every_name_is_that_of_a_call() {
        let unseen =
            TOLD.iter().chain(UNSEEN.iter()).chain(CAREFUL.iter().map(|Careful(name, ..)| name));
        let names = FORBIDDEN.iter().flat_map(|(_, names)| *names).chain(unseen);
        let tables = || NATIVE.iter();
        let known = |name: &&&str| tables().any(|table| (table.number)(name).is_some());
        let misspelt: Vec<_> = names.filter(|name| !known(name)).collect();
        // Only older processors have these.
        let older = ["clock_adjtime64", "clock_settime64", "stime", "umount", "vm86", "vm86old"];
        let misspelt: Vec<_> = misspelt.into_iter().filter(|name| !older.contains(name)).collect();
        #[cfg(target_arch = "x86_64")]
        assert_eq!(misspelt, Vec::<&&str>::new());
        assert!(misspelt.len() < 12, "{misspelt:?}");
    }

    #[test]
    fn calls_are_allowed_forbidden_or_not_known() {
        for name in ["read", "execve", "ioctl", "clone", "unshare", "personality", "socket"] {
            assert_eq!(call(name, &[]), ALLOWED, "{name}");
        }
        for name in FORBIDDEN.iter().flat_map(|(_, names)| *names) {
            if let Some(number) = (NATIVE[0].number)(name) {
                assert_eq!(run(NATIVE[0].audit, number, &[]), NOT_PERMITTED, "{name}");
            }
        }
        assert_eq!(call("clone3", &[]), NOT_KNOWN);
        assert_eq!(call("getdents64", &[]), HELD);
        assert!(program(NATIVE, false).iter().all(|line| line.code != 0x06 || line.k != HELD));
        let last = NATIVE[0].last;
        // The third is of the x32 kind, which no distribution has.
        for number in [last + 1, last + 100, 0x4000_0000, 0x4000_0001] {
            assert_eq!(run(NATIVE[0].audit, number, &[]), NOT_KNOWN);
        }
        // A processor of which there is no table.
        assert_eq!(run(0x16, 1, &[]), NOT_KNOWN);
    }

    #[test]
    fn arguments_count_by_their_lower_half() {
        let typing = [0, 0x5412];
        assert_eq!(call("ioctl", &typing), NOT_PERMITTED);
        // CVE-2019-10063: the kernel drops the upper half.
        assert_eq!(call("ioctl", &[0, 0x1_0000_5412]), NOT_PERMITTED);
        assert_eq!(call("ioctl", &[0, 0x5413]), ALLOWED);
        assert_eq!(call("clone", &[0x1000_0011]), NOT_PERMITTED);
        assert_eq!(call("clone", &[0x11]), ALLOWED);
        assert_eq!(call("unshare", &[0x400]), ALLOWED);
        assert_eq!(call("unshare", &[0x80]), NOT_PERMITTED);
        assert_eq!(call("openat", &[0, 0, 0o1_000_000]), NOT_PERMITTED);
        assert_eq!(call("openat", &[0, 0, 0o100]), ALLOWED);
        assert_eq!(call("fcntl", &[3, 4, 0o1_002_000]), NOT_PERMITTED);
        assert_eq!(call("fcntl", &[3, 2, 0o1_002_000]), ALLOWED);
        assert_eq!(call("personality", &[0xffff_ffff]), ALLOWED);
        assert_eq!(call("personality", &[0x40000]), NOT_PERMITTED);
        assert_eq!(call("socket", &[40]), NOT_PERMITTED);
        assert_eq!(call("socket", &[1]), ALLOWED);
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn programs_of_the_older_processor_are_held_to_the_same() {
        let i386 = NATIVE[1];
        let call = |name: &str, arguments: &[u64]| {
            run(i386.audit, (i386.number)(name).unwrap(), arguments)
        };
        assert_eq!(call("read", &[]), ALLOWED);
        assert_eq!(call("keyctl", &[]), NOT_PERMITTED);
        assert_eq!(call("fcntl64", &[3, 4, 0o1_000_000]), NOT_PERMITTED);
        assert_eq!(call("open", &[0, 0o1_000_000]), NOT_PERMITTED);
    }
}
