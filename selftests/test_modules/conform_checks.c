// SPDX-License-Identifier: GPL-2.0-only
/*
 * The checks of the conformance run, by the chapters of virtio-vis.rst
 *
 * If a check fails on which others rely, the run ends, so that the report names the statement that
 * is really broken. Each check resets the device and sets it up again.
 */
#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/iopoll.h>
#include <linux/sizes.h>

#include "conform.h"

#define VC_REGISTER_PATTERN	0xa5a5a5a5
#define VC_ROUNDS		16
#define VC_TIMED_READS		1000
/* An access that does not trap is at least this many times faster than one that does */
#define VC_TRAP_RATIO		4
#define VC_PENDING_MS		100
#define VC_VECTORS_TRIED	64

/* The registers that a driver only reads */
static const unsigned int vc_constant[] = {
	VIRTIO_MMIO_VIS_NUM_VECTORS,
	VIRTIO_MMIO_VIS_TABLE_LOW, VIRTIO_MMIO_VIS_TABLE_HIGH,
	VIRTIO_MMIO_VIS_MASK_LOW, VIRTIO_MMIO_VIS_MASK_HIGH,
	VIRTIO_MMIO_VIS_PENDING_LOW, VIRTIO_MMIO_VIS_PENDING_HIGH,
};

static bool vc_enabled(struct vc *c)
{
	return vc_read(c, VIRTIO_MMIO_VIS_CONTROL) & VIRTIO_VIS_CONTROL_ENABLE;
}

static unsigned int vc_words(struct vc *c)
{
	return DIV_ROUND_UP(c->layout.nr_vectors, VIRTIO_VIS_VECTORS_PER_WORD);
}

static bool vc_check_quiet(struct vc *c, unsigned int id, const char *when)
{
	unsigned int news = vc_news(c);

	return vc_check(c, id, !news, "%#x interrupts %s", news, when);
}

static void vc_check_masked(struct vc *c, unsigned int id, const char *why)
{
	u32 word = readl(c->mask);

	if (c->mask_lies)
		vc_unseen(c, id, "the mask table does not read as it was written");
	else
		vc_check(c, id, word == ~0u, "word 0 is %#x: %s", word, why);
}

/* Discovery and registers: chapters 1 and 2 */

static void vc_check_num_vectors(struct vc *c)
{
	u32 num = vc_read(c, VIRTIO_MMIO_VIS_NUM_VECTORS);
	unsigned int n = FIELD_GET(VIRTIO_VIS_NUM_VECTORS_N, num);
	unsigned int draft = FIELD_GET(VIRTIO_VIS_NUM_VECTORS_DRAFT, num);

	vc_check(c, 102, c->features & VC_F_VERSION_1, "VIS is offered without VERSION_1");
	if (!vc_check(c, 107, draft == VIRTIO_VIS_DRAFT, "VISNumVectors reads %#x, draft %u", num,
		      draft))
		vc_end(c, "this run is of draft %u", VIRTIO_VIS_DRAFT);
	vc_check(c, 108, !(num & VIRTIO_VIS_NUM_VECTORS_CAPS &
			   ~VIRTIO_VIS_NUM_VECTORS_DRIVER_TABLES), "VISNumVectors reads %#x", num);
	if (!vc_check(c, 104, n, "VISNumVectors reads %#x: no vectors", num))
		vc_end(c, "there are no vectors");
	else
		vc_check(c, 105, n >= 2, "there is 1 vector");
}

static void vc_check_alignment(struct vc *c)
{
	const struct virtio_vis_layout *layout = &c->layout;

	vc_check(c, 303, layout->table % sizeof(struct virtio_vis_entry) == 0,
		 "the vector table is at %#llx", layout->table);
	vc_check(c, 402, layout->mask % sizeof(u32) == 0, "the mask table is at %#llx",
		 layout->mask);
	vc_check(c, 101, layout->table && layout->mask, "a table is at 0");
	if (!layout->pending)
		vc_check(c, 508, true, "never");
	else
		vc_unseen(c, 508, "the device has a pending table");
	if (layout->pending)
		vc_check(c, 502, layout->pending % sizeof(u32) == 0,
			 "the pending table is at %#llx", layout->pending);
	if ((layout->table | layout->mask | layout->pending) % sizeof(u32))
		vc_end(c, "a table is misaligned");
}

static bool vc_in_resource(struct vc *c, u64 addr)
{
	struct resource *res;
	unsigned int i;

	for (i = 0; (res = platform_get_resource(c->pdev, IORESOURCE_MEM, i)); i++)
		if (addr >= res->start && addr <= res->end)
			return true;
	return false;
}

static void vc_check_resources(struct vc *c)
{
	vc_check(c, 110, vc_in_resource(c, c->layout.table) && vc_in_resource(c, c->layout.mask),
		 "no resource of the device holds its tables");
}

static void vc_check_constant(struct vc *c)
{
	struct vc now = { .regs = c->regs, .pdev = c->pdev };

	vc_discover(&now);
	vc_check(c, 109, !memcmp(&now.layout, &c->layout, sizeof(c->layout)),
		 "N is %u, tables at %#llx %#llx %#llx", now.layout.nr_vectors, now.layout.table,
		 now.layout.mask, now.layout.pending);
}

/* Before FEATURES_OK, the registers can be read, and writes have no effect */
static void vc_check_not_negotiated(struct vc *c)
{
	vc_write(c, VIRTIO_MMIO_QUEUE_SEL, 0);
	vc_enable(c);
	vc_check(c, 201, vc_read(c, VIRTIO_MMIO_VIS_CONTROL) != ~0u &&
		 vc_read(c, VIRTIO_MMIO_VIS_CONFIG_VECTOR) <= VC_NONE,
		 "a register reads all ones");
	vc_check(c, 202, !vc_enabled(c), "ENABLE was set without the feature");
	vc_check(c, 801, !vc_enabled(c), "ENABLE was set without the feature");
	vc_check(c, 202, vc_map_config(c, 0) == VC_NONE && vc_map_queue(c, 0) == VC_NONE,
		 "an event was mapped without the feature");
	writel(0, c->mask);
	vc_check_masked(c, 202, "a vector was unmasked without the feature");
}

static void vc_check_features(struct vc *c)
{
	if (vc_reset(c))
		vc_check_not_negotiated(c);
	if (vc_negotiate(c, c->features & VC_F_VERSION_1))
		vc_check_not_negotiated(c);
	vc_check(c, 103, !vc_negotiate(c, VC_F_VIS), "FEATURES_OK is kept without VERSION_1");
}

/* While ENABLE is 1, a driver cannot supply tables, so the addresses are read-only for all */
static void vc_check_read_only(struct vc *c)
{
	unsigned int i;
	u32 before;

	if (!vc_begin(c))
		return;

	vc_enable(c);
	for (i = 0; i < ARRAY_SIZE(vc_constant); i++) {
		before = vc_read(c, vc_constant[i]);
		vc_write(c, vc_constant[i], before ^ VC_REGISTER_PATTERN);
		vc_check(c, 205, vc_read(c, vc_constant[i]) == before,
			 "register %#x has changed", vc_constant[i]);
	}
	vc_check(c, 206, !vc_read(c, VC_RESERVED), "the reserved register reads %#x",
		 vc_read(c, VC_RESERVED));
	vc_write(c, VC_RESERVED, VC_REGISTER_PATTERN);
	vc_check(c, 205, !vc_read(c, VC_RESERVED), "the reserved register has changed");
}

/* The vector table: chapter 3 */

static bool vc_entry_holds(struct vc *c, unsigned int vector, const struct msi_msg *msg)
{
	struct virtio_vis_entry *entry = &c->entries[vector];

	return le32_to_cpu(READ_ONCE(entry->addr_lo)) == msg->address_lo &&
	       le32_to_cpu(READ_ONCE(entry->addr_hi)) == msg->address_hi &&
	       le32_to_cpu(READ_ONCE(entry->data)) == msg->data;
}

/* Returns the first entry that differs from what vc_set_entries() wrote, or else their number */
static unsigned int vc_changed_entry(struct vc *c)
{
	unsigned int v;

	for (v = 0; v < c->layout.nr_vectors; v++)
		if (!vc_entry_holds(c, v, &c->vector[v % c->nvec].msg))
			break;
	return v;
}

static void vc_check_table(struct vc *c)
{
	unsigned int n = c->layout.nr_vectors, v;
	struct msi_msg msg;

	if (!vc_begin(c))
		return;

	for (v = 0; v < n; v++) {
		msg = (struct msi_msg) { .address_lo = v * 4, .address_hi = ~v, .data = v };
		vc_set_entry(c, v, &msg);
	}
	for (v = 0; v < n; v++) {
		msg = (struct msi_msg) { .address_lo = v * 4, .address_hi = ~v, .data = v };
		vc_check(c, 301, vc_entry_holds(c, v, &msg), "entry %u of %u overlaps another", v,
			 n);
	}
	vc_set_entries(c);
	v = vc_changed_entry(c);
	vc_check(c, 310, v == n, "entry %u does not hold what was written", v);
	vc_check(c, 309, v == n, "entry %u does not hold what was written", v);
}

static u64 vc_time_of_reads(struct vc *c, bool entry)
{
	u64 begin = ktime_get_ns();
	unsigned int i;

	for (i = 0; i < VC_TIMED_READS; i++) {
		if (entry)
			READ_ONCE(c->entries[0].data);
		else
			vc_read(c, VIRTIO_MMIO_VIS_CONTROL);
	}
	return ktime_get_ns() - begin;
}

static void vc_check_table_speed(struct vc *c)
{
	u64 entries = vc_time_of_reads(c, true);
	u64 registers = vc_time_of_reads(c, false);

	vc_check(c, 307, entries * VC_TRAP_RATIO < registers,
		 "1000 reads take %llu ns of an entry, %llu ns of a register", entries, registers);
}

/* ENABLE and the masks before it: chapters 4 and 8 */

static void vc_check_reserved_bits(struct vc *c)
{
	u32 control = vc_read(c, VIRTIO_MMIO_VIS_CONTROL);

	vc_check(c, 203, !(control & ~VIRTIO_VIS_CONTROL_ENABLE), "VISControl reads %#x", control);
}

static void vc_check_disabled(struct vc *c)
{
	vc_mark(c);
	vc_check_masked(c, 409, "a vector is unmasked before ENABLE is set");
	writel(0, c->mask);
	vc_check_masked(c, 410, "a vector was unmasked before ENABLE is set");
	vc_write(c, VIRTIO_MMIO_VIS_CONTROL, ~VIRTIO_VIS_CONTROL_ENABLE);
	vc_check_reserved_bits(c);
	vc_check(c, 204, !vc_enabled(c), "ENABLE was set by a reserved bit");
	vc_check(c, 803, !vc_enabled(c), "ENABLE reads 1 before it was set");
	vc_check_quiet(c, 1006, "before ENABLE was set");
}

static void vc_check_enable(struct vc *c)
{
	if (!vc_begin(c))
		return;

	vc_check_disabled(c);
	vc_write(c, VIRTIO_MMIO_VIS_CONTROL, ~0u);
	if (!vc_check(c, 809, vc_enabled(c), "ENABLE reads 0 after it was set")) {
		vc_end(c, "ENABLE cannot be set");
		return;
	}
	vc_check_reserved_bits(c);
	vc_check_masked(c, 409, "a vector was unmasked by ENABLE");
	vc_write(c, VIRTIO_MMIO_VIS_CONTROL, 0);
	vc_check(c, 802, vc_enabled(c), "ENABLE was cleared");
}

static void vc_check_enable_window(struct vc *c)
{
	if (!vc_begin(c))
		return;

	vc_driver_ok(c);
	vc_enable(c);
	vc_check(c, 801, !vc_enabled(c), "ENABLE was set after DRIVER_OK");
}

/* Leaves the word as @value. */
static void vc_check_mask_word(struct vc *c, unsigned int w, u32 value)
{
	void __iomem *word = c->mask + w * sizeof(u32);
	u32 ones = vc_void_bits(c, w);
	u32 seen;

	writel(value, word);
	seen = readl(word);
	if (!vc_check(c, 404, !((seen ^ value) & ~ones), "word %u reads %#x, written %#x", w, seen,
		      value))
		c->mask_lies = true;
	vc_check(c, 405, (seen & ones) == ones, "word %u reads %#x, vectors have %#x", w, seen,
		 ~ones);
	vc_check(c, 406, (seen & ones) == ones, "word %u reads %#x, written %#x", w, seen,
		 value);
}

/* Each word holds its own value. Later checks trust the values that the table reads. */
static void vc_check_masks(struct vc *c)
{
	u32 seen, value;
	unsigned int w;

	if (!vc_start(c) || !vc_enabled(c))
		return;

	for (w = 0; w < vc_words(c); w++) {
		vc_check_mask_word(c, w, 0);
		vc_check_mask_word(c, w, VC_REGISTER_PATTERN ^ w);
	}
	for (w = 0; w < vc_words(c) && !c->mask_lies; w++) {
		value = (VC_REGISTER_PATTERN ^ w) | vc_void_bits(c, w);
		seen = readl(c->mask + w * sizeof(u32));
		vc_check(c, 401, seen == value, "word %u reads %#x, once %#x", w, seen, value);
	}
}

/* Mapping and the first interrupt: chapters 7 and 9 */

static bool vc_check_config_maps(struct vc *c, u32 vector)
{
	u32 seen = vc_map_config(c, vector);

	return vc_check(c, 705, seen == vector, "vector %u is refused, reads %#x", vector,
			seen) &
	       vc_check(c, 704, seen == vector || seen == VC_NONE, "vector %u reads %#x", vector,
			seen);
}

static void vc_check_unmap(struct vc *c, u32 value)
{
	u32 seen;

	vc_map_queue(c, 0);
	seen = vc_map_queue(c, value);
	vc_check(c, 703, seen == VC_NONE, "%#x was written, %#x is read", value, seen);
	vc_map_config(c, 0);
	seen = vc_map_config(c, value);
	vc_check(c, 703, seen == VC_NONE, "%#x was written, %#x is read", value, seen);
}

static void vc_check_mapping(struct vc *c)
{
	unsigned int n = c->layout.nr_vectors, v;

	if (!vc_begin(c))
		return;

	vc_map_config(c, VC_NONE);
	if (!vc_check(c, 701, vc_map_queue(c, n - 1) == n - 1 && vc_map_queue(c, 0) == 0,
		      "the queue cannot be mapped: vector reads %#x", vc_map_queue(c, 0)))
		vc_end(c, "the queue cannot be mapped");
	for (v = 0; v < n; v += v < VC_VECTORS_TRIED || v == n - 1 ? 1 : n - 1 - v)
		vc_check_config_maps(c, v);
	vc_check_unmap(c, VC_NONE);
	vc_check_unmap(c, n);
	vc_check_unmap(c, BIT(16));
	vc_check_unmap(c, ~0u);
}

static void vc_check_queue_sel(struct vc *c)
{
	if (!vc_begin(c))
		return;

	vc_write(c, VIRTIO_MMIO_QUEUE_SEL, VC_NO_QUEUE);
	vc_check(c, 711, vc_read(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR) == VC_NONE,
		 "the vector of no queue reads %#x", vc_read(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR));
	vc_check(c, 712, !vc_read(c, VIRTIO_MMIO_QUEUE_NUM_MAX), "queue %#lx has %u entries",
		 VC_NO_QUEUE, vc_read(c, VIRTIO_MMIO_QUEUE_NUM_MAX));
	vc_write(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR, VC_NONE);
	vc_write(c, VIRTIO_MMIO_QUEUE_SEL, 0);
	vc_check(c, 710, vc_read(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR) == 0, "queue 0 was unmapped");

	vc_write(c, VIRTIO_MMIO_QUEUE_READY, 0);
	vc_check(c, 713, vc_read(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR) == 0, "vector 0 became %#x",
		 vc_read(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR));
	vc_write(c, VIRTIO_MMIO_QUEUE_READY, 1);
	vc_check(c, 713, vc_read(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR) == 0, "vector 0 became %#x",
		 vc_read(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR));
}

/* Everything after this check relies on interrupts. */
static void vc_check_interrupt(struct vc *c)
{
	if (!vc_start(c))
		return;

	vc_check_quiet(c, 905, "without an event");
	vc_commit(c, BIT(0));
	vc_check_quiet(c, 611, "at a commit without an event");
	if (!vc_event(c))
		return;
	if (!vc_check(c, 903, vc_comes(c, 0),
		      "no interrupt after an event of an unmasked vector")) {
		vc_end(c, "no interrupt comes");
		return;
	}
	vc_check(c, 701, true, "never");
	vc_check(c, 302, true, "never");
}

/* Each event causes one notification, which does not come before its buffer. */
static void vc_check_notifications(struct vc *c)
{
	unsigned int i, news;

	if (!vc_start(c))
		return;

	vc_commit(c, BIT(0));
	for (i = 0; i < VC_ROUNDS; i++) {
		vc_mark(c);
		if (!vc_event(c))
			return;
		vc_check(c, 901, vc_comes(c, 0), "no interrupt after event %u", i);
		news = vc_news(c);
		vc_check(c, 910, news <= 1, "%#x interrupts for an event", news);
	}
	vc_check(c, 1201, !c->used_late, "an interrupt came before its used buffer");
}

static void vc_check_unmapped(struct vc *c)
{
	if (!vc_start(c))
		return;

	vc_commit(c, ~0u);
	vc_check(c, 709, vc_map_queue(c, VC_NONE) == VC_NONE, "no unmapping after DRIVER_OK");
	if (!vc_event(c))
		return;
	vc_check_quiet(c, 904, "for an unmapped event");
	vc_check(c, 709, vc_map_queue(c, 0) == 0, "no mapping after DRIVER_OK");
	if (vc_event(c))
		vc_check(c, 709, vc_comes(c, 0), "no mapping after DRIVER_OK");
}

static void vc_check_all_unmasked(struct vc *c)
{
	unsigned int w;

	if (!vc_start(c))
		return;

	for (w = 0; w < vc_words(c); w++)
		writel(0, c->mask + w * sizeof(u32));
	if (vc_event(c))
		vc_check(c, 612, vc_comes(c, 0), "no interrupt while all vectors are unmasked");
}

static void vc_check_shared(struct vc *c)
{
	if (!vc_start(c))
		return;

	vc_map_config(c, 0);
	vc_commit(c, BIT(0));
	if (vc_event(c))
		vc_check(c, 702, vc_comes(c, 0), "no interrupt on a vector of two events");
}

/* Masked and pending vectors: chapters 4 to 6 */

/* Messages that were handed over before the masking write arrive before vc_mark() returns. */
static void vc_check_silence(struct vc *c)
{
	unsigned int i;

	if (!vc_start(c))
		return;

	for (i = 0; i < VC_ROUNDS && !c->ended[0]; i++) {
		vc_commit(c, ~0u);
		if (i && !vc_event(c))
			return;
		vc_commit(c, 0);
		if (i)
			vc_mark(c);
		if (!vc_check_quiet(c, 610, "after the write that masks"))
			vc_end(c, "masked vectors do not fall silent");
	}
}

static void vc_check_pending(struct vc *c)
{
	if (!vc_start(c) || !vc_event(c))
		return;

	if (!vc_check_quiet(c, 407, "of a masked vector"))
		vc_end(c, "masked vectors send");
	vc_commit(c, BIT(0));
	vc_check(c, 606, vc_comes(c, 0), "no interrupt when a pending vector is unmasked");
	vc_check(c, 503, vc_comes(c, 0), "an event on a masked vector is forgotten");
	vc_mark(c);
	vc_commit(c, 0);
	vc_commit(c, BIT(0));
	vc_check_quiet(c, 611, "at the commit after that of the message");
}

static u32 vc_pending_word(struct vc *c, unsigned int w)
{
	return le32_to_cpu(READ_ONCE(c->pending[w]));
}

static bool vc_pending_becomes(struct vc *c, u32 value)
{
	u32 seen;

	return !read_poll_timeout(vc_pending_word, seen, (seen & ~vc_void_bits(c, 0)) == value,
				  USEC_PER_MSEC, VC_PENDING_MS * USEC_PER_MSEC, false, c, 0);
}

static void vc_check_pending_bits(struct vc *c)
{
	unsigned int w = vc_words(c) - 1;
	u32 seen;

	vc_check(c, 505, vc_pending_becomes(c, 0), "word 0 is %#x without an event",
		 vc_pending_word(c, 0));
	vc_check(c, 506, !(vc_pending_word(c, w) & vc_void_bits(c, w)), "word %u is %#x", w,
		 vc_pending_word(c, w));
	if (!vc_event(c))
		return;
	vc_check(c, 505, vc_pending_becomes(c, BIT(0)), "word 0 is %#x after an event on vector 0",
		 vc_pending_word(c, 0));
	seen = vc_pending_word(c, 0);
	vc_check(c, 501, seen & BIT(0), "the bit of vector 0 is not in word 0");
	vc_check(c, 509, seen & BIT(0), "the bit of vector 0 cannot be seen");
	WRITE_ONCE(c->pending[0], cpu_to_le32(~seen));
	vc_check(c, 1304, vc_pending_word(c, 0) == seen, "%#x after a write, %#x before it",
		 vc_pending_word(c, 0), seen);
	vc_commit(c, BIT(0));
	vc_check(c, 505, vc_pending_becomes(c, 0), "word 0 is %#x after the message",
		 vc_pending_word(c, 0));
}

static void vc_check_pending_table(struct vc *c)
{
	static const unsigned int ids[] = { 501, 502, 505, 506, 509, 1304 };
	unsigned int i;

	if (c->pending && vc_start(c))
		vc_check_pending_bits(c);
	for (i = 0; !c->pending && i < ARRAY_SIZE(ids); i++)
		vc_unseen(c, ids[i], "the device has no pending table");
}

/* Latch and commit: chapter 6. Vector 0 gets the message of the other interrupt. */
static void vc_check_latch(struct vc *c)
{
	unsigned int news;

	if (!vc_start(c))
		return;

	vc_commit(c, BIT(0));
	vc_set_entry(c, 0, &c->vector[1].msg);
	if (!vc_event(c))
		return;
	vc_comes(c, 0);
	news = vc_news(c);
	vc_check(c, 604, news == 1, "%#x interrupts, 1 expected: vector 0 as latched", news);
	vc_mark(c);
	vc_commit(c, BIT(0));
	if (!vc_event(c))
		return;
	vc_check(c, 602, vc_comes(c, 1), "a commit has not latched an unmasked vector");
	news = vc_news(c);
	vc_check(c, 601, !(news & 0xff), "%#x interrupts, some by the former latch", news);
	vc_check(c, 609, !(news & 0xff), "%#x interrupts, some by the former latch", news);
}

/* A commit for vector 1 latches vector 0 as well, and a pending vector sends what it latched. */
static void vc_check_latch_word(struct vc *c)
{
	if (!vc_start(c))
		return;

	vc_commit(c, BIT(0));
	vc_set_entry(c, 0, &c->vector[1].msg);
	vc_commit(c, BIT(0) | BIT(1));
	if (!vc_event(c))
		return;
	vc_check(c, 602, vc_comes(c, 1), "a commit has not latched the other vectors of its word");

	vc_commit(c, 0);
	if (!vc_event(c))
		return;
	vc_set_entry(c, 0, &c->vector[0].msg);
	vc_mark(c);
	vc_commit(c, BIT(0));
	vc_check(c, 605, vc_comes(c, 0), "a pending vector was unmasked before it was latched");
}

static void vc_check_latch_order(struct vc *c)
{
	unsigned int i;

	if (!vc_start(c))
		return;

	for (i = 0; i < VC_ROUNDS; i++) {
		vc_set_entry(c, 0, &c->vector[i % 2].msg);
		/* writel() orders the entry before the commit */
		vc_commit(c, BIT(0));
		vc_mark(c);
		if (!vc_event(c))
			return;
		vc_check(c, 1203, vc_comes(c, i % 2), "commit %u missed the new entry", i);
	}
}

/* An event keeps the vector to which it was mapped when it occurred. */
static void vc_check_remap(struct vc *c)
{
	if (!vc_start(c) || !vc_event(c))
		return;

	vc_news(c);
	vc_map_queue(c, 1);
	vc_commit(c, BIT(1));
	vc_check_quiet(c, 708, "by a mapping made after the event");
	vc_commit(c, BIT(0));
	vc_check(c, 707, vc_comes(c, 0), "a mapping has cleared a pending bit");
	vc_mark(c);
	vc_commit(c, BIT(1));
	if (vc_event(c))
		vc_check(c, 709, vc_comes(c, 1), "the queue was not mapped anew");
}

static void vc_check_two_vectors(struct vc *c)
{
	static const unsigned int ids[] = { 601, 602, 604, 605, 609, 707, 708, 1203 };
	unsigned int i;

	if (c->nvec == VC_VECTORS) {
		vc_check_latch(c);
		vc_check_latch_word(c);
		vc_check_latch_order(c);
		vc_check_remap(c);
	} else {
		for (i = 0; i < ARRAY_SIZE(ids); i++)
			vc_unseen(c, ids[i], "the check needs two vectors");
	}
}

/* Messages that no interrupt controller receives */

static void vc_check_message(struct vc *c, unsigned int id, const struct msi_msg *msg)
{
	vc_set_entry(c, 0, msg);
	vc_commit(c, BIT(0));
	vc_mark(c);
	if (!vc_event(c))
		return;
	vc_check_quiet(c, id, "by a message to a wrong address");
	vc_set_entry(c, 0, &c->vector[0].msg);
	vc_commit(c, BIT(0));
	vc_mark(c);
	if (vc_event(c))
		vc_check(c, 1503, vc_comes(c, 0), "no interrupt after a message was dropped");
}

static void vc_check_messages(struct vc *c)
{
	u64 scratch = c->ring_dma + offsetof(struct vc_ring, scratch);
	struct msi_msg unaligned, memory;

	if (!vc_start(c))
		return;

	unaligned = c->vector[0].msg;
	unaligned.address_lo |= 2;
	vc_check_message(c, 314, &unaligned);
	memory = c->vector[0].msg;
	memory.address_lo = lower_32_bits(scratch);
	memory.address_hi = upper_32_bits(scratch);
	vc_check_message(c, 1503, &memory);
}

static void vc_check_entries(struct vc *c)
{
	unsigned int n = c->layout.nr_vectors, v;

	if (!vc_start(c))
		return;

	WRITE_ONCE(c->entries[0].reserved, cpu_to_le32(VC_REGISTER_PATTERN));
	vc_commit(c, BIT(0));
	if (vc_event(c))
		vc_check(c, 304, vc_comes(c, 0), "no interrupt if reserved bits are 1");
	WRITE_ONCE(c->entries[0].reserved, 0);
	vc_commit(c, 0);
	v = vc_changed_entry(c);
	if (!vc_check(c, 305, v == n, "entry %u has changed", v))
		vc_end(c, "the entries change");
}

/* Reset: chapter 10 */

static void vc_check_reset_state(struct vc *c)
{
	vc_check(c, 1001, !vc_enabled(c), "ENABLE is set after a reset");
	vc_write(c, VIRTIO_MMIO_QUEUE_SEL, 0);
	vc_check(c, 1004, vc_read(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR) == VC_NONE &&
		 vc_read(c, VIRTIO_MMIO_VIS_CONFIG_VECTOR) == VC_NONE,
		 "an event is mapped after a reset");
	if (c->pending)
		vc_check(c, 1003, vc_pending_becomes(c, 0), "word 0 is %#x after a reset",
			 vc_pending_word(c, 0));
}

static void vc_check_reset(struct vc *c)
{
	if (!vc_start(c) || !vc_event(c))
		return;

	vc_news(c);
	if (!vc_reset(c))
		return;
	vc_mark(c);
	vc_check_reset_state(c);
	vc_check_quiet(c, 1006, "after a reset");
	if (!vc_start(c))
		return;
	vc_commit(c, ~0u);
	vc_check_quiet(c, 1003, "of events before a reset");

	vc_write(c, VIRTIO_MMIO_STATUS, 0);
	vc_write(c, VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	vc_check(c, 1012, vc_read(c, VIRTIO_MMIO_STATUS) == VIRTIO_CONFIG_S_ACKNOWLEDGE &&
		 !vc_enabled(c), "Status is %#x, ENABLE %u after 0 and ACKNOWLEDGE were written",
		 vc_read(c, VIRTIO_MMIO_STATUS), vc_enabled(c));
}

static bool vc_reset_queue(struct vc *c)
{
	u32 busy;

	vc_write(c, VC_QUEUE_RESET, 1);
	return !read_poll_timeout(vc_read, busy, !busy, USEC_PER_MSEC, USEC_PER_SEC, false, c,
				  VC_QUEUE_RESET);
}

static void vc_check_queue_reset(struct vc *c)
{
	static const unsigned int ids[] = { 1007, 1008, 1011 };
	unsigned int i;

	for (i = 0; !(c->features & VC_F_RING_RESET) && i < ARRAY_SIZE(ids); i++)
		vc_unseen(c, ids[i], "VIRTIO_F_RING_RESET is not offered");
	if (!(c->features & VC_F_RING_RESET) || !vc_start(c) || !vc_event(c))
		return;

	vc_news(c);
	vc_write(c, VIRTIO_MMIO_QUEUE_SEL, VC_NO_QUEUE);
	vc_write(c, VC_QUEUE_RESET, 1);
	vc_write(c, VIRTIO_MMIO_QUEUE_SEL, 0);
	vc_check(c, 1011, vc_read(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR) == 0, "queue 0 was reset");
	if (!vc_reset_queue(c))
		return;
	vc_check(c, 1007, vc_read(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR) == VC_NONE, "vector is %#x",
		 vc_read(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR));
	vc_check(c, 1008, vc_read(c, VIRTIO_MMIO_VIS_CONFIG_VECTOR) == c->nvec - 1,
		 "configuration changes are mapped to %#x",
		 vc_read(c, VIRTIO_MMIO_VIS_CONFIG_VECTOR));
	vc_check(c, 1008, vc_enabled(c), "ENABLE was cleared");
	vc_check_masked(c, 1008, "a vector was unmasked");
	vc_mark(c);
	vc_commit(c, BIT(0));
	vc_check(c, 1008, vc_comes(c, 0), "a pending bit was cleared");
}

/* Bad accesses: chapter 13 */

static void vc_check_bad_accesses(struct vc *c)
{
	if (!vc_begin(c))
		return;

	writew(VIRTIO_VIS_CONTROL_ENABLE, c->regs + VIRTIO_MMIO_VIS_CONTROL);
	vc_check(c, 1301, !vc_enabled(c), "a write of 16 bits set ENABLE");
	writew(VC_NONE, c->regs + VIRTIO_MMIO_VIS_QUEUE_VECTOR);
	vc_check(c, 1301, vc_read(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR) == 0, "16 bits unmapped it");
	writeb(0xff, c->regs + VIRTIO_MMIO_VIS_CONFIG_VECTOR);
	vc_check(c, 1301, vc_read(c, VIRTIO_MMIO_VIS_CONFIG_VECTOR) == c->nvec - 1,
		 "a write of 8 bits mapped configuration changes");
	vc_enable(c);
	vc_driver_ok(c);
	writew(0, c->mask);
	writeb(0, c->mask + 1);
	vc_check_masked(c, 1302, "a narrow write unmasked a vector");
	readw(c->mask);
	readb(c->regs + VIRTIO_MMIO_VIS_CONTROL);
	vc_mark(c);
	vc_commit(c, BIT(0));
	if (vc_event(c))
		vc_check(c, 1305, vc_comes(c, 0), "no interrupt after bad accesses");
}

/* The line: chapter 14 */

static void vc_check_line_disabled(struct vc *c)
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

static void vc_check_line_enabled(struct vc *c)
{
	u32 status;

	if (!vc_start(c) || !vc_event(c))
		return;

	vc_news(c);
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

/* Offers an index that no ring can have. Asking for a reset is a configuration change. */
static void vc_check_needs_reset(struct vc *c)
{
	u32 status;

	if (!vc_start(c))
		return;

	vc_commit(c, ~0u);
	WRITE_ONCE(c->ring->avail.idx, cpu_to_le16(SZ_32K));
	vc_write(c, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	vc_news(c);
	status = vc_read(c, VIRTIO_MMIO_STATUS);
	if (!(status & VIRTIO_CONFIG_S_NEEDS_RESET)) {
		vc_unseen(c, 902, "the device does not ask for a reset when its ring breaks");
		vc_unseen(c, 909, "the device does not ask for a reset when its ring breaks");
		return;
	}
	vc_check(c, 902, vc_comes(c, c->nvec - 1), "no interrupt when the configuration changes");
	vc_check(c, 909, vc_comes(c, c->nvec - 1), "no interrupt when the device needs a reset");
}

static void (*const vc_checks[])(struct vc *c) = {
	vc_check_masks, vc_check_features, vc_check_read_only, vc_check_table, vc_check_enable,
	vc_check_enable_window, vc_check_table_speed, vc_check_mapping, vc_check_queue_sel,
	vc_check_interrupt, vc_check_silence, vc_check_pending, vc_check_entries,
	vc_check_notifications, vc_check_unmapped, vc_check_all_unmasked, vc_check_shared,
	vc_check_pending_table, vc_check_two_vectors, vc_check_messages,
	vc_check_reset, vc_check_queue_reset, vc_check_bad_accesses, vc_check_line_disabled,
	vc_check_line_enabled,
};

static void vc_check_queues(struct vc *c)
{
	unsigned int nr = 0;

	do {
		vc_write(c, VIRTIO_MMIO_QUEUE_SEL, nr);
	} while (vc_read(c, VIRTIO_MMIO_QUEUE_NUM_MAX) && ++nr < VC_NONE);
	vc_check(c, 106, c->layout.nr_vectors <= nr + 1, "%u vectors for %u queues",
		 c->layout.nr_vectors, nr);
}

/**
 * vc_run_checks - Check every statement that a guest can observe
 * @c:		The run
 * @break_ring:	Break the ring as well, which can kill a VMM that does not survive that
 */
void vc_run_checks(struct vc *c, bool break_ring)
{
	unsigned int i;

	if (!vc_reset(c))
		return;

	vc_check_num_vectors(c);
	vc_check_alignment(c);
	vc_check_resources(c);
	vc_check_queues(c);
	vc_check_constant(c);
	if (c->ended[0] || !vc_take(c))
		return;

	for (i = 0; i < ARRAY_SIZE(vc_checks) && !c->ended[0]; i++)
		vc_checks[i](c);
	vc_check_constant(c);
	if (break_ring) {
		vc_check_needs_reset(c);
	} else {
		vc_unseen(c, 902, "only a broken ring changes the configuration");
		vc_unseen(c, 909, "only a broken ring changes the configuration");
	}
	vc_reset(c);
}
