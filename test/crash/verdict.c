/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict.h"

#include <bkup/name.h>

#include <stdlib.h>
#include <string.h>

/* Whether a step writes to scratch, which is a plain file: by and by. */
static bool writes_scratch(const struct step *step)
{
	return (step->kind == STEP_WRITE || step->kind == STEP_RESIZE) &&
	       bkup_name_is_scratch(step->name);
}

/* The same without what a move may leave behind, if it is that. */
static bool is_new_but_for_rest(const struct state *state,
				const struct step *step,
				const struct state *before,
				const struct state *after)
{
	struct state_entry *rest = state_find(state, STATE_TREE, step->object);
	struct state less = {.list = NULL};
	bool is;

	if (!(step->flags & STEP_LEAVES_EMPTY) || !rest || rest->content.size)
		return false;
	for (size_t i = 0; i < state->count; i++)
		if (strncmp(state->list[i].path, rest->path,
			    strlen(rest->path)) == 0 &&
		    state->list[i].path[strlen(rest->path)] == '/')
			return false;
	/* An entry less, without its content being freed. */
	less.list = malloc(state->count * sizeof(*less.list));
	ck_assert_ptr_nonnull(less.list);
	for (size_t i = 0; i < state->count; i++)
		if (&state->list[i] != rest)
			less.list[less.count++] = state->list[i];
	for (size_t i = 0; i < less.count; i++)
		less.list[i].group = i;
	is = state_part_is(&less, STATE_TREE, after, before) &&
	     state_part_is(&less, STATE_SCRATCH, after, before);
	free(less.list);
	return is;
}

enum verdict verdict_of(const struct state *state, const struct step *step,
			const struct state *before, const struct state *after,
			bool acknowledged)
{
	bool tree_old = state_part_is(state, STATE_TREE, before, after);
	bool tree_new = state_part_is(state, STATE_TREE, after, before);
	bool scratch_old = state_part_is(state, STATE_SCRATCH, before, after);
	bool scratch_new = state_part_is(state, STATE_SCRATCH, after, before);

	if (tree_new && scratch_new)
		return VERDICT_NEW;
	if (acknowledged)
		return VERDICT_BAD;
	if (tree_old && scratch_old)
		return VERDICT_OLD;
	if (writes_scratch(step) && tree_old)
		return VERDICT_BETWEEN;
	if (step->flags & STEP_SCRATCH_FIRST && tree_old && scratch_new)
		return VERDICT_BETWEEN;
	if (step->flags & STEP_SCRATCH_LAST && tree_new && scratch_old)
		return VERDICT_BETWEEN;
	return is_new_but_for_rest(state, step, before, after) ? VERDICT_LEFT
							       : VERDICT_BAD;
}

const char *verdict_open(struct scene *scene)
{
	*scene->log = '\0';
	if (scene_open(scene) < 0)
		return "the store cannot be opened";
	return strstr(scene->log, "cannot") ? "recovery failed" : NULL;
}

const char *verdict_left(struct scene *scene, const struct state *state)
{
	bool scratch = false;

	for (size_t i = 0; i < state->count; i++)
		scratch |= state->list[i].part == STATE_SCRATCH;
	if (!scratch)
		return scene_exists(scene, ".bkupfs") ? ".bkupfs is left"
						      : NULL;
	return scene_control(scene, "") == 3 &&
			       scene_control(scene, "scratch") == 1
		       ? NULL
		       : "more than scratch is left in .bkupfs";
}

static const char *redo(struct scene *scene, const struct step *step,
			const struct state *before, const struct state *after)
{
	struct state state;
	bool is;

	if (step_run(scene, step, NULL) < 0)
		return "the step cannot be done again";
	state_take(scene, &state);
	is = verdict_of(&state, step, before, after, true) == VERDICT_NEW;
	if (!is)
		state_print("after the step was done again", &state);
	state_done(&state);
	return is ? NULL : "the step was done again, to another end";
}

const char *verdict_again(struct scene *scene, const struct step *step,
			  const struct state *before, const struct state *after,
			  enum verdict verdict)
{
	const char *fault = NULL, *left;

	if (verdict == VERDICT_OLD || verdict == VERDICT_BETWEEN)
		fault = redo(scene, step, before, after);
	scene_close(scene);
	left = verdict_left(scene, after);
	return fault ? fault : left;
}
