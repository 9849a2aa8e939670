// SPDX-License-Identifier: GPL-2.0-only
/*
 * The conformance run: resets, bad accesses and the line, chapters 10, 13 and 14 of virtio-vis.rst
 */
#include <linux/iopoll.h>
#include <linux/sizes.h>

#include "conform.h"

/* Reset: chapter 10 */

static bool vc_is_mapped(struct vc *c, unsigned int reg)
{
	return vc_read(c, reg) < c->layout.nr_vectors;
}

static void vc_check_reset_state(struct vc *c)
{
	vc_check(c, 1001, !vc_enabled(c), "ENABLE is set after a reset");
	vc_write(c, VIRTIO_MMIO_QUEUE_SEL, 0);
	vc_check(c, 1004, !vc_is_mapped(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR) &&
		 !vc_is_mapped(c, VIRTIO_MMIO_VIS_CONFIG_VECTOR),
		 "an event is mapped after a reset");
	if (c->pending)
		vc_check(c, 1003, vc_pending_becomes(c, 0), "word 0 is %#x after a reset",
			 vc_pending_word(c, 0));
}

static void vc_check_reset_order(struct vc *c)
{
	u32 status;

	vc_write(c, VIRTIO_MMIO_STATUS, 0);
	vc_write(c, VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	status = vc_read(c, VIRTIO_MMIO_STATUS);
	vc_check(c, 1012, status == VIRTIO_CONFIG_S_ACKNOWLEDGE,
		 "Status is %#x after 0 and ACKNOWLEDGE were written", status);
}

void vc_check_reset(struct vc *c)
{
	if (!vc_start(c))
		return;

	vc_commit(c, BIT(0));
	vc_commit(c, 0);
	if (!vc_event(c))
		return;
	vc_await_event(c);
	if (!vc_reset(c))
		return;
	vc_mark(c);
	vc_check_reset_state(c);
	vc_check_quiet(c, 1006, "after a reset");
	if (!vc_start(c))
		return;
	vc_commit(c, ~0u);
	if (!c->commits_send)
		vc_check_quiet(c, 1003, "of events before a reset");
	vc_check_reset_order(c);
}

static bool vc_reset_queue(struct vc *c)
{
	u32 busy;

	vc_write(c, VC_QUEUE_RESET, 1);
	return !read_poll_timeout(vc_read, busy, !busy, USEC_PER_MSEC, USEC_PER_SEC, false, c,
				  VC_QUEUE_RESET);
}

static void vc_check_no_queue_reset(struct vc *c)
{
	if (!c->no_queue) {
		vc_unseen(c, 1011, "any number names a queue");
		return;
	}
	vc_write(c, VIRTIO_MMIO_QUEUE_SEL, VC_NO_QUEUE);
	vc_write(c, VC_QUEUE_RESET, 1);
	vc_write(c, VIRTIO_MMIO_QUEUE_SEL, 0);
	vc_check(c, 1011, vc_is_mapped(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR), "queue 0 was reset");
}

/* Vector 0 is masked and pending, and the last one is unmasked, if it is another. */
static void vc_check_kept_by_queue_reset(struct vc *c)
{
	u32 config = vc_read(c, VIRTIO_MMIO_VIS_CONFIG_VECTOR);
	u32 mask = readl(c->mask);

	if (!vc_reset_queue(c)) {
		vc_end(c, "a reset of the queue is not complete");
		return;
	}
	vc_check(c, 1007, !vc_is_mapped(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR), "vector is %#x",
		 vc_read(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR));
	vc_check(c, 1008, vc_read(c, VIRTIO_MMIO_VIS_CONFIG_VECTOR) == config,
		 "configuration changes are mapped to %#x",
		 vc_read(c, VIRTIO_MMIO_VIS_CONFIG_VECTOR));
	vc_check(c, 1008, vc_enabled(c), "ENABLE was cleared");
	vc_check_mask(c, 1008, mask, "the queue was reset");
	vc_mark(c);
	vc_commit(c, BIT(0));
	vc_check(c, 1008, vc_comes(c, 0), "a pending bit was cleared");
}

void vc_check_queue_reset(struct vc *c)
{
	static const unsigned int ids[] = { 1007, 1008, 1011, 0 };

	if (!(c->features & VC_F_RING_RESET)) {
		vc_unseen_all(c, ids, "VIRTIO_F_RING_RESET is not offered");
		return;
	}
	if (!vc_start(c))
		return;
	vc_check_no_queue_reset(c);
	if (!vc_start(c))
		return;

	vc_commit(c, BIT(c->nvec - 1) & ~BIT(0));
	if (!vc_event(c))
		return;
	vc_await_event(c);
	vc_check_kept_by_queue_reset(c);
}

/* Bad accesses: chapter 13 */

static void vc_check_narrow_registers(struct vc *c)
{
	u32 config = vc_read(c, VIRTIO_MMIO_VIS_CONFIG_VECTOR);

	writew(VIRTIO_VIS_CONTROL_ENABLE, c->regs + VIRTIO_MMIO_VIS_CONTROL);
	vc_check(c, 1301, !vc_enabled(c), "a write of 16 bits set ENABLE");
	writew(VC_NONE, c->regs + VIRTIO_MMIO_VIS_QUEUE_VECTOR);
	vc_check(c, 1301, vc_is_mapped(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR), "16 bits unmapped it");
	writeb(0xff, c->regs + VIRTIO_MMIO_VIS_CONFIG_VECTOR);
	vc_check(c, 1301, vc_read(c, VIRTIO_MMIO_VIS_CONFIG_VECTOR) == config,
		 "a write of 8 bits mapped configuration changes");
	readb(c->regs + VIRTIO_MMIO_VIS_CONTROL);
}

static void vc_check_narrow_mask(struct vc *c)
{
	u32 mask;

	vc_commit(c, 0);
	mask = readl(c->mask);
	writew(0, c->mask);
	writeb(0, c->mask + 1);
	vc_check_mask(c, 1302, mask, "narrow writes");
	readw(c->mask);
}

void vc_check_bad_accesses(struct vc *c)
{
	if (!vc_begin(c))
		return;

	vc_check_narrow_registers(c);
	vc_map_queue(c, 0);
	vc_enable(c);
	vc_driver_ok(c);
	vc_check_narrow_mask(c);
	vc_commit(c, BIT(0));
	vc_news(c);
	vc_mark(c);
	if (vc_event(c))
		vc_check(c, 1305, vc_comes(c, 0), "no interrupt after bad accesses");
}

/* The line: chapter 14 */

void vc_check_line_disabled(struct vc *c)
{
	u32 status;

	if (!vc_begin(c))
		return;

	vc_driver_ok(c);
	vc_mark(c);
	if (!vc_event(c))
		return;
	vc_check_quiet(c, 1401, "while ENABLE is 0");
	vc_await_line(c);
	status = c->line ? c->line_status : vc_read(c, VIRTIO_MMIO_INTERRUPT_STATUS);
	vc_check(c, 1401, status & VIRTIO_MMIO_INT_VRING, "InterruptStatus reads %#x", status);
	if (c->line)
		vc_check(c, 1401, atomic_read(&c->line_count) != c->line_mark,
			 "the line was not asserted");
	vc_write(c, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_VRING);
	status = vc_read(c, VIRTIO_MMIO_INTERRUPT_STATUS);
	vc_check(c, 1401, !status, "InterruptStatus reads %#x after InterruptACK", status);
}

void vc_check_line_enabled(struct vc *c)
{
	u32 status;

	if (!vc_start(c) || !vc_event(c))
		return;

	vc_await_event(c);
	status = vc_read(c, VIRTIO_MMIO_INTERRUPT_STATUS);
	vc_check(c, 1403, !status, "InterruptStatus reads %#x", status);
	vc_write(c, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_VRING | VIRTIO_MMIO_INT_CONFIG);
	vc_commit(c, BIT(0));
	vc_check(c, 1404, vc_comes(c, 0), "InterruptACK has cleared a pending vector");
	if (vc_event(c))
		vc_news(c);
	if (c->line)
		vc_check(c, 1402, atomic_read(&c->line_count) == c->line_mark,
			 "the line was asserted");
	else
		vc_unseen(c, 1402, "the line is shared, or there is none");
}

/**
 * vc_check_needs_reset - Break the queue, and see the device ask for a reset
 * @c:		The run
 *
 * The queue offers an index that no ring can have. Asking for a reset is a configuration change.
 */
void vc_check_needs_reset(struct vc *c)
{
	static const unsigned int ids[] = { 902, 909, 0 };
	unsigned int config = c->nvec - 1;

	if (!vc_start(c))
		return;
	if ((u16)vc_read(c, VIRTIO_MMIO_VIS_CONFIG_VECTOR) != config) {
		vc_unseen_all(c, ids, "configuration changes cannot be mapped");
		return;
	}

	vc_commit(c, BIT(config));
	vc_news(c);
	vc_mark(c);
	WRITE_ONCE(c->ring->avail.idx, cpu_to_le16(SZ_32K));
	vc_write(c, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	vc_news(c);
	if (!(vc_read(c, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET)) {
		vc_unseen_all(c, ids, "the device does not ask for a reset when its ring breaks");
		return;
	}
	vc_check(c, 902, vc_comes(c, config), "no interrupt when the configuration changes");
	vc_check(c, 909, vc_comes(c, config), "no interrupt when the device needs a reset");
}
