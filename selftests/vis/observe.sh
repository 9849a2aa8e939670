#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Tracepoints, lsirq and irqtop show the vectors.

. ./vis_lib.sh
. ./test_module.sh

TRACE=/sys/kernel/tracing
EVENTS=$TRACE/events/virtio_vis
RNG_VECTOR=1

# traced EVENT PATTERN: number of such lines in the trace
traced()
{
	grep -c "virtio_vis_$1: .*$2" $TRACE/trace
}

restart_trace()
{
	echo >$TRACE/trace
	host mark
}

# The device has seen a write to the mask table for each commit in the trace.
same_commits()
{
	expect "commits" "$(host count virtio_mmio_vis_mask_write)" "$(traced commit .)"
}

observe_tracepoints()
{
	local cpu irq platform

	mount -t tracefs tracefs $TRACE
	platform=$(platform_of "$(virtio_of virtio_rng)")
	irq=$(irq_of "$(virtio_of virtio_rng)-input")
	set_affinity "$irq" 0
	rng_read
	await 2 effective_is "$irq" 0 || fail "cannot move to CPU 0"
	echo 1 >$EVENTS/enable || fail "no events"

	restart_trace
	move_irq "$irq" 2
	expect "messages written" 1 \
		"$(traced write_msg "dev=$platform vector=$RNG_VECTOR .*addr_lo=0xfee02[0-9a-f]* ")"
	expect "masks" 0 "$(traced mask .)"
	expect "commits of word 0" 1 "$(traced commit "dev=$platform word=0 mask=")"
	same_commits

	restart_trace
	chip mask "$irq"
	expect "masks" 1 "$(traced mask "dev=$platform vector=$RNG_VECTOR masked=1")"
	chip unmask "$irq"
	expect "unmasks" 1 "$(traced mask "dev=$platform vector=$RNG_VECTOR masked=0")"
	expect "commits" 2 "$(traced commit "dev=$platform")"
	same_commits
	echo 0 >$EVENTS/enable
}

# lsirq_row IRQ COLUMN
lsirq_row()
{
	lsirq --noheadings --pairs --output IRQ,TOTAL,NAME | grep "^IRQ=\"$1\"" |
		sed "s/.*$2=\"\([^\"]*\)\".*/\1/"
}

observe_lsirq()
{
	local before driver irq irqs virtio

	for driver in virtio_blk virtio_net virtio_rng virtio_console; do
		virtio=$(virtio_of $driver)
		irqs=$(irqs_of "$virtio")
		[ -n "$irqs" ] || fail "$virtio has no interrupts"
		for irq in $irqs; do
			case $(lsirq_row "$irq" NAME) in
			*"VIS-$(platform_of "$virtio") "*" $virtio-"*) ;;
			*) fail "irq $irq of $virtio is: $(lsirq_row "$irq" NAME)" ;;
			esac
		done
	done
	# The kernel reads the rng by itself.
	console_open
	irq=$(irq_of "$(virtio_of virtio_console)-input")
	before=$(lsirq_row "$irq" TOTAL)
	expect "count of irq $irq" "$(irq_count "$irq")" "$before"
	host console-send x >/dev/null
	await 5 irq_rose "$irq" "$before" || fail "irq $irq does not rise"
	[ "$(lsirq_row "$irq" TOTAL)" -gt "$before" ] || fail "lsirq does not see it rise"
}

# irqtop_row IRQ: its interrupts per second on each CPU, or a dot if it cannot come there; its name
irqtop_row()
{
	ruby3.3 --disable-gems /bin/irqtop --batch --irq 1 1 >/tmp/irqtop 2>&1 ||
		fail "irqtop: $(cat /tmp/irqtop)"
	grep "^i *$1: " /tmp/irqtop
}

observe_irqtop()
{
	local irq place reader row virtio

	virtio=$(virtio_of virtio_rng)
	irq=$(irq_of "$virtio-input")
	set_affinity "$irq" 2 || fail "cannot move to CPU 2"
	rng_read
	await 2 effective_is "$irq" 2 || fail "cannot move to CPU 2"
	dd if=/dev/hwrng of=/dev/null bs=64 status=none &
	reader=$!
	row=$(irqtop_row "$irq")
	kill $reader
	note "$row"
	place=VIS-$(platform_of "$virtio")
	echo "$row" | grep -qE \
		"^i +$irq: +[.] +[.] +[1-9][0-9]* +[.] +$place .* $virtio-input\$" ||
		fail "irqtop shows irq $irq as: $row"
}

tests="
observe.tracepoints	observe_tracepoints
observe.lsirq		observe_lsirq
observe.irqtop		observe_irqtop
"
run_with_module
