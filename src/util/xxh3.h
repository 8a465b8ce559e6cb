/* SPDX-License-Identifier: BSD-2-Clause */
/* XXH3 of streams of bytes, as fast as the processor can. */
#ifndef UTIL_XXH3_H
#define UTIL_XXH3_H

#ifdef BKUP_HAVE_XXH_DISPATCH
#include <xxh_x86dispatch.h>
#else
#include <xxhash.h>
#endif

#endif
