/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An attacker, who owns a directory below SOURCE, swaps what is in it for
 * symlinks and the like, as fast as he can, while a client does through the
 * mount whatever can be done. Both are at work in the same scene, of these,
 * each a directory of its own:
 *
 *	outside		a directory  <->  a symlink out of SOURCE
 *	dotdot		a directory  <->  the same by way of ..
 *	inside		a directory  <->  a symlink to another's directory
 *	link		a file       <->  a symlink out of SOURCE
 *	fifo		a file       <->  a FIFO
 *	kind		a file       <->  a directory
 *	updown		a directory moves up and down in the tree
 *
 * The client follows no symlink himself: the kernel would do so, rightly.
 */
#ifndef MOUNT_ATTACK_H
#define MOUNT_ATTACK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { SCENES = 7, OPERATIONS_MAX = 32 };

/* What the processes share. */
struct attack {
	atomic_bool stop;
	atomic_uint scene; /* in which both are at work now */
	atomic_ulong swaps[SCENES];
	atomic_ulong done[OPERATIONS_MAX], failed[OPERATIONS_MAX];
	atomic_ulong leaks; /* how often what is outside was seen */
};

/* The directory that a client works in, below that of the attacker. */
extern const char *const attack_places[SCENES];
extern const char *const attack_names[SCENES];

/* Swaps until told to stop. The working directory is the attacker's. */
void attack_swap(struct attack *attack);

/*
 * Does one operation after the other until told to stop.
 *
 * root: what the places are below: the mount or, for a naive client, SOURCE.
 * naive: walks and follows as one does who thinks of no attacker.
 */
void attack_operate(struct attack *attack, int root, bool naive, uint64_t seed);

/* The name of an operation; NULL beyond the last. */
const char *attack_operation(unsigned int i);

#endif
