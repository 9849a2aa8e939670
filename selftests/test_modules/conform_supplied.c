// SPDX-License-Identifier: GPL-2.0-only
/*
 * The conformance run: supplied tables, chapter 19 of virtio-vis.rst
 *
 * Entry 0 has the message of vector 0 in the device's own table, and that of vector 1 in the
 * supplied table.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/iopoll.h>

#include "conform.h"

/* No machine has memory there, nor registers */
#define VC_NOWHERE	BIT_ULL(51)
/* The size of the margins around the tables, a multiple of their alignment */
#define VC_MARGIN	64
#define VC_MARGIN_BYTE	0x5a
/* A tick of a device that writes where it must not comes within this time */
#define VC_WRITE_MS	50

static const unsigned int vc_supplied_ids[] = {
	1901, 1902, 1903, 1904, 1905, 1906, 1907, 1908, 1910, 1911, 0,
};

/**
 * struct vc_supply - Memory of the supplied tables, with margins around each of them
 * @base:	Its beginning
 * @dma:	Its address for the device
 * @size:	Its size
 * @entries:	The vector table
 * @pending:	The pending table
 */
struct vc_supply {
	void			*base;
	dma_addr_t		dma;
	size_t			size;
	struct virtio_vis_entry	*entries;
	__le32			*pending;
};

static u64 vc_supply_address(struct vc_supply *s, void *part)
{
	return s->dma + (part - s->base);
}

static int vc_supply_alloc(struct vc *c, struct vc_supply *s)
{
	size_t entries = c->layout.nr_vectors * sizeof(*s->entries);

	s->size = 3 * VC_MARGIN + entries + vc_words(c) * sizeof(u32);
	s->base = dma_alloc_coherent(&c->pdev->dev, s->size, &s->dma, GFP_KERNEL);
	if (!s->base)
		return -ENOMEM;

	s->entries = s->base + VC_MARGIN;
	s->pending = s->base + 2 * VC_MARGIN + entries;
	return 0;
}

/* The device may go on using the tables if a reset does not end that. */
static void vc_supply_free(struct vc *c, struct vc_supply *s)
{
	if (!c->stuck)
		dma_free_coherent(&c->pdev->dev, s->size, s->base, s->dma);
}

static void vc_fill_entry(struct virtio_vis_entry *entry, const struct msi_msg *msg)
{
	entry->addr_lo = cpu_to_le32(msg->address_lo);
	entry->addr_hi = cpu_to_le32(msg->address_hi);
	entry->data = cpu_to_le32(msg->data);
	entry->reserved = 0;
}

static void vc_supply_fill(struct vc *c, struct vc_supply *s)
{
	unsigned int v;

	memset(s->base, VC_MARGIN_BYTE, s->size);
	for (v = 0; v < c->layout.nr_vectors; v++)
		vc_fill_entry(&s->entries[v], &c->vector[1].msg);
	memset(s->pending, 0, vc_words(c) * sizeof(u32));
}

static bool vc_is_filled(const void *from, const void *to)
{
	return !memchr_inv(from, VC_MARGIN_BYTE, to - from);
}

/* Returns whether the device has written nothing but the pending table. */
static bool vc_supply_intact(struct vc *c, struct vc_supply *s)
{
	const void *end = &s->entries[c->layout.nr_vectors];
	struct virtio_vis_entry entry;
	unsigned int v;

	vc_fill_entry(&entry, &c->vector[1].msg);
	for (v = 0; v < c->layout.nr_vectors; v++)
		if (memcmp(&s->entries[v], &entry, sizeof(entry)))
			return false;
	return vc_is_filled(s->base, s->entries) && vc_is_filled(end, s->pending) &&
	       vc_is_filled(&s->pending[vc_words(c)], s->base + s->size);
}

/* Returns whether both addresses are read as written. */
static bool vc_supply_write(struct vc *c, u64 table, u64 pending)
{
	vc_write_address(c, VIRTIO_MMIO_VIS_TABLE_LOW, table);
	vc_write_address(c, VIRTIO_MMIO_VIS_PENDING_LOW, pending);
	return vc_read_address(c, VIRTIO_MMIO_VIS_TABLE_LOW) == table &&
	       vc_read_address(c, VIRTIO_MMIO_VIS_PENDING_LOW) == pending;
}

static bool vc_supply_start(struct vc *c, struct vc_supply *s, u64 table, u64 pending)
{
	if (!vc_begin(c))
		return false;

	vc_supply_fill(c, s);
	vc_supply_write(c, table, pending);
	vc_enable(c);
	vc_driver_ok(c);
	vc_mark(c);
	return true;
}

static bool vc_supply_start_both(struct vc *c, struct vc_supply *s)
{
	return vc_supply_start(c, s, vc_supply_address(s, s->entries),
			       vc_supply_address(s, s->pending));
}

/* The registers and the interrupt tell together which statement is broken. */
static bool vc_judge_supplied(struct vc *c, bool taken, bool used)
{
	if (!taken && !used) {
		vc_check(c, 111, false, "DRIVER_TABLES is 1, but no table can be supplied");
		vc_check(c, 1901, false, "no address is taken over");
		return false;
	}
	vc_check(c, 111, true, "never");
	vc_check(c, 1901, true, "never");
	vc_check(c, 1902, taken, "the address registers do not read as they were written");
	vc_check(c, 1904, used, "no interrupt by an entry of the supplied table");
	return used;
}

/* If the device does not give the tables up, it uses them in all later checks and after the run. */
static bool vc_check_taken_back(struct vc *c)
{
	u64 table, pending;

	if (!vc_reset(c))
		return false;

	table = vc_read_address(c, VIRTIO_MMIO_VIS_TABLE_LOW);
	pending = vc_read_address(c, VIRTIO_MMIO_VIS_PENDING_LOW);
	if (vc_check(c, 1903, table == c->layout.table && pending == c->layout.pending,
		     "after a reset, the tables are at %#llx and %#llx", table, pending))
		return true;

	c->stuck = true;
	vc_end(c, "a reset does not put the tables back");
	return false;
}

static bool vc_check_supplied_used(struct vc *c, struct vc_supply *s)
{
	u64 pending = vc_supply_address(s, s->pending);
	u64 table = vc_supply_address(s, s->entries);
	bool taken, used;

	if (!vc_begin(c))
		return false;

	vc_supply_fill(c, s);
	taken = vc_supply_write(c, table, pending);
	vc_enable(c);
	vc_driver_ok(c);
	vc_commit(c, BIT(0));
	vc_news(c);
	vc_mark(c);
	if (!vc_event(c))
		return false;
	used = vc_comes(c, 1);
	return vc_check_taken_back(c) && vc_judge_supplied(c, taken, used);
}

static u32 vc_supplied_word(struct vc_supply *s)
{
	return le32_to_cpu(READ_ONCE(s->pending[0]));
}

static bool vc_supplied_becomes(struct vc_supply *s, u32 value)
{
	u32 seen;

	return !read_poll_timeout(vc_supplied_word, seen, seen == value, USEC_PER_MSEC,
				  VC_PENDING_US, false, s);
}

static void vc_check_own_pending(struct vc *c)
{
	if (!c->pending) {
		vc_unseen(c, 1907, "the device has no pending table of its own");
		return;
	}
	msleep(VC_LATE_MS);
	vc_check(c, 1907, !(vc_pending_word(c, 0) & BIT(0)), "its own table has word 0 %#x",
		 vc_pending_word(c, 0));
}

static void vc_check_supplied_pending(struct vc *c, struct vc_supply *s)
{
	if (!vc_supply_start_both(c, s) || !vc_event(c))
		return;

	vc_check(c, 1906, vc_supplied_becomes(s, BIT(0)), "word 0 is %#x after an event",
		 vc_supplied_word(s));
	vc_check_own_pending(c);
	vc_commit(c, BIT(0));
	vc_check(c, 1906, vc_supplied_becomes(s, 0), "word 0 is %#x after the message",
		 vc_supplied_word(s));
	msleep(VC_WRITE_MS);
	vc_check(c, 1910, vc_supply_intact(c, s), "other memory than the pending words changed");
}

static void vc_check_unreadable(struct vc *c, struct vc_supply *s)
{
	if (!vc_supply_start(c, s, VC_NOWHERE, vc_supply_address(s, s->pending)))
		return;

	vc_commit(c, BIT(0));
	vc_check_mask(c, 1905, ~0u, "no entry can be read");
}

static void vc_check_unwritable(struct vc *c, struct vc_supply *s)
{
	if (!vc_supply_start(c, s, vc_supply_address(s, s->entries), VC_NOWHERE) || !vc_event(c))
		return;

	msleep(VC_LATE_MS);
	vc_commit(c, BIT(0));
	vc_check(c, 1908, vc_comes(c, 1), "a pending bit was lost that cannot be shown");
}

static void vc_check_untouched(struct vc *c, struct vc_supply *s)
{
	if (!vc_supply_start_both(c, s) || !vc_event(c) || !vc_supplied_becomes(s, BIT(0)))
		return;
	if (!vc_start(c))
		return;

	memset(s->base, VC_MARGIN_BYTE, s->size);
	if (!vc_event(c))
		return;
	vc_await_event(c);
	vc_commit(c, BIT(0));
	vc_comes(c, 0);
	msleep(VC_WRITE_MS);
	if (vc_check(c, 1911, vc_is_filled(s->base, s->base + s->size),
		     "a table changed that was supplied before the reset"))
		return;
	c->stuck = true;
	vc_end(c, "the device writes to memory that it must leave alone");
}

static void vc_check_with_tables(struct vc *c, struct vc_supply *s)
{
	if (!vc_check_supplied_used(c, s)) {
		vc_unseen_all(c, vc_supplied_ids, "supplied tables are not used");
		return;
	}
	vc_check_supplied_pending(c, s);
	vc_check_unreadable(c, s);
	vc_check_unwritable(c, s);
	vc_check_untouched(c, s);
	/* The last check of a table leaves none supplied. */
	vc_reset(c);
}

/**
 * vc_check_supplied - Check the statements on supplied tables
 * @c:		The run
 */
void vc_check_supplied(struct vc *c)
{
	struct vc_supply s;

	if (!c->driver_tables) {
		vc_unseen_all(c, vc_supplied_ids, "the device reports 0 in DRIVER_TABLES");
	} else if (c->nvec < VC_VECTORS) {
		vc_unseen(c, 111, "the check needs two vectors");
		vc_unseen_all(c, vc_supplied_ids, "the check needs two vectors");
	} else if (vc_supply_alloc(c, &s)) {
		vc_end(c, "no memory for the supplied tables");
	} else {
		vc_check_with_tables(c, &s);
		vc_supply_free(c, &s);
	}
}
