/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes of the plain file, which the kernel is trusted to do right. */
#include "fsx.h"

#include <sys/stat.h>
#include <unistd.h>

void fsx_model_measure(struct fsx *fsx)
{
	struct stat st;

	fsx_must(fsx, fstat(fsx->plain, &st) == 0, "stat of the plain file");
	fsx->size = st.st_size;
	if (fsx->size > fsx->size_max)
		fsx_fail(fsx, "the plain file has grown to %zu", fsx->size);
}

void fsx_model_write(struct fsx *fsx, const void *bytes, size_t size,
		     size_t offset)
{
	ssize_t n = pwrite(fsx->plain, bytes, size, offset);

	fsx_must(fsx, n == (ssize_t)size, "write to the plain file");
	fsx_model_measure(fsx);
}

void fsx_model_resize(struct fsx *fsx, size_t size)
{
	fsx_must(fsx, ftruncate(fsx->plain, size) == 0,
		 "resizing the plain file");
	fsx_model_measure(fsx);
}
