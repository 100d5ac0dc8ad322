//! What `--help` of all commands says of the options that they share.

use super::*;

#[test]
fn help() {
    let space = Space::new();
    assert_snapshot!(space.run(&["--help"]), @r"
    exit: 0
    --- stdout
    Turns a TOML manifest into a bootable Linux ISO

    Usage: isoplug [OPTIONS] <COMMAND>

    Commands:
      new          Make a folder with a manifest to start from
      build        Make the ISO; print its path on standard output
      test         Boot the ISO and check what the manifest promises
      run          Boot the ISO in QEMU
      shell        Look into the root filesystem of a build: a shell in a copy of it, of which nothing
                   is kept
      persistence  Make the partition that keeps what is changed, on a stick that has the ISO or in a
                   copy of it
      check        Read the manifest and show every mistake in it
      plan         Show the stages and what a build would do with each
      explain      Tell who set an option and whom it beat, or what a stage depends on and why it would
                   run
      why-differs  Tell what differs between two profiles: options, packages, files and stages, each
                   with who brings it
      inspect      Show what is in a finished image: how it boots, its system, packages and users
      diff         Show what differs between two images, locks or projects
      verify       Tell whether an image is what it should be: checksums, signatures, content, a rebuild
      cve          Show known vulnerabilities of an image, or of what a lock pins, in Debian's words
      size         Show what takes the room of an image: packages, folders, and why they are there
      licences     Show under which licences the packages of an image are
      lock         Pin every package, plugin and module in isoplug.lock, keeping what is pinned already
      update       Pin the newest packages and show what changes
      vendor       Put all that a build fetches into the folder `vendor` beside the manifest
      key          Make the key that signs images and plugins, and show its public half
      sign         Sign a finished ISO and what lies beside it
      publish      Publish a finished ISO in an OCI registry
      trust        Show what a folder asks for beyond itself, and allow it
      cache        Look after the store: size, garbage collection, verification
      plugin       Add, update and write plugins
      module       Publish profiles for the manifests of others, and update those of others
      schema       Print the JSON schema of isoplug.toml, for editors
      doctor       Tell what this machine lacks, and how to get it
      completions  Print a completion script for a shell
      help         Print this message or the help of the given subcommand(s)

    Options:
          --store <DIR>
              Keep artifacts in this folder [default: $ISOPLUG_STORE, else isoplug in the user's cache
              folder]

          --mirror <URL>
              Take packages from this mirror unless the manifest names one [default: $ISOPLUG_MIRROR]

          --snapshot-service <URL>
              Ask this service of snapshots for locked packages that no mirror of the distribution has
              any more

          --offline
              Do not use the network; fail if something is not in the store

          --trust-folder
              Allow the folder all that it asks for beyond itself, for this run (for CI; see `isoplug
              trust`)

      -j, --threads <N>
              How many threads compress and hash [default: one per processor]

          --json
              Print events as JSON, one a line, on standard error

      -q, --quiet
              Print nothing but errors and results

      -v, --verbose
              Print what the stages log

          --color <WHEN>
              When to colour
              
              [default: auto]
              [possible values: auto, always, never]

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Examples:
      isoplug new rescue-stick          # a manifest to start from
      isoplug build rescue-stick        # prints the path of the finished ISO
      isoplug run rescue-stick          # boots it in QEMU
      isoplug test rescue-stick         # boots it, checks what it promises

    Exit codes:
      0    done
      1    a stage, a download or the store failed
      2    the manifest or the arguments are wrong
      3    the lock does not fit the manifest and --locked forbids changing it
      4    a plugin failed, refused, or was refused
      5    the image was built, but a boot test failed
      6    this machine lacks something that the run needs (see `isoplug doctor`)
      7    a boot test did not end: the machine was too slow, or QEMU broke down
      8    the folder asks for more of this machine than was allowed (see `isoplug trust`)
      9    an image is not what it should be
      10   a policy found something that it does not allow
      11   what lies beside an image was changed, or is not of it
      12   an image is not signed by whom it must be
      13   what was signed is of another image or build
      14   a project does not give the image again
      70   a fault of isoplug itself
      130  stopped by Ctrl-C or a termination signal
    --- stderr
    ");
    assert_snapshot!(space.run(&[]), @r"
    exit: 2
    --- stdout
    --- stderr
    Turns a TOML manifest into a bootable Linux ISO

    Usage: isoplug [OPTIONS] <COMMAND>

    Commands:
      new          Make a folder with a manifest to start from
      build        Make the ISO; print its path on standard output
      test         Boot the ISO and check what the manifest promises
      run          Boot the ISO in QEMU
      shell        Look into the root filesystem of a build: a shell in a copy of it, of which nothing
                   is kept
      persistence  Make the partition that keeps what is changed, on a stick that has the ISO or in a
                   copy of it
      check        Read the manifest and show every mistake in it
      plan         Show the stages and what a build would do with each
      explain      Tell who set an option and whom it beat, or what a stage depends on and why it would
                   run
      why-differs  Tell what differs between two profiles: options, packages, files and stages, each
                   with who brings it
      inspect      Show what is in a finished image: how it boots, its system, packages and users
      diff         Show what differs between two images, locks or projects
      verify       Tell whether an image is what it should be: checksums, signatures, content, a rebuild
      cve          Show known vulnerabilities of an image, or of what a lock pins, in Debian's words
      size         Show what takes the room of an image: packages, folders, and why they are there
      licences     Show under which licences the packages of an image are
      lock         Pin every package, plugin and module in isoplug.lock, keeping what is pinned already
      update       Pin the newest packages and show what changes
      vendor       Put all that a build fetches into the folder `vendor` beside the manifest
      key          Make the key that signs images and plugins, and show its public half
      sign         Sign a finished ISO and what lies beside it
      publish      Publish a finished ISO in an OCI registry
      trust        Show what a folder asks for beyond itself, and allow it
      cache        Look after the store: size, garbage collection, verification
      plugin       Add, update and write plugins
      module       Publish profiles for the manifests of others, and update those of others
      schema       Print the JSON schema of isoplug.toml, for editors
      doctor       Tell what this machine lacks, and how to get it
      completions  Print a completion script for a shell
      help         Print this message or the help of the given subcommand(s)

    Options:
          --store <DIR>   Keep artifacts in this folder [default: $ISOPLUG_STORE, else isoplug in the
                          user's cache folder]
          --mirror <URL>  Take packages from this mirror unless the manifest names one [default:
                          $ISOPLUG_MIRROR]
          --offline       Do not use the network; fail if something is not in the store
          --trust-folder  Allow the folder all that it asks for beyond itself, for this run (for CI; see
                          `isoplug trust`)
      -j, --threads <N>   How many threads compress and hash [default: one per processor]
          --json          Print events as JSON, one a line, on standard error
      -q, --quiet         Print nothing but errors and results
      -v, --verbose       Print what the stages log
          --color <WHEN>  When to colour [default: auto] [possible values: auto, always, never]
      -h, --help          Print help (see more with '--help')
      -V, --version       Print version

    Examples:
      isoplug new rescue-stick          # a manifest to start from
      isoplug build rescue-stick        # prints the path of the finished ISO
      isoplug run rescue-stick          # boots it in QEMU
      isoplug test rescue-stick         # boots it, checks what it promises
    ");
    assert_snapshot!(space.run(&["--version"]), @r"
    exit: 0
    --- stdout
    isoplug [VERSION]
    --- stderr
    ");
    assert_snapshot!(space.run(&["check", "-h"]), @r"
    exit: 0
    --- stdout
    Read the manifest and show every mistake in it

    Usage: isoplug check [OPTIONS] [FOLDER]

    Arguments:
      [FOLDER]  The folder of the manifest [default: .]

    Options:
      -p, --profile <NAME>    Only these profiles, or those of these groups, separated by commas; may be
                              given several times [default: the manifest's defaults, else all]
          --all               Every profile
          --arch <ARCH>       The architectures of the images, in Debian's words, separated by commas
                              [default: this machine's] [possible values: amd64, arm64]
          --var <NAME=VALUE>  Set a variable of the manifest; may be given several times
          --strict            Treat warnings as mistakes
          --rebuild           Install the packages twice, the second time on a machine of another name,
                              and name every file that is not the same; makes no ISO
          --shellcheck        Let this machine's `shellcheck` look at the scripts, too
          --locked            Fail if the lock would have to change (for CI)
          --store <DIR>       Keep artifacts in this folder [default: $ISOPLUG_STORE, else isoplug in
                              the user's cache folder]
          --mirror <URL>      Take packages from this mirror unless the manifest names one [default:
                              $ISOPLUG_MIRROR]
          --offline           Do not use the network; fail if something is not in the store
          --trust-folder      Allow the folder all that it asks for beyond itself, for this run (for CI;
                              see `isoplug trust`)
      -j, --threads <N>       How many threads compress and hash [default: one per processor]
          --json              Print events as JSON, one a line, on standard error
      -q, --quiet             Print nothing but errors and results
      -v, --verbose           Print what the stages log
          --color <WHEN>      When to colour [default: auto] [possible values: auto, always, never]
      -h, --help              Print help (see more with '--help')

    Examples:
      isoplug check --all && git commit
      isoplug check --rebuild    # finds what no two machines may share
    --- stderr
    ");
}
