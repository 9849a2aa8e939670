// SPDX-License-Identifier: GPL-2.0-only
/*
 * The conformance run: reads and writes of a guest, chapters 1 to 4, 7 and 8 of virtio-vis.rst
 *
 * No check here needs an interrupt.
 */
#include <linux/bitfield.h>
#include <linux/delay.h>

#include "conform.h"

#define VC_REGISTER_PATTERN	0xa5a5a5a5
/* One of these rounds is not interrupted, even on a busy machine */
#define VC_TIMED_ROUNDS		10
#define VC_TIMED_READS		100
/* An access that does not trap is at least this many times faster than one that does */
#define VC_TRAP_RATIO		4
#define VC_VECTORS_TRIED	64

/* The registers that a driver only reads, if it supplies no tables */
static const unsigned int vc_constant[] = {
	VIRTIO_MMIO_VIS_NUM_VECTORS,
	VIRTIO_MMIO_VIS_TABLE_LOW, VIRTIO_MMIO_VIS_TABLE_HIGH,
	VIRTIO_MMIO_VIS_MASK_LOW, VIRTIO_MMIO_VIS_MASK_HIGH,
	VIRTIO_MMIO_VIS_PENDING_LOW, VIRTIO_MMIO_VIS_PENDING_HIGH,
};

static bool vc_is_vector(struct vc *c, u32 value)
{
	return value < c->layout.nr_vectors;
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
	c->driver_tables = num & VIRTIO_VIS_NUM_VECTORS_DRIVER_TABLES;
	if (!vc_check(c, 104, n, "VISNumVectors reads %#x: no vectors", num))
		vc_end(c, "there are no vectors");
	else
		vc_check(c, 105, n >= 2, "there is 1 vector");
}

/**
 * struct vc_place - A table or the register block, where the device places it
 * @name:	Its name in the report
 * @start:	Guest-physical address
 * @size:	Size in bytes
 * @id:		The statement about the other contents of its blocks, or 0
 */
struct vc_place {
	const char	*name;
	u64		start;
	u64		size;
	unsigned int	id;
};

static void vc_check_apart(struct vc *c, const struct vc_place *a, const struct vc_place *b)
{
	u64 a_first = a->start / VIRTIO_VIS_BLOCK_SIZE, b_first = b->start / VIRTIO_VIS_BLOCK_SIZE;
	u64 a_last = (a->start + a->size - 1) / VIRTIO_VIS_BLOCK_SIZE;
	u64 b_last = (b->start + b->size - 1) / VIRTIO_VIS_BLOCK_SIZE;
	bool apart = a_last < b_first || b_last < a_first;

	vc_check(c, a->id, apart, "its %s at %#llx shares a block with its %s at %#llx", a->name,
		 a->start, b->name, b->start);
	if (b->id)
		vc_check(c, b->id, apart, "its %s at %#llx shares a block with its %s at %#llx",
			 b->name, b->start, a->name, a->start);
	if (!apart)
		vc_end(c, "a block holds two kinds of table");
}

/* Registers and the mask table may share a block, so the first two are not compared. */
static void vc_check_blocks(struct vc *c)
{
	const struct virtio_vis_layout *layout = &c->layout;
	u64 bytes = vc_words(c) * sizeof(u32);
	const struct vc_place places[] = {
		{ "register block", layout->regs, layout->regs_size },
		{ "mask table", layout->mask, bytes, 403 },
		{ "vector table", layout->table,
		  (u64)layout->nr_vectors * sizeof(struct virtio_vis_entry), 311 },
		{ "pending table", layout->pending, bytes, 510 },
	};
	unsigned int i, j, nr = ARRAY_SIZE(places) - !layout->pending;

	for (i = 2; i < nr; i++)
		for (j = 0; j < i; j++)
			vc_check_apart(c, &places[i], &places[j]);
}

static void vc_check_alignment(struct vc *c)
{
	const struct virtio_vis_layout *layout = &c->layout;

	if (!vc_check(c, 101, layout->table && layout->mask, "a table is at 0"))
		vc_end(c, "a table is missing");
	vc_check(c, 303, layout->table % sizeof(struct virtio_vis_entry) == 0,
		 "the vector table is at %#llx", layout->table);
	vc_check(c, 402, layout->mask % sizeof(u32) == 0, "the mask table is at %#llx",
		 layout->mask);
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
 * vc_check_constant - Check that the discovery registers read as they did at first
 * @c:		The run
 */
void vc_check_constant(struct vc *c)
{
	struct vc now = { .regs = c->regs, .pdev = c->pdev };

	vc_discover(&now);
	vc_check(c, 109, !memcmp(&now.layout, &c->layout, sizeof(c->layout)),
		 "N is %u, tables at %#llx %#llx %#llx", now.layout.nr_vectors, now.layout.table,
		 now.layout.mask, now.layout.pending);
}

/**
 * vc_check_discovery - Check the registers that a driver reads before it uses the device
 * @c:		The run
 */
void vc_check_discovery(struct vc *c)
{
	vc_check_num_vectors(c);
	if (!c->ended[0])
		vc_check_alignment(c);
	if (!c->ended[0])
		vc_check_blocks(c);
	if (c->ended[0])
		return;

	vc_check_resources(c);
	vc_check_queues(c);
	vc_check_constant(c);
}

static void vc_check_read_only(struct vc *c, unsigned int reg)
{
	u32 before = vc_read(c, reg);

	vc_write(c, reg, before ^ VC_REGISTER_PATTERN);
	vc_check(c, 205, vc_read(c, reg) == before, "register %#x has changed", reg);
}

static void vc_check_all_read_only(struct vc *c)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vc_constant); i++)
		vc_check_read_only(c, vc_constant[i]);
}

static void vc_check_unmapped_early(struct vc *c, u32 before, u32 after)
{
	vc_check(c, 202, after == before || !vc_is_vector(c, after),
		 "an event was mapped without the feature");
}

/* Before FEATURES_OK, the registers can be read, and writes have no effect */
static void vc_check_not_negotiated(struct vc *c)
{
	u32 config = vc_read(c, VIRTIO_MMIO_VIS_CONFIG_VECTOR);
	bool enabled = vc_enabled(c);
	u32 mask = readl(c->mask);
	u32 queue;

	vc_check(c, 201, vc_read(c, VIRTIO_MMIO_VIS_CONTROL) != ~0u && config != ~0u,
		 "a register reads all ones");
	vc_enable(c);
	vc_check(c, 202, enabled || !vc_enabled(c), "ENABLE was set without the feature");
	vc_check(c, 801, enabled || !vc_enabled(c), "ENABLE was set without the feature");
	vc_check_unmapped_early(c, config, vc_map_config(c, 0));
	vc_write(c, VIRTIO_MMIO_QUEUE_SEL, 0);
	queue = vc_read(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR);
	vc_check_unmapped_early(c, queue, vc_map_queue(c, 0));
	writel(0, c->mask);
	vc_check_mask(c, 202, mask, "it was written without the feature");
	vc_check_all_read_only(c);
}

void vc_check_features(struct vc *c)
{
	if (vc_reset(c))
		vc_check_not_negotiated(c);
	if (vc_negotiate(c, c->features & VC_F_VERSION_1))
		vc_check_not_negotiated(c);
	vc_check(c, 103, !vc_negotiate(c, VC_F_VIS), "FEATURES_OK is kept without VERSION_1");
}

static void vc_check_reserved(struct vc *c)
{
	u32 value = vc_read(c, VC_RESERVED);

	vc_check(c, 206, !value, "the reserved register reads %#x", value);
	vc_check_read_only(c, VC_RESERVED);
}

/* A device without DRIVER_TABLES that takes an address works with supplied tables all the same */
static void vc_check_not_supplied(struct vc *c)
{
	u32 before = vc_read(c, VIRTIO_MMIO_VIS_TABLE_LOW);

	vc_check_all_read_only(c);
	vc_check(c, 111, vc_read(c, VIRTIO_MMIO_VIS_TABLE_LOW) == before,
		 "an address was taken over, but DRIVER_TABLES is 0");
}

void vc_check_registers(struct vc *c)
{
	if (!vc_begin(c))
		return;

	vc_check_reserved(c);
	if (c->driver_tables)
		vc_check_read_only(c, VIRTIO_MMIO_VIS_MASK_LOW);
	else
		vc_check_not_supplied(c);
	if (!vc_begin(c))
		return;

	/* While ENABLE is 1, the addresses are read-only to all. */
	vc_enable(c);
	vc_check_all_read_only(c);
}

/* The vector table: chapter 3 */

static bool vc_entry_holds(struct vc *c, unsigned int vector, const struct msi_msg *msg)
{
	struct virtio_vis_entry *entry = &c->entries[vector];

	return le32_to_cpu(READ_ONCE(entry->addr_lo)) == msg->address_lo &&
	       le32_to_cpu(READ_ONCE(entry->addr_hi)) == msg->address_hi &&
	       le32_to_cpu(READ_ONCE(entry->data)) == msg->data;
}

/**
 * vc_changed_entry - Find an entry that differs from the one that vc_set_entries() wrote
 * @c:		The run
 *
 * Return:	The first one, or else the number of vectors.
 */
unsigned int vc_changed_entry(struct vc *c)
{
	unsigned int v;

	for (v = 0; v < c->layout.nr_vectors; v++)
		if (!vc_entry_holds(c, v, &c->vector[v % c->nvec].msg))
			break;
	return v;
}

static struct msi_msg vc_pattern(unsigned int v)
{
	return (struct msi_msg) { .address_lo = v * 4, .address_hi = ~v, .data = v };
}

static bool vc_write_patterns(struct vc *c, unsigned int id)
{
	unsigned int v;

	for (v = 0; v < c->layout.nr_vectors; v++) {
		struct msi_msg msg = vc_pattern(v);

		vc_set_entry(c, v, &msg);
		if (!vc_check(c, id, vc_entry_holds(c, v, &msg),
			      "entry %u does not hold the value written", v)) {
			vc_end(c, "the vector table cannot be written");
			return false;
		}
	}
	return true;
}

/* Each entry holds the value written, and in the end all do. They also do while ENABLE is 1. */
void vc_check_table(struct vc *c)
{
	unsigned int n = c->layout.nr_vectors, v;

	if (!vc_begin(c) || !vc_write_patterns(c, 310))
		return;

	for (v = 0; v < n; v++) {
		struct msi_msg msg = vc_pattern(v);

		if (!vc_check(c, 301, vc_entry_holds(c, v, &msg), "entry %u of %u overlaps another",
			      v, n)) {
			vc_end(c, "the vector table has no room for the entries");
			return;
		}
	}
	if (vc_start(c))
		vc_write_patterns(c, 309);
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

static u64 vc_best_time(struct vc *c, bool entry)
{
	u64 best = U64_MAX;
	unsigned int i;

	for (i = 0; i < VC_TIMED_ROUNDS; i++)
		best = min(best, vc_time_of_reads(c, entry));
	return best;
}

void vc_check_table_speed(struct vc *c)
{
	u64 entries = vc_best_time(c, true);
	u64 registers = vc_best_time(c, false);

	vc_check(c, 307, entries * VC_TRAP_RATIO < registers,
		 "100 reads take %llu ns of an entry, %llu ns of a register", entries, registers);
}

/* ENABLE and the masks before it: chapters 4 and 8 */

static void vc_check_reserved_bits(struct vc *c)
{
	u32 control = vc_read(c, VIRTIO_MMIO_VIS_CONTROL);

	vc_check(c, 203, !(control & ~VIRTIO_VIS_CONTROL_ENABLE), "VISControl reads %#x", control);
}

static void vc_check_disabled(struct vc *c)
{
	u32 mask = readl(c->mask);

	vc_mark(c);
	vc_check_mask(c, 409, ~0u, "ENABLE is 0");
	writel(0, c->mask);
	vc_check_mask(c, 410, mask, "it was written before ENABLE was set");
	vc_check(c, 803, !vc_enabled(c), "ENABLE reads 1 before it was set");
	vc_write(c, VIRTIO_MMIO_VIS_CONTROL, ~VIRTIO_VIS_CONTROL_ENABLE);
	vc_check_reserved_bits(c);
	vc_check(c, 204, !vc_enabled(c), "ENABLE was set by a reserved bit");
	vc_check_quiet(c, 1006, "before ENABLE was set");
}

/* If a mask word can be written, ENABLE is set, even if it reads 0. */
static bool vc_check_enabled(struct vc *c)
{
	bool enabled = vc_enabled(c);

	if (!enabled)
		vc_commit(c, ~0u);
	if (enabled || c->mask_lies || (readl(c->mask) & ~vc_void_bits(c, 0)))
		vc_check(c, 809, enabled, "ENABLE reads 0 after it was set");
	else
		vc_check(c, 803, enabled, "ENABLE reads 0 while the mask table works");
	if (!enabled)
		vc_end(c, "ENABLE cannot be set");
	return enabled;
}

void vc_check_enable(struct vc *c)
{
	if (!vc_begin(c))
		return;

	vc_check_disabled(c);
	if (!vc_begin(c))
		return;

	vc_write(c, VIRTIO_MMIO_VIS_CONTROL, ~0u);
	if (!vc_check_enabled(c))
		return;
	vc_check_reserved_bits(c);
	vc_check_mask(c, 409, ~0u, "ENABLE was set");
	vc_write(c, VIRTIO_MMIO_VIS_CONTROL, 0);
	vc_check(c, 802, vc_enabled(c), "ENABLE was cleared");
}

void vc_check_enable_window(struct vc *c)
{
	if (!vc_begin(c))
		return;

	vc_driver_ok(c);
	vc_enable(c);
	vc_check(c, 801, !vc_enabled(c), "ENABLE was set after DRIVER_OK");
}

static u32 vc_write_mask(struct vc *c, unsigned int w, u32 value)
{
	void __iomem *word = c->mask + w * sizeof(u32);

	writel(value, word);
	return readl(word);
}

/* Leaves the word as @value. */
static void vc_check_mask_word(struct vc *c, unsigned int w, u32 value)
{
	u32 ones = vc_void_bits(c, w);
	u32 other = vc_write_mask(c, w, ~value);
	u32 seen = vc_write_mask(c, w, value);

	if (!vc_check(c, 404, !((seen ^ value) & ~ones), "word %u reads %#x, written %#x", w, seen,
		      value))
		c->mask_lies = true;
	vc_check(c, 405, (seen & ones) == ones, "word %u reads %#x, vectors have %#x", w, seen,
		 ~ones);
	vc_check(c, 406, !((seen ^ other) & ones), "word %u reads %#x, written %#x", w, seen,
		 value);
}

/* Each word holds its own value. Later checks trust the values that the table reads. */
void vc_check_masks(struct vc *c)
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
		value = VC_REGISTER_PATTERN ^ w;
		seen = readl(c->mask + w * sizeof(u32));
		vc_check(c, 401, !((seen ^ value) & ~vc_void_bits(c, w)),
			 "word %u reads %#x, once %#x", w, seen, value);
	}
}

/* Mapping: chapter 7 */

static void vc_check_config_maps(struct vc *c, u32 vector)
{
	u32 seen = vc_map_config(c, vector);

	vc_check(c, 705, seen != VC_NONE, "vector %u is refused", vector);
	vc_check(c, 704, seen == vector || seen == VC_NONE, "vector %u reads %#x", vector, seen);
}

static void vc_check_unmap(struct vc *c, u32 value)
{
	u32 seen;

	vc_map_queue(c, 0);
	seen = vc_map_queue(c, value);
	vc_check(c, 703, !vc_is_vector(c, seen), "%#x was written, %#x is read", value, seen);
	vc_check(c, 704, vc_is_vector(c, seen) || seen == VC_NONE, "no vector reads %#x", seen);
	vc_map_config(c, 0);
	seen = vc_map_config(c, value);
	vc_check(c, 703, !vc_is_vector(c, seen), "%#x was written, %#x is read", value, seen);
}

void vc_check_mapping(struct vc *c)
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

/* If this number does name a queue, the effect of a number without a queue cannot be observed */
static bool vc_select_no_queue(struct vc *c)
{
	vc_write(c, VIRTIO_MMIO_QUEUE_SEL, VC_NO_QUEUE);
	c->no_queue = vc_check(c, 712, !vc_read(c, VIRTIO_MMIO_QUEUE_NUM_MAX),
			       "queue %#lx has %u entries", VC_NO_QUEUE,
			       vc_read(c, VIRTIO_MMIO_QUEUE_NUM_MAX));
	return c->no_queue;
}

static void vc_check_no_queue(struct vc *c)
{
	if (!vc_select_no_queue(c)) {
		vc_unseen(c, 710, "any number names a queue");
		vc_unseen(c, 711, "any number names a queue");
		return;
	}
	vc_check(c, 711, vc_read(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR) == VC_NONE,
		 "the vector of no queue reads %#x", vc_read(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR));
	vc_write(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR, VC_NONE);
	vc_write(c, VIRTIO_MMIO_QUEUE_SEL, 0);
	vc_check(c, 710, vc_read(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR) == 0, "queue 0 was unmapped");
}

void vc_check_queue_sel(struct vc *c)
{
	if (!vc_begin(c))
		return;

	vc_check_no_queue(c);
	if (!vc_begin(c))
		return;

	vc_write(c, VIRTIO_MMIO_QUEUE_READY, 0);
	vc_check(c, 713, vc_read(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR) == 0, "vector 0 became %#x",
		 vc_read(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR));
	vc_write(c, VIRTIO_MMIO_QUEUE_READY, 1);
	vc_check(c, 713, vc_read(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR) == 0, "vector 0 became %#x",
		 vc_read(c, VIRTIO_MMIO_VIS_QUEUE_VECTOR));
}
