/* SPDX-License-Identifier: BSD-2-Clause */
/* Is never compiled: a fault that each tool has to find (analyse.py). */
int planted(int size);

int planted(int size)
{
	int *place = 0;

	if (size > 1)
		*place = size;
	return size;
}
