// SPDX-License-Identifier: GPL-2.0-only
/*
 * The conformance run: interrupts, chapters 4 to 7, 9 and 12 of virtio-vis.rst
 */
#include <linux/delay.h>

#include "conform.h"

#define VC_ROUNDS		16
#define VC_FIRST_EVENTS		4

/* The first interrupts: chapter 9 */

/* Returns whether interrupts come only for a reason. A commit is one on some devices. */
static bool vc_check_unasked(struct vc *c)
{
	if (!vc_check_quiet(c, 407, "of masked vectors")) {
		vc_end(c, "masked vectors send");
		return false;
	}
	vc_commit(c, BIT(0));
	c->commits_send = vc_news(c);
	vc_mark(c);
	if (!vc_check_quiet(c, 905, "without an event")) {
		vc_end(c, "interrupts come without an event");
		return false;
	}
	vc_check(c, 611, !c->commits_send, "an interrupt at a commit without an event");
	return true;
}

/* Everything after this check relies on interrupts. */
void vc_check_interrupt(struct vc *c)
{
	if (!vc_start(c) || !vc_check_unasked(c))
		return;

	vc_mark(c);
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

void vc_check_notifications(struct vc *c)
{
	unsigned int i, news;

	if (!vc_start(c))
		return;

	vc_commit(c, BIT(0));
	vc_news(c);
	for (i = 0; i < VC_ROUNDS; i++) {
		vc_mark(c);
		if (!vc_event(c) ||
		    !vc_check(c, 901, vc_comes(c, 0), "no interrupt after event %u", i))
			return;
		news = vc_news(c);
		vc_check(c, 910, news <= 1, "%#x interrupts for an event", news);
	}
}

/* After a reset, and if a commit sends nothing, only the first event can explain an interrupt. */
static bool vc_first_event(struct vc *c)
{
	if (!vc_start(c))
		return false;

	vc_commit(c, BIT(0));
	if (vc_news(c)) {
		vc_unseen(c, 1201, "interrupts come without an event");
		return false;
	}
	c->used_late = false;
	return vc_event(c) && vc_comes(c, 0);
}

void vc_check_used_first(struct vc *c)
{
	unsigned int i;

	for (i = 0; i < VC_FIRST_EVENTS && vc_first_event(c); i++)
		vc_check(c, 1201, !c->used_late, "an interrupt came before its used buffer");
}

static bool vc_check_unmapped_silent(struct vc *c)
{
	vc_commit(c, ~0u);
	vc_news(c);
	if (!vc_check(c, 709, vc_map_queue(c, VC_NONE) == VC_NONE, "no unmapping after DRIVER_OK"))
		return true;

	vc_mark(c);
	if (!vc_event(c))
		return false;
	vc_check_quiet(c, 904, "for an unmapped event");
	return true;
}

void vc_check_unmapped(struct vc *c)
{
	if (!vc_start(c) || !vc_check_unmapped_silent(c))
		return;

	vc_commit(c, BIT(0));
	vc_check(c, 709, vc_map_queue(c, 0) == 0, "no mapping after DRIVER_OK");
	vc_news(c);
	vc_mark(c);
	if (vc_event(c))
		vc_check(c, 709, vc_comes(c, 0), "no mapping after DRIVER_OK");
}

void vc_check_all_unmasked(struct vc *c)
{
	unsigned int w;

	if (!vc_start(c))
		return;

	for (w = 0; w < vc_words(c); w++)
		writel(0, c->mask + w * sizeof(u32));
	vc_news(c);
	vc_mark(c);
	if (vc_event(c))
		vc_check(c, 612, vc_comes(c, 0), "no interrupt while all vectors are unmasked");
}

void vc_check_shared(struct vc *c)
{
	if (!vc_start(c))
		return;

	vc_map_config(c, 0);
	vc_commit(c, BIT(0));
	vc_news(c);
	vc_mark(c);
	if (vc_event(c))
		vc_check(c, 702, vc_comes(c, 0), "no interrupt on a vector of two events");
}

/* Masked and pending vectors: chapters 4 to 6 */

/* A message that was handed over before the write that masks has come when vc_mark() returns. */
static bool vc_check_masking(struct vc *c, bool event)
{
	vc_commit(c, BIT(0));
	if (event && !vc_event(c))
		return false;
	if (!event) {
		vc_news(c);
		vc_mark(c);
	}
	vc_commit(c, 0);
	if (event)
		vc_mark(c);
	if (vc_check_quiet(c, 610, "after the write that masks"))
		return true;

	vc_end(c, "masked vectors do not fall silent");
	return false;
}

void vc_check_silence(struct vc *c)
{
	unsigned int i;

	for (i = 0; i < VC_ROUNDS; i++)
		if ((!i && !vc_start(c)) || !vc_check_masking(c, i))
			return;
}

/* The pending table tells a bit that is forgotten from one that is not sent. */
static bool vc_check_pending_sent(struct vc *c)
{
	bool shown = c->pending && (vc_pending_word(c, 0) & BIT(0));
	bool comes;

	vc_commit(c, BIT(0));
	comes = vc_comes(c, 0);
	if (comes || shown || !c->pending)
		vc_check(c, 606, comes, "no interrupt when a pending vector is unmasked");
	if (comes || !shown)
		vc_check(c, 503, comes, "an event on a masked vector is forgotten");
	if (!comes)
		vc_end(c, "no pending vector is sent");
	return comes;
}

void vc_check_pending(struct vc *c)
{
	if (!vc_start(c) || !vc_event(c))
		return;

	vc_await_event(c);
	if (!vc_check_quiet(c, 407, "of a masked vector")) {
		vc_end(c, "masked vectors send");
		return;
	}
	if (!vc_check_pending_sent(c))
		return;
	vc_news(c);
	vc_mark(c);
	vc_commit(c, 0);
	vc_commit(c, BIT(0));
	vc_check_quiet(c, 611, "at the commit after that of the message");
}

/* A bit at a wrong place was 0 before. */
static void vc_check_pending_set(struct vc *c, bool clear)
{
	u32 seen;

	vc_pending_changes(c, 0);
	seen = vc_pending_word(c, 0) & ~vc_void_bits(c, 0);
	vc_check(c, 505, seen, "word 0 is 0 after an event");
	vc_check(c, 509, seen, "no bit can be seen after an event");
	if (seen && clear)
		vc_check(c, 501, seen == BIT(0), "word 0 is %#x after an event on vector 0", seen);
	seen = vc_pending_word(c, 0);
	WRITE_ONCE(c->pending[0], cpu_to_le32(~seen));
	vc_check(c, 1304, vc_pending_word(c, 0) == seen, "%#x after a write, %#x before it",
		 vc_pending_word(c, 0), seen);
}

static void vc_check_pending_bits(struct vc *c)
{
	unsigned int w = vc_words(c) - 1;
	bool clear;

	clear = vc_check(c, 505, vc_pending_becomes(c, 0), "word 0 is %#x without an event",
			 vc_pending_word(c, 0));
	vc_check(c, 506, !(vc_pending_word(c, w) & vc_void_bits(c, w)), "word %u is %#x", w,
		 vc_pending_word(c, w));
	if (!vc_event(c))
		return;
	vc_check_pending_set(c, clear);
	vc_commit(c, BIT(0));
	vc_check(c, 505, vc_pending_becomes(c, 0), "word 0 is %#x after the message",
		 vc_pending_word(c, 0));
}

void vc_check_pending_table(struct vc *c)
{
	static const unsigned int ids[] = { 501, 502, 505, 506, 509, 510, 1304, 0 };

	if (!c->pending)
		vc_unseen_all(c, ids, "the device has no pending table");
	else if (vc_start(c))
		vc_check_pending_bits(c);
}

/* Latch and commit: chapter 6. Vector 0 gets the message of the other interrupt. */

static bool vc_check_latched(struct vc *c, const char *which)
{
	vc_news(c);
	vc_mark(c);
	return vc_event(c) &&
	       vc_check(c, 602, vc_comes(c, 1), "a commit has not latched %s", which);
}

/* Returns whether a commit latches a vector that is unmasked already. */
static bool vc_check_latch(struct vc *c)
{
	unsigned int news;

	if (!vc_start(c))
		return false;

	vc_commit(c, BIT(0));
	vc_set_entry(c, 0, &c->vector[1].msg);
	vc_news(c);
	vc_mark(c);
	if (!vc_event(c))
		return false;
	vc_check(c, 604, vc_comes(c, 0) && !(vc_news(c) >> 8),
		 "no interrupt, or one by an entry that was not committed");
	vc_commit(c, BIT(0));
	if (!vc_check_latched(c, "an unmasked vector"))
		return false;
	news = vc_news(c);
	vc_check(c, 601, !(news & 0xff), "%#x interrupts, some by the former latch", news);
	vc_check(c, 609, !(news & 0xff), "%#x interrupts, some by the former latch", news);
	return true;
}

/* A commit for vector 1 also latches vector 0, and a pending vector sends its latched message. */
static void vc_check_latch_word(struct vc *c)
{
	if (!vc_start(c))
		return;

	vc_commit(c, BIT(0));
	vc_set_entry(c, 0, &c->vector[1].msg);
	vc_commit(c, BIT(0) | BIT(1));
	if (!vc_check_latched(c, "the other vectors of its word"))
		return;

	vc_commit(c, 0);
	if (!vc_event(c))
		return;
	vc_await_event(c);
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
		vc_news(c);
		vc_mark(c);
		if (!vc_event(c) ||
		    !vc_check(c, 1203, vc_comes(c, i % 2), "commit %u missed the new entry", i))
			return;
	}
}

/* An event keeps the vector to which it was mapped when it occurred. */
static void vc_check_remap(struct vc *c)
{
	if (!vc_start(c))
		return;

	vc_map_config(c, VC_NONE);
	if (!vc_event(c))
		return;
	vc_await_event(c);
	vc_map_queue(c, 1);
	vc_commit(c, BIT(1));
	if (c->commits_send)
		vc_unseen(c, 708, "commits send without an event");
	else
		vc_check_quiet(c, 708, "by a mapping made after the event");
	vc_commit(c, BIT(0));
	vc_check(c, 707, vc_comes(c, 0), "a mapping has cleared a pending bit");
	vc_commit(c, BIT(1));
	vc_news(c);
	vc_mark(c);
	if (vc_event(c))
		vc_check(c, 709, vc_comes(c, 1), "the queue was not mapped anew");
}

void vc_check_two_vectors(struct vc *c)
{
	static const unsigned int ids[] = { 601, 602, 604, 605, 609, 707, 708, 1203, 0 };

	if (c->nvec < VC_VECTORS) {
		vc_unseen_all(c, ids, "the check needs two vectors");
		return;
	}
	if (vc_check_latch(c)) {
		vc_check_latch_word(c);
		vc_check_latch_order(c);
	}
	vc_check_remap(c);
}

/* Messages that no interrupt controller receives */

static void vc_check_message(struct vc *c, unsigned int id, const struct msi_msg *msg)
{
	vc_commit(c, 0);
	vc_set_entry(c, 0, msg);
	vc_commit(c, BIT(0));
	vc_news(c);
	vc_mark(c);
	if (!vc_event(c))
		return;
	vc_check_quiet(c, id, "by a message to a wrong address");
	vc_commit(c, 0);
	vc_set_entry(c, 0, &c->vector[0].msg);
	vc_commit(c, BIT(0));
	vc_news(c);
	vc_mark(c);
	if (vc_event(c))
		vc_check(c, 1503, vc_comes(c, 0), "no interrupt after a message was dropped");
}

void vc_check_messages(struct vc *c)
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

void vc_check_entries(struct vc *c)
{
	unsigned int n = c->layout.nr_vectors, v;

	if (!vc_start(c))
		return;

	WRITE_ONCE(c->entries[0].reserved, cpu_to_le32(~0u));
	vc_commit(c, BIT(0));
	vc_news(c);
	vc_mark(c);
	if (vc_event(c))
		vc_check(c, 304, vc_comes(c, 0), "no interrupt if reserved bits are 1");
	WRITE_ONCE(c->entries[0].reserved, 0);
	vc_commit(c, 0);
	v = vc_changed_entry(c);
	if (!vc_check(c, 305, v == n, "entry %u has changed", v))
		vc_end(c, "the entries change");
}
