/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The value of an extended attribute. Those of the Windows Subsystem for Linux
 * are numbers (ntifs.h, FILE_STAT_LX_INFORMATION), if they have this size:
 *
 *	$LXUID, $LXGID	u32		{"u32": 1000}
 *	$LXMOD		u32		{"mode": "0100644"}
 *	$LXDEV		u32, u32	{"major": 5, "minor": 7}
 */
#ifndef TEXT_TEXT_EA_H
#define TEXT_TEXT_EA_H

#include "text/json_in.h"
#include "text/json_out.h"

#include <bkup/ea.h>

void text_put_ea_value(struct json_out *out, const struct bkup_ea *ea);

/* Takes any of these forms, whatever the name is. */
int text_read_ea_value(struct scan *scan, struct bytes *value);

#endif
