/* SPDX-License-Identifier: BSD-2-Clause */
/* To be preloaded: memory that is lost from the start. */
#include <stdlib.h>

__attribute__((constructor)) static void lose(void)
{
	void *volatile lost = malloc(1000);

	/* cppcheck-suppress memleak ; that is what it is for */
	lost = malloc(1000);
	/* cppcheck-suppress memleak ; likewise */
	lost = NULL;
	(void)lost;
}
