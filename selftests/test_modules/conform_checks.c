// SPDX-License-Identifier: GPL-2.0-only
/*
 * The checks of the conformance run, in their order
 *
 * If a check that others rely on fails, the run ends, so that the report names the statement that
 * is really broken. Each check resets the device and sets it up again. A device may do things that
 * it SHOULD NOT do, send late or twice, and be late to show a pending vector: no check treats that
 * as a breach of a MUST.
 */
#include "conform.h"

bool vc_enabled(struct vc *c)
{
	return vc_read(c, VIRTIO_MMIO_VIS_CONTROL) & VIRTIO_VIS_CONTROL_ENABLE;
}

unsigned int vc_words(struct vc *c)
{
	return DIV_ROUND_UP(c->layout.nr_vectors, VIRTIO_VIS_VECTORS_PER_WORD);
}

/**
 * vc_check_quiet - Check that no interrupt has come since vc_mark()
 * @c:		The run
 * @id:		The statement that forbids it
 * @when:	The preceding actions of this run
 *
 * Return:	Whether none has.
 */
bool vc_check_quiet(struct vc *c, unsigned int id, const char *when)
{
	unsigned int news = vc_news(c);

	return vc_check(c, id, !news, "%#x interrupts %s", news, when);
}

/**
 * vc_check_mask - Check word 0 of the mask table, in the bits of vectors
 * @c:		The run
 * @id:		The statement that demands its value
 * @value:	The value
 * @when:	The preceding actions of this run
 */
void vc_check_mask(struct vc *c, unsigned int id, u32 value, const char *when)
{
	u32 word = readl(c->mask);

	if (c->mask_lies)
		vc_unseen(c, id, "the mask table does not read as it was written");
	else
		vc_check(c, id, !((word ^ value) & ~vc_void_bits(c, 0)),
			 "word 0 is %#x instead of %#x: %s", word, value, when);
}

static void (*const vc_checks[])(struct vc *c) = {
	vc_check_masks, vc_check_features, vc_check_registers, vc_check_table, vc_check_enable,
	vc_check_enable_window, vc_check_table_speed, vc_check_mapping, vc_check_queue_sel,
	vc_check_interrupt, vc_check_silence, vc_check_pending, vc_check_entries,
	vc_check_notifications, vc_check_used_first, vc_check_unmapped, vc_check_all_unmasked,
	vc_check_shared, vc_check_pending_table, vc_check_two_vectors, vc_check_messages,
	vc_check_reset, vc_check_queue_reset, vc_check_bad_accesses, vc_check_line_disabled,
	vc_check_line_enabled, vc_check_supplied, vc_check_constant,
};

static void vc_run_all(struct vc *c, bool break_ring)
{
	static const unsigned int ids[] = { 902, 909, 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vc_checks) && !c->ended[0]; i++)
		vc_checks[i](c);
	if (break_ring && !c->ended[0])
		vc_check_needs_reset(c);
	else
		vc_unseen_all(c, ids, "only a broken ring changes the configuration");
}

/**
 * vc_run_checks - Check every statement that a guest can observe
 * @c:		The run
 * @break_ring:	Break the ring as well, which can kill a VMM that does not survive that
 */
void vc_run_checks(struct vc *c, bool break_ring)
{
	/* Another driver may have supplied tables. */
	if (!vc_reset(c))
		return;

	vc_discover(c);
	vc_check_discovery(c);
	if (c->ended[0] || !vc_take(c))
		return;

	vc_run_all(c, break_ring);
	vc_reset(c);
}
