/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The protocol of Virtio Interrupt Storage, draft 2, for spin. README.rst says how to read it.
 *
 * The statements of Documentation/virtio-vis.rst are cited where they are kept and where they are
 * checked. A d_step is one step: no other process sees the state in the middle of it.
 */

#define VECTORS		2	/* of one word of the mask table */
#define ALL_MASKED	3

#define EVENTS		2
#define QUEUE		0	/* mapped to vector 0 */
#define CONFIG		1	/* mapped to vector 1 */
#define NO_VECTOR	2

#define CPUS		2
#define MOVER		0
#define MASKER		1
#define TRANSPORT	1

/* The parts of the environment that are searched together, and how much each does */
#ifndef MOVES
#define MOVES		1
#endif
#ifndef MOVED
#define MOVED		0	/* the vector that is moved */
#endif
#ifndef MASKINGS
#define MASKINGS	1
#endif
#ifndef SIGNALS
#define SIGNALS		1	/* of the queue */
#endif
#ifndef CHANGES
#define CHANGES		1	/* of the configuration */
#endif
#ifndef REMAP
#define REMAP		0
#endif
#ifndef RESET
#define RESET		0
#endif
#ifndef SUSPEND
#define SUSPEND		0
#endif
#ifndef SAVE
#define SAVE		0
#endif

/* The number of processes that come to an end, and of those that have */
#define ACTORS	(4 + (REMAP || RESET || SUSPEND) + SAVE)
byte	done;

/* Each variant breaks one obligation; the protocol itself breaks nothing */
mtype = {
	nothing,
	no_word_lock,
	unlock_without_release,
	entry_after_mask,
	mask_write_unordered,
	mask_write_posted,
	move_not_committed,
	disabled_moves_complete,
	reset_unannounced,
	entries_kept_over_reset,
	commit_without_latch,
	latch_at_send,
	latch_twice,
	commit_overtakes_message,
	commit_awaits_driver,
	pending_cleared_after_sending,
	pending_not_cleared,
	sent_merges_event,
	unmask_sends_nothing,
	signal_before_contents,
	mask_drops_signals,
	mapping_takes_older_signals,
	mapping_clears_pending,
	mapping_sends,
	queue_reset_keeps_mapping,
	queue_reset_keeps_signals,
	queue_reset_drops_event,
	enable_latches,
	enable_drops_line,
	reset_completes_early,
	reset_keeps_signals,
	suspend_sends,
	suspend_overtakes_message,
	resume_sends_nothing,
	restore_latches_anew,
	restore_forgets_table,
	restore_forgets_pending,
	save_drops_signals,
	save_sends_late
};

#ifndef VARIANT
#define VARIANT		nothing
#endif
#define broken(variant)	(VARIANT == variant)

/*
 * Properties. Their names are variables, so that a failed assertion shows them.
 */

hidden byte whole = 1, latched = 1, moved_at_once = 1, silent_when_masked = 1,
	silent_after_reset = 1, silent_when_suspended = 1, sent_once = 1, all_sent = 1,
	explained = 1, enabled_first = 1, observed_in_order = 1, no_event_lost = 1;

#define HOLDS(property, condition)	assert(property && (condition))

/* Values of mapped[] and expected[] beside a vector and NO_VECTOR */
#define ANY		3	/* a write to the vector register is in progress */
#define VOID		4	/* of an event that was signalled before a reset was complete */

/* State that only the properties need, and that neither side reads */
byte	oldest[VECTORS] = 1;	/* an older message must not be sent any more */
byte	newest[VECTORS] = 1;	/* a newer message has not been committed */
bit	masked[VECTORS];	/* the write that masks the vector has retired */
bit	moves_wait;		/* moves are not complete before a reset is */
bit	reset_seen;		/* Status has been read as 0, and ENABLE not been set */
bit	suspend_seen;		/* Status has shown SUSPEND */
byte	mapped[EVENTS];		/* the mapping as the driver knows it */
byte	expected[EVENTS];	/* the mapping when the event was signalled */
bit	news[EVENTS];		/* used buffers, or a change, that no handler has looked at */
bit	due[VECTORS];		/* an event has occurred, and nothing was sent since: D906 */
bit	occurred[VECTORS];	/* an event has */

inline expect_sent(v)
{
	/* D905: a SHOULD, R902 tolerates more */
	HOLDS(explained, occurred[v]);
	/* D607, D611, D910: likewise */
	HOLDS(sent_once, due[v]);
	due[v] = 0
}

/*
 * A message reaches the interrupt controller and runs the handler. A handler that ran later would
 * see more news, so this is the worst case.
 */
inline deliver(v, to, value)
{
	/* D601, D602, D609, D1203, R601, R602, R1201: the message was an entry as a whole */
	HOLDS(whole, to == value && to != 0);
	/* D601, D604: and not before it was committed */
	HOLDS(latched, to <= newest[v]);
	/* D602, D605, D608, R603: nor after a later one was */
	HOLDS(moved_at_once, to >= oldest[v]);
	/* D407, D411, D608, D610, R403 */
	HOLDS(silent_when_masked, !masked[v]);
	/* D1006 */
	HOLDS(silent_after_reset, !reset_seen);
	/* D1701, D1702 */
	HOLDS(silent_when_suspended, !suspend_seen);
	/* The queue may share vector 1: D702, R702, R901 */
	news[QUEUE] = 0;
	news[CONFIG] = news[CONFIG] && v == 0
}

/* Of signals that wait together, the first one counts: D907 */
inline expect_event(e)
{
	expected[e] = (signalled[e] -> expected[e] : mapped[e])
}

inline expect_commit()
{
	newest[0] = ((shadow & 1) -> newest[0] : place[0]);
	newest[1] = ((shadow & 2) -> newest[1] : place[1]);
	masked[0] = masked[0] && (shadow & 1);
	masked[1] = masked[1] && (shadow & 2)
}

/* The write has retired */
inline expect_committed()
{
	oldest[0] = (moves_wait -> oldest[0] : place[0]);
	oldest[1] = (moves_wait -> oldest[1] : place[1]);
	masked[0] = (vis_enabled -> shadow & 1 : masked[0]);
	masked[1] = (vis_enabled -> shadow >> 1 : masked[1])
}

/* Earlier signals are void, and the driver reads the contents again: D1010 */
inline expect_reset(e)
{
	expected[e] = VOID;
	mapped[e] = ANY;
	news[e] = 0;
	due[e] = 0;
	occurred[e] = 0
}

inline expect_silence()
{
	d_step {
		reset_seen = 1;
		moves_wait = 0;
		oldest[0] = place[0];
		oldest[1] = place[1];
		masked[0] = 1;
		masked[1] = 1 }
}

/*
 * Memory: the vector table, and the stores of a CPU that have not reached it (0 is none). They
 * reach it in any order, unless the CPU waits for them. The number of a move stands for its message;
 * in half of a message, one of the fields has another number.
 */

typedef entry { byte addr; byte data };
typedef stores { byte vector; entry words };

entry	table[VECTORS];
stores	buffer[CPUS];

#define drained(cpu)	(!buffer[cpu].words.addr && !buffer[cpu].words.data)

proctype store_buffer(byte cpu)
{
end:	do
	:: d_step { buffer[cpu].words.addr ->
		table[buffer[cpu].vector].addr = buffer[cpu].words.addr;
		buffer[cpu].words.addr = 0 }
	:: d_step { buffer[cpu].words.data ->
		table[buffer[cpu].vector].data = buffer[cpu].words.data;
		buffer[cpu].words.data = 0 }
	od
}

inline store_entry(cpu, v, number)
{
	d_step { drained(cpu) ->
		buffer[cpu].vector = v;
		buffer[cpu].words.addr = number;
		buffer[cpu].words.data = number }
}

/*
 * The device: parts that signal events, a transport that observes them, a sender for each vector
 */

bit	transport_lock;		/* a write to a register or to the mask table is in progress */
bit	enable = 1;
bit	suspended;
bit	line;			/* bit 1 of InterruptStatus */
byte	mask;			/* bit v: vector v is masked */
byte	mapping[EVENTS];
entry	latch[VECTORS];
entry	read[VECTORS];		/* entries, about to be latched */
bit	pending[VECTORS];
bit	kicked[VECTORS];	/* the sender sends the vector if it is pending */
bit	in_flight[VECTORS];	/* a message has left the transport */
entry	message[VECTORS];	/* that message */
bit	running[EVENTS] = 1;	/* the part may work */
bit	working[EVENTS];	/* the part is between the contents and the signal */
bit	signalled[EVENTS];	/* the event descriptor */

#define is_masked(v)	((mask >> (v)) & 1)
#define can_send(v)	(pending[v] && !is_masked(v) && (!suspended || broken(suspend_sends)))
#define idle		(!working[QUEUE] && !working[CONFIG])
#define handed_over	(!in_flight[0] && !in_flight[1])

inline signal(e)
{
	expect_event(e);
	signalled[e] = 1
}

/* D1201, D1202: the contents before the signal */
proctype source(byte e, times)
{
	do
	:: times > 0 ->
		d_step { running[e] ->
			times--;
			working[e] = 1;
			if
			:: broken(signal_before_contents) -> signal(e)
			:: else -> news[e] = 1
			fi };
		d_step {
			working[e] = 0;
			if
			:: broken(signal_before_contents) -> news[e] = 1
			:: else -> signal(e)
			fi }
	:: times == 0 -> break
	od;
	done++
}

/* D503, D613 */
inline make_pending(v)
{
	pending[v] = 1;
	kicked[v] = can_send(v)
}

inline occur(e, v)
{
	due[v] = 1;
	occurred[v] = 1;
	if
	:: broken(sent_merges_event) && in_flight[v]
	:: else -> make_pending(v)
	fi
}

/* The event occurs: D901, D902, D904; on the line while ENABLE is 0: D1401 */
inline observe(e)
{
	if
	:: !signalled[e]
	:: signalled[e] && !enable ->
		signalled[e] = 0;
		HOLDS(observed_in_order, expected[e] != VOID);
		line = 1
	:: signalled[e] && enable ->
		signalled[e] = 0;
		/* D703, D705, D708, D709, D907, D1007, R703: the mapping that the driver knows */
		HOLDS(observed_in_order, expected[e] == ANY || expected[e] == mapping[e]);
		if
		:: mapping[e] == NO_VECTOR -> news[e] = 0
		:: else -> occur(e, mapping[e])
		fi
	fi
}

proctype observer()
{
end:	do
	:: d_step { signalled[QUEUE] && !transport_lock -> observe(QUEUE) }
	:: d_step { signalled[CONFIG] && !transport_lock -> observe(CONFIG) }
	od
}

/* D907 */
inline observe_all()
{
	observe(QUEUE);
	observe(CONFIG)
}

/* D601, D607: the pending bit is cleared before; no commit changes what is on its way */
inline take(v)
{
	expect_sent(v);
	kicked[v] = 0;
	pending[v] = broken(pending_cleared_after_sending) || broken(pending_not_cleared);
	message[v].addr = (broken(latch_at_send) -> table[v].addr : latch[v].addr);
	message[v].data = (broken(latch_at_send) -> table[v].data : latch[v].data);
	in_flight[v] = 1;
	if
	:: broken(latch_twice) -> latch[v].addr = table[v].addr; latch[v].data = table[v].data
	:: else
	fi
}

inline hand_over(v)
{
	deliver(v, message[v].addr, message[v].data);
	message[v].addr = 0;
	message[v].data = 0;
	in_flight[v] = 0
}

proctype sender(byte v)
{
end:	do
	:: d_step { kicked[v] && !in_flight[v] && !transport_lock -> take(v) }
	:: d_step { in_flight[v] -> hand_over(v) };
		if
		:: broken(pending_cleared_after_sending) -> d_step { pending[v] = 0; kicked[v] = 0 }
		:: else
		fi
	od
}

/* D606, D1705: the senders send later, but do not wait for the driver */
inline send_pending(really)
{
	kicked[0] = can_send(0) && (really || kicked[0]);
	kicked[1] = can_send(1) && (really || kicked[1])
}

/* D602, D604, D605 */
inline latch_entry(v)
{
	if
	:: is_masked(v) || broken(commit_without_latch)
	:: else -> latch[v].addr = read[v].addr; latch[v].data = read[v].data
	fi;
	read[v].addr = 0;
	read[v].data = 0
}

/* D1501: each field is read once. D608, D610: earlier messages are handed over. */
inline commit(value)
{
	d_step { read[0].addr = table[0].addr; read[1].addr = table[1].addr };
	d_step { read[0].data = table[0].data; read[1].data = table[1].data };
	d_step { (handed_over || broken(commit_overtakes_message)) &&
		 !(broken(commit_awaits_driver) && (pending[0] || pending[1])) ->
		mask = value;
		latch_entry(0);
		latch_entry(1);
		send_pending(!broken(unmask_sends_nothing));
		transport_lock = 0 }
}

inline trap()
{
	d_step { !transport_lock ->
		transport_lock = 1;
		if
		:: broken(mask_drops_signals) -> signalled[QUEUE] = 0; signalled[CONFIG] = 0
		:: else -> observe_all()
		fi }
}

/* D411: after trap(), up to the moment that the write retires. R808, D410: ENABLE is set. */
inline write_mask(value)
{
	HOLDS(enabled_first, enable);
	if
	:: enable -> commit(value)
	:: !enable && broken(reset_unannounced) -> transport_lock = 0
	fi
}

/* D701, D703, D707 */
inline write_mapping(e, v)
{
	d_step { !transport_lock ->
		if
		:: broken(mapping_takes_older_signals)
		:: else -> observe(e)
		fi;
		if
		:: broken(mapping_clears_pending) -> pending[v % VECTORS] = 0; kicked[v % VECTORS] = 0
		:: broken(mapping_sends) && v != NO_VECTOR -> make_pending(v)
		:: else
		fi;
		mapping[e] = v }
}

/*
 * D907, D1007, D1008: the part has stopped, and what the queue contained is void. The driver then
 * sets the queue up again, and maps it later: R704.
 */
inline reset_queue()
{
	d_step { !transport_lock && !working[QUEUE] ->
		if
		:: broken(queue_reset_keeps_signals)
		:: broken(queue_reset_drops_event) -> observe(QUEUE); pending[1] = 0; kicked[1] = 0
		:: else -> observe(QUEUE)
		fi;
		mapping[QUEUE] = (broken(queue_reset_keeps_mapping) -> mapping[QUEUE] : NO_VECTOR);
		mapped[QUEUE] = NO_VECTOR;
		news[QUEUE] = 0 }
}

/* D409, D807, D809: latches nothing, sends nothing */
inline write_enable()
{
	d_step { !transport_lock ->
		observe_all();
		enable = 1;
		reset_seen = 0;
		if
		:: line && !broken(enable_drops_line) -> occur(CONFIG, mapping[CONFIG])
		:: else
		fi;
		line = 0 }
}

/* D1001, D1003, D1004; no statement preserves the vector table */
inline clear(v)
{
	table[v].addr = 0;
	table[v].data = 0;
	latch[v].addr = 0;
	latch[v].data = 0;
	pending[v] = 0;
	kicked[v] = 0;
	mapping[v] = NO_VECTOR;
	signalled[v] = signalled[v] && broken(reset_keeps_signals)
}

/* D1006, D1010, R1003: with the last step Status reads 0, and the configuration may change again */
inline reset_device()
{
	d_step { !transport_lock ->
		transport_lock = 1;
		running[QUEUE] = 0;
		running[CONFIG] = 0 };
	d_step { idle && handed_over || broken(reset_completes_early) ->
		expect_reset(QUEUE);
		expect_reset(CONFIG);
		clear(0);
		clear(1);
		enable = 0;
		line = 0;
		mask = ALL_MASKED;
		running[CONFIG] = 1;
		transport_lock = 0 }
}

/* D1702: with the last step Status shows SUSPEND */
inline suspend_device()
{
	d_step { !transport_lock ->
		transport_lock = 1;
		observe_all();
		suspended = 1;
		send_pending(0) };
	d_step { handed_over || broken(suspend_overtakes_message) -> transport_lock = 0 }
}

/* D1703 */
inline resume_device()
{
	d_step { !transport_lock ->
		observe_all();
		suspended = 0;
		send_pending(!broken(resume_sends_nothing)) }
}

inline restore(v)
{
	pending[v] = pending[v] && !broken(restore_forgets_pending) &&
		     !(broken(save_sends_late) && can_send(v));
	if
	:: broken(restore_latches_anew) -> latch[v].addr = table[v].addr; latch[v].data = table[v].data
	:: broken(restore_forgets_table) -> table[v].addr = 0; table[v].data = 0
	:: else
	fi
}

/*
 * D1101 to D1103, D1105: a save and a restore are one step, because no CPU runs in between, all
 * stores have arrived, and the parts have stopped. An event that is observed then stays pending,
 * because the interrupt controller may have been saved already.
 */
proctype hypervisor()
{
	d_step { !transport_lock && idle && handed_over && drained(0) && drained(1) ->
		if
		:: broken(save_drops_signals) -> signalled[QUEUE] = 0; signalled[CONFIG] = 0
		:: else -> observe_all()
		fi;
		restore(0);
		restore(1);
		send_pending(1);
		done++ }
}

/*
 * The driver: one CPU moves a vector, another masks and unmasks vectors of the same word
 */

bit	word_lock;		/* R602 */
bit	vis_enabled = 1;	/* the driver writes mask words */
byte	shadow;			/* the mask word as the driver wants it: R404 */
byte	place[VECTORS] = 1;	/* the message that the driver wants for each vector */
chan	posted = [1] of { byte };

inline lock()
{
	d_step { !word_lock || broken(no_word_lock) -> word_lock = 1 }
}

/* A release: the next holder of the lock sees the stores under it, and makes the device see them */
inline unlock(cpu)
{
	d_step { drained(cpu) || broken(unlock_without_release) ->
		expect_committed();
		word_lock = 0 }
}

/* R1201: a write to a register waits for the stores that precede it */
inline write_word(cpu)
{
	atomic { drained(cpu) || broken(mask_write_unordered) ->
		expect_commit();
		if
		:: broken(mask_write_posted) -> posted!shadow
		:: else -> trap()
		fi };
	if
	:: broken(mask_write_posted)
	:: else -> write_mask(shadow)
	fi
}

#ifdef POSTED
proctype bus()
{
	byte value;

end:	do
	:: posted?value -> trap(); write_mask(value)
	od
}
#endif

#define is_enabled(v)	(vis_enabled && !((shadow >> v) & 1))

/* R601, R603, R604 */
inline write_message(cpu, v)
{
	lock();
	place[v]++;
	if
	:: broken(entry_after_mask)
	:: else -> store_entry(cpu, v, place[v])
	fi;
	if
	:: is_enabled(v) && !broken(move_not_committed) -> write_word(cpu)
	:: else
	fi;
	if
	:: broken(entry_after_mask) -> store_entry(cpu, v, place[v])
	:: else
	fi;
	unlock(cpu)
}

inline set_mask(cpu, v, on)
{
	lock();
	shadow = (shadow & ~(1 << v)) | (on << v);
	if
	:: vis_enabled -> write_word(cpu)
	:: !vis_enabled
	fi;
	unlock(cpu)
}

proctype mover()
{
	do
	:: place[MOVED] <= MOVES -> write_message(MOVER, MOVED)
	:: else -> break
	od;
	done++
}

proctype masker(byte times)
{
	byte v;

	do
	:: times > 0 ->
		if
		:: v = 0
		:: v = 1
		fi;
		set_mask(MASKER, v, 1);
		set_mask(MASKER, v, 0);
		times--
	:: times == 0 -> break
	od;
	done++
}

/*
 * From here on, moves are not committed. R603: the driver masks the vectors first, or no move is
 * complete before the reset is. R1001: until start(), the shadow says that all vectors are masked.
 */
inline disable()
{
	lock();
	shadow = ALL_MASKED;
	if
	:: write_word(TRANSPORT)
	:: moves_wait = !broken(disabled_moves_complete)
	fi;
	vis_enabled = broken(reset_unannounced);
	unlock(TRANSPORT)
}

inline remap(e, v)
{
	d_step { mapped[e] = ANY };
	write_mapping(e, v);
	d_step { mapped[e] = v }
}

/*
 * R1002, R808, R1203: the driver writes the entries again, then ENABLE, then the mask word. If
 * ENABLE itself committed the entries, no lock would keep that commit apart from a move.
 */
inline start()
{
	lock();
	if
	:: broken(entries_kept_over_reset)
	:: else ->
		store_entry(TRANSPORT, 0, place[0]);
		store_entry(TRANSPORT, 1, place[1])
	fi;
	shadow = 0;
	unlock(TRANSPORT);
	remap(QUEUE, 0);
	remap(CONFIG, 1);
	write_enable();
	d_step { !word_lock || broken(enable_latches) -> word_lock = 1 };
	vis_enabled = 1;
	write_word(TRANSPORT);
	unlock(TRANSPORT);
	running[QUEUE] = 1
}

/* The core of the driver does one of these at a time, in any order */
proctype transport()
{
	bit remap_done = !REMAP, reset_done = !RESET, suspend_done = !SUSPEND;

	do
	:: !remap_done ->
		remap_done = 1;
		remap(QUEUE, 1);
		if
		:: remap(QUEUE, NO_VECTOR)
		:: reset_queue()
		fi;
		remap(QUEUE, 0)
	:: !reset_done ->
		reset_done = 1;
		disable();
		reset_device();
		expect_silence();
		start()
	:: !suspend_done ->
		suspend_done = 1;
		suspend_device();
		suspend_seen = 1;
		suspend_seen = 0;
		resume_device()
	:: remap_done && reset_done && suspend_done -> break
	od;
	done++
}

/*
 * The end, which every run reaches
 */

#define nothing_left	(drained(0) && drained(1) && empty(posted) && handed_over && \
			 !signalled[QUEUE] && !signalled[CONFIG] && !kicked[0] && !kicked[1])

/* Both vectors are unmasked: D612 */
proctype final_state()
{
	done == ACTORS && nothing_left;
	/* D807, D901, D902, D907, D1105, D1201, D1202 */
	HOLDS(no_event_lost, !news[QUEUE] && !news[CONFIG]);
	/* D503, D606, D613, D707, D903, D1008, D1105, D1705 */
	HOLDS(all_sent, !due[0] && !due[1])
}

inline write_first_entry(v)
{
	table[v].addr = 1;
	table[v].data = 1;
	latch[v].addr = 1;
	latch[v].data = 1
}

init
{
	atomic {
		mapping[CONFIG] = 1;
		mapped[CONFIG] = 1;
		write_first_entry(0);
		write_first_entry(1);
		run store_buffer(0);
		run store_buffer(1);
		run source(QUEUE, SIGNALS);
		run source(CONFIG, CHANGES);
		run observer();
		run sender(0);
		run sender(1);
		run mover();
		run masker(MASKINGS);
		run final_state();
#ifdef POSTED
		run bus();
#endif
		if
		:: REMAP || RESET || SUSPEND -> run transport()
		:: else
		fi;
		if
		:: SAVE -> run hypervisor()
		:: else
		fi
	}
}
