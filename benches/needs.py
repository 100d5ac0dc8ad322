"""Tells what a bench lacks before it begins: tools, programs that are to be built first, room on the disk, root."""
import os, pathlib, shutil, sys

# Where Debian and Ubuntu have the tools of all benches.
PACKAGES = {"mmdebstrap": "mmdebstrap", "mksquashfs": "squashfs-tools", "xorriso": "xorriso", "openssl": "openssl",
            "lb": "live-build", "apt-get": "apt"}


def missing(tools=(), built=(), folder=None, gigabytes=0, root=False):
    """Returns a line for each thing that is not there, with how to get it; `built` maps a program to its command."""
    lines = [f"{tool} is not installed: apt install {PACKAGES[tool]}" for tool in tools if not shutil.which(tool)]
    lines += [f"{path} is not built: {command}" for path, command in dict(built).items() if not os.access(path, os.X_OK)]
    if root and os.geteuid() != 0:
        lines.append("it must run as root: sudo " + sys.argv[0])
    place = existing(folder or "/var/tmp")
    free = shutil.disk_usage(place).free
    if free < gigabytes * 10**9:
        lines.append(f"{place} has {free / 1e9:.1f} GB free, {gigabytes} are needed: name another folder")
    return lines


def check(**wanted):
    """Ends the program with all that is missing."""
    lines = missing(**wanted)
    if lines:
        sys.exit("this bench cannot run:\n" + "\n".join(f"  {line}" for line in lines))


def existing(folder):
    """The nearest folder above that is there."""
    path = pathlib.Path(folder).resolve()
    return path if path.is_dir() else existing(path.parent)
