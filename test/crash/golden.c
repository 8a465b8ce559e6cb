/* SPDX-License-Identifier: BSD-2-Clause */
#include "golden.h"

#include "model.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

/* What somebody set, which a commit keeps. */
static void dress(const char *path)
{
	const struct timespec times[2] = {{1000000000, 0}, {1000000000, 0}};

	ck_assert_int_eq(chmod(path, 0640), 0);
	ck_assert_int_eq(setxattr(path, "user.note", "kept", 4, 0), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void put_objects(struct scene *scene, const struct variant *variant)
{
	for (size_t i = 0; i < N_ELEMENTS(variant->script->objects); i++) {
		const struct script_object *object =
			&variant->script->objects[i];
		struct bytes bytes = {0};
		char other[64];

		if (!object->path)
			break;
		if (!object->streams) {
			ck_assert_int_eq(
				mkdir(scene_at(scene, object->path), 0755), 0);
			continue;
		}
		model_build(object, &bytes);
		scene_put_bytes(scene, object->path, &bytes);
		dress(scene_at(scene, object->path));
		bytes_done(&bytes);
		snprintf(other, sizeof(other), "%s" SCRIPT_LINK, object->path);
		if (variant->linked)
			ck_assert_int_eq(link(scene_at(scene, object->path),
					      scene_at(scene, other)),
					 0);
	}
}

static void take(struct scene *scene, struct golden *golden,
		 const struct model *model, const char *label)
{
	struct state *state = &golden->states[golden->steps];

	/*
	 * Two names of a file are two objects, and one may not see yet what was
	 * done through the other; after a crash they are looked at anew, too.
	 */
	scene_reopen(scene);
	state_take(scene, state);
	model_check(model, state, label);
}

void golden_make(struct scene *scene, const struct variant *variant,
		 struct golden *ret_golden)
{
	const struct script *script = variant->script;
	size_t steps = script_steps(script);
	struct golden golden = {
		.states = calloc(steps + 1, sizeof(*golden.states))};
	struct model model;

	ck_assert_ptr_nonnull(golden.states);
	put_objects(scene, variant);
	ck_assert_int_eq(scene_open(scene), 0);
	model_init(&model, script);
	take(scene, &golden, &model, variant->name);
	for (size_t i = 0; i < steps; i++) {
		const struct step *step = &script->steps[i];
		int rc = step_run(scene, step, NULL);

		ck_assert_msg(rc == 0, "%s: %s: %s", variant->name,
			      step_text(step), strerror(-rc));
		model_step(&model, step);
		golden.steps++;
		take(scene, &golden, &model, step_text(step));
	}
	scene_close(scene);
	model_done(&model);
	*ret_golden = golden;
}

void golden_done(struct golden *golden)
{
	for (size_t i = 0; i <= golden->steps; i++)
		state_done(&golden->states[i]);
	free(golden->states);
}
