#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The programs that administrators know, in a system with the package.

. ./lib.sh

ISOLATED_CPU=3
IRQBALANCE_PASS_S=10
# The others are banned: of three vectors, two then share a CPU.
BALANCED_CPUS="1 2"
BANNED_CPUS="0,3"
HW_RANDOM=/sys/class/misc/hw_random

find_devices()
{
	NET=$(with_vis virtio_net)
	NET_DEV=$(netdev_of "$NET")
	RNGS=$(with_vis virtio_rng)
	RNG=${RNGS%%[[:space:]]*}
	BALLOON=$(with_vis virtio_balloon)
	SCRATCH=$(virtio_of_disk "$(disk scratch)")
}

# lsirq lists each vector by its names, and irqtop those that are in use.
pkg_irqtop()
{
	local cpu irq name readers="" root

	root=$(root_virtio)
	lsirq --noheadings --pairs --output IRQ,NAME >lsirq.out || fail "lsirq does not run"
	for cpu in 0 1 2 3; do
		read_on "$cpu" "/dev/$(disk root)" &
		readers="$readers $!"
	done
	irqtop --batch --irq 1 1 >irqtop.out 2>&1 || fail "irqtop: $(cat irqtop.out)"
	# shellcheck disable=SC2086 # several
	kill $readers
	for irq in $(irqs_of "$root"); do
		name="VIS-$(platform_of "$root") .* $(action_of "$irq")"
		grep -q "^IRQ=\"$irq\" NAME=\"$name\"" lsirq.out ||
			fail "lsirq does not show irq $irq, $name"
		case $name in
		*-config) ;;
		*) grep -q "^i *$irq: .* $name\$" irqtop.out ||
			fail "irqtop does not show irq $irq, $name: $(cat irqtop.out)" ;;
		esac
	done
}

# read_on CPU FILE: keeps the queue of that CPU busy
read_on()
{
	while taskset -c "$1" dd if="$2" of=/dev/null bs=4k count=1000 iflag=direct status=none; do
		:
	done
}

action_of()
{
	awk -v irq="$1:" '$1 == irq { print $NF }' /proc/interrupts
}

# managed_avoid CPU: no vector of a disk's queue that other CPUs share is on it
managed_avoid()
{
	local irq shared=0

	for irq in $(irq_of "$SCRATCH-req.0") $(irq_of "$SCRATCH-req.1"); do
		case $(cat "/proc/irq/$irq/smp_affinity_list") in
		*[,-]"$1") ;;
		*) continue ;;
		esac
		shared=$((shared + 1))
		[ "$(effective_cpu "$irq")" != "$1" ] || fail "irq $irq is on the isolated CPU $1"
	done
	[ $shared -gt 0 ] || fail "no queue has CPU $1 and another"
}

# hints_follow PAIRS: pairs of queues of the network card in use, each where its driver wants it
hints_follow()
{
	local irq queue

	ethtool -L "$NET_DEV" combined "$1" || fail "ethtool -L combined $1"
	for queue in $(seq 0 $(($1 - 1))); do
		irq=$(irq_of "$NET-input.$queue")
		hint_is_obeyed "$irq" || fail "irq $irq of pair $queue: $(where "$irq")"
	done
}

hint_is_obeyed()
{
	[ "$(cat "/proc/irq/$1/affinity_hint")" = "$(cat "/proc/irq/$1/smp_affinity")" ]
}

where()
{
	echo "hint $(cat "/proc/irq/$1/affinity_hint"), affinity $(cat "/proc/irq/$1/smp_affinity")"
}

# arrives_on IRQ CPU: the next interrupts of a generator come there. An interrupt from
# before a move may still be pending on the old CPU, which has taken it once a task has run there.
arrives_on()
{
	local cpu name

	name=$(generator_of "$1") || exit 1
	for cpu in 0 1 2 3; do
		taskset -c $cpu true
	done
	comes_on "$1" "$2" read_generator "$name" 8
}

pkg_affinity()
{
	local cpu irq

	systemctl stop irqbalance
	find_devices
	irq=$(irq_of "$RNG-input")
	for cpu in 2 1; do
		move_irq "$irq" $cpu
		arrives_on "$irq" $cpu
	done
	echo 4 >/proc/irq/default_smp_affinity
	without_driver "$RNG" true
	echo f >/proc/irq/default_smp_affinity
	irq=$(irq_of "$RNG-input")
	expect "CPUs of irq $irq" 2 "$(cat "/proc/irq/$irq/smp_affinity_list")"
	arrives_on "$irq" 2
	managed_avoid $ISOLATED_CPU
	hints_follow 2
	hints_follow 4
}

# is_one_cpu IRQ
is_one_cpu()
{
	case $(cat "/proc/irq/$1/smp_affinity_list") in
	*[,-]*) return 1 ;;
	esac
}

is_balanced()
{
	is_one_of "$(cat "/proc/irq/$1/smp_affinity_list")" "$BALANCED_CPUS"
}

is_one_of()
{
	case " $2 " in
	*" $1 "*) ;;
	*) return 1 ;;
	esac
}

all_of()
{
	local command=$1 irq

	for irq in $IRQS; do
		$command "$irq" || return 1
	done
}

# restart_irqbalance BANNED: bans these CPUs
restart_irqbalance()
{
	mkdir -p /run/systemd/system/irqbalance.service.d
	printf '[Service]\nEnvironment=IRQBALANCE_BANNED_CPULIST=%s\n' "$1" \
		>/run/systemd/system/irqbalance.service.d/banned.conf
	systemctl daemon-reload
	systemctl restart irqbalance || fail "irqbalance does not start"
}

irqbalance_state()
{
	local irq

	for irq in $IRQS; do
		echo "irq $irq: CPUs $(cat "/proc/irq/$irq/smp_affinity_list")"
	done
	systemctl show --property ActiveState,Environment irqbalance
	journalctl --no-pager --unit irqbalance --lines 20
}

# sharing_a_cpu IRQ...: two of these that share a CPU
sharing_a_cpu()
{
	local irq

	for irq; do
		echo "$(cat "/proc/irq/$irq/smp_affinity_list") $irq"
	done | sort | awk '$1 == cpu { print irq, $2; exit } { cpu = $1; irq = $2 }'
}

are_apart()
{
	[ "$(cat "/proc/irq/$1/smp_affinity_list")" != "$(cat "/proc/irq/$2/smp_affinity_list")" ]
}

# generator_of IRQ: the name that the kernel has given to the generator with this vector. The answer
# to the last read of another may come late.
generator_of()
{
	local before name names

	read -r names <$HW_RANDOM/rng_available
	for name in $names; do
		before=$(irq_count "$1")
		read_generator "$name" 8
		[ $(($(irq_count "$1") - before)) -lt 4 ] || break
		name=
	done
	[ -n "$name" ] || fail "irq $1 is of no generator"
	echo "$name"
}

# read_generator NAME TIMES: each time makes it interrupt
read_generator()
{
	echo "$1" >$HW_RANDOM/rng_current
	dd if=/dev/hwrng of=/dev/null bs=64 count="$2" status=none
}

# The second comes a quarter as often as the first.
read_generators()
{
	while :; do
		read_generator "$1" 400
		read_generator "$2" 100
	done
}

# separates_loaded IRQ IRQ: irqbalance moves one of two vectors off the CPU that they load. It reads
# the load of a CPU from /proc/stat, where Debian's kernel does not account the time in hard
# interrupts, so the soft interrupts of the network must load the CPU. irqbalance divides that load
# among the vectors by their counts, and moves one whose share does not make the other CPU busier
# than the first.
separates_loaded()
{
	local cpu first jobs second

	cpu=$(cat "/proc/irq/$1/smp_affinity_list")
	first=$(generator_of "$1") || exit 1
	second=$(generator_of "$2") || exit 1
	read_generators "$first" "$second" &
	jobs=$!
	taskset -c "$cpu" iperf3 --client "$HOST_ADDRESS" --time 0 --reverse >iperf.out 2>&1 &
	jobs="$jobs $!"
	# shellcheck disable=SC2064 # these
	trap "kill $jobs 2>/dev/null" EXIT
	await $((12 * IRQBALANCE_PASS_S)) are_apart "$1" "$2" ||
		fail "irqbalance left irqs $1 and $2 on CPU $cpu: $(cat iperf.out)"
	note "irq $1: CPU $(effective_cpu "$1"), irq $2: CPU $(effective_cpu "$2")"
}

# balances_by_core: irqbalance puts each of IRQS on one of the CPUs that it may use.
balances_by_core()
{
	local irq

	for irq in $IRQS; do
		set_affinity "$irq" 0-3
	done
	restart_irqbalance $BANNED_CPUS
	await $((12 * IRQBALANCE_PASS_S)) all_of is_one_cpu ||
		fail "irqbalance did not balance by core: $(irqbalance_state)"
	all_of is_balanced || fail "irqbalance used a CPU that is banned: $(irqbalance_state)"
}

# An interrupt with a hint of its driver stays there. One without a hint gets a core of its own that
# is not banned, and another core under load. So does the single pair of a network card, whose hint
# is all CPUs.
pkg_irqbalance()
{
	local irq queue rngs="" virtio

	find_devices
	hints_follow 4
	for virtio in $RNGS; do
		rngs="$rngs $(irq_of "$virtio-input")"
	done
	IRQS="$rngs $(irq_of "$BALLOON-inflate") $(irq_of "$NET-config")"
	balances_by_core
	# shellcheck disable=SC2046,SC2086 # several
	(separates_loaded $(sharing_a_cpu $rngs)) || fail "$(irqbalance_state)"
	all_of is_balanced || fail "irqbalance used a CPU that is banned: $(irqbalance_state)"
	for queue in 0 1 2 3; do
		irq=$(irq_of "$NET-input.$queue")
		hint_is_obeyed "$irq" || fail "irq $irq has lost its hint: $(where "$irq")"
	done
	systemctl stop irqbalance
	hints_follow 1
	IRQS="$(irq_of "$NET-input.0") $(irq_of "$NET-output.0")"
	balances_by_core
	systemctl stop irqbalance
}

# Each job verifies the data that it has written; both queues are used.
pkg_fio()
{
	local before

	find_devices
	before=$(counts "$SCRATCH" req.0 req.1)
	fio --eta=never --output=fio.out --filename="/dev/$(disk scratch)" --direct=1 \
		--ioengine=libaio --rw=randwrite --bs=4k --size=4m --offset_increment=4m \
		--numjobs=4 --iodepth=8 --cpus_allowed=0-3 --cpus_allowed_policy=split \
		--verify=crc32c --verify_fatal=1 --name=verify || fail "fio: $(cat fio.out)"
	all_rose "$before"
}

# busiest COUNTS: the place in the list of the interrupt that has come most often since
busiest()
{
	local count irq n=0

	echo "$1" | while read -r irq count; do
		echo "$(($(irq_count "$irq") - count)) $n"
		n=$((n + 1))
	done | sort -n | awk 'END { print $2 }'
}

# A flow each way from each CPU has the pair of queues of that CPU.
pkg_iperf()
{
	local before cpu direction

	find_devices
	hints_follow 4
	for direction in "" --reverse; do
		for cpu in 0 1 2 3; do
			before=$(counts "$NET" input.0 input.1 input.2 input.3)
			# shellcheck disable=SC2086 # one word or none
			taskset -c $cpu iperf3 --client "$HOST_ADDRESS" --time 2 $direction \
				>iperf.out 2>&1 ||
				fail "iperf3 $direction: $(cat iperf.out)"
			note "CPU $cpu: $(grep receiver iperf.out)"
			expect "busiest pair" $cpu "$(busiest "$before")"
		done
	done
}

tests="
pkg.irqtop	pkg_irqtop
pkg.affinity	pkg_affinity
pkg.irqbalance	pkg_irqbalance
pkg.fio		pkg_fio
pkg.iperf	pkg_iperf
"
vis_run
