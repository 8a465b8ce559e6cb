/* SPDX-License-Identifier: BSD-2-Clause */
/* What the shared library lets out. */
#ifndef BKUP_EXPORT_H
#define BKUP_EXPORT_H

#define BKUP_EXPORT __attribute__((visibility("default")))

#endif
