/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkupfs/help.h"

#include "bkupfs/exit.h"
#include "fs/fs.h"

#include <stdio.h>

static const char text[] =
	"usage: bkupfs [-f] [-d] [-s] [-o OPTIONS] SOURCE MOUNTPOINT\n"
	"       bkupfs --wait MOUNTPOINT\n"
	"\n"
	"Shows each NT backup file in SOURCE as a directory of its streams.\n"
	"\n"
	"  -f                    stay in the foreground, log to stderr\n"
	"  -d                    the same, and log every request\n"
	"  -s                    use a single thread\n"
	"  -o OPTIONS            mount options, separated by commas\n"
	"      --wait MOUNTPOINT return when the daemon of that mount has "
	"ended\n"
	"  -h, --help            print this and exit\n"
	"  -V, --version         print the version and exit\n"
	"\n"
	"Mount options:\n"
	"  order=keep            new streams go last (the default)\n"
	"  order=canonical       streams are sorted when a file is written\n"
	"  sync=fsync            what is written survives a power cut after "
	"fsync\n"
	"                        (the default); sync=close: after every close;\n"
	"                        sync=none: some time later\n"
	"  views=hidden          .view in each object has it as a whole, and as "
	"text,\n"
	"                        and is not listed (the default); views=list: it "
	"is;\n"
	"                        views=off: there is none\n"
	"  timeout=SECONDS       see others' changes after that time "
	"(default: 1)\n"
	"  salvage               show the intact leading streams of broken "
	"files\n"
	"  ro                    mount read-only\n"
	"  allow_other           let other users in (the default for root)\n"
	"  threads=N             use at most that many threads, if files are "
	"slow\n"
	"                        (default: 1000)\n"
	"  max_streams=N         refuse files with more streams and sparse "
	"blocks\n"
	"                        (default: 1048576)\n"
	"  io_uring              take requests by io_uring, if libfuse and the "
	"kernel can\n"
	"  readahead=KIB         let the kernel read ahead that much "
	"(default: 1008)\n"
	"  sandbox=auto          confine the daemon as far as the kernel can "
	"(the\n"
	"                        default); sandbox=require: or do not mount;\n"
	"                        sandbox=off: not at all\n"
	"  store=backup          SOURCE holds backup files (the default)\n"
	"  store=live            SOURCE holds ordinary files: shows what "
	"BackupRead\n"
	"                        would give of them, and takes it back\n"
	"  profile=NAME          where the filesystem of a live SOURCE keeps "
	"that:\n"
	"                        ntfs-3g, ntfs-3g-xattr, ntfs3, samba, posix "
	"(default:\n"
	"                        what fits)\n"
	"and those of mount(8) that every filesystem takes. See bkupfs(1).\n";

static int finish(void)
{
	return fflush(stdout) == 0 ? 0 : EXIT_NOT_MOUNTED;
}

int help_print(void)
{
	fputs(text, stdout);
	return finish();
}

int help_print_version(void)
{
	printf("bkupfs %s\nlibfuse %s\n", BKUPFS_VERSION, fuse_pkgversion());
	return finish();
}
