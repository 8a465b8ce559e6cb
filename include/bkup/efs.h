/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EFS raw data ([MS-EFSR] 2.2.3): what ReadEncryptedFileRaw exports of an
 * encrypted file. It is kept in the place of backup files, and is none: read as
 * one it begins with a record of about 5 MB whose id is unknown.
 */
#ifndef BKUP_EFS_H
#define BKUP_EFS_H

#include <bkup/export.h>
#include <stdbool.h>
#include <stddef.h>

/* How it begins: u32 0x100, "ROBS" in UTF-16LE. */
enum { BKUP_EFS_MAGIC_SIZE = 12 };

/* Whether a file that begins with these bytes is EFS raw data. */
BKUP_EXPORT bool bkup_efs_is_raw(const void *bytes, size_t size);

#endif
