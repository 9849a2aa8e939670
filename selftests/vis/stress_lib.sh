# SPDX-License-Identifier: GPL-2.0-only
# Work for the devices while a stress test runs. A worker that finds an error leaves a file.

TRACE=/sys/kernel/tracing
# shellcheck disable=SC2034 # for the scripts that include this file
STRESS=$(kernel_parameter vis.stress)
# Seconds that a test may take, 0 for as many as it needs
BOX=$(kernel_parameter vis.box)
WORK=/tmp/work
BLOCKS=64
BLOCKS_PER_CPU=1024

# time_is_left: whether a test that started its work at STARTED is to go on
time_is_left()
{
	[ "$BOX" = 0 ] || [ "$(now_ms)" -lt $((STARTED + BOX * 1000)) ]
}

# until_stop COMMAND...: the command again and again; what its last word names counts them
until_stop()
{
	local count=0 name

	eval "name=\${$#}"
	while [ ! -e $WORK/stop ]; do
		"$@" || { echo "$*" >>$WORK/errors; break; }
		count=$((count + 1))
	done
	echo $count >"$WORK/count.$name"
}

# Blocks of a CPU's own are written, read back and compared, with other data each time.
verify_disk()
{
	local cpu=$1 first

	first=$((cpu * BLOCKS_PER_CPU))
	head -c $((BLOCKS * 4096)) /dev/urandom >"$WORK/data.$cpu"
	dd if="$WORK/data.$cpu" of=/dev/vda bs=4k seek=$first oflag=direct conv=notrunc \
		status=none || return
	dd if=/dev/vda of="$WORK/read.$cpu" bs=4k skip=$first count=$BLOCKS iflag=direct \
		status=none || return
	cmp "$WORK/data.$cpu" "$WORK/read.$cpu"
}

exchange_packets()
{
	ping -q -c 20 -A -W $((5 * SLOW)) "$HOST_ADDRESS" >/dev/null
}

# time_requests: the kernel measures how long each request of a disk takes
time_requests()
{
	mount -t tracefs tracefs $TRACE 2>/dev/null
	# shellcheck disable=SC2016 # for the kernel to expand
	{
		trigger complete '!hist:keys=dev,sector' 2>/dev/null
		trigger issue '!hist:keys=dev,sector' 2>/dev/null
		trigger issue 'hist:keys=dev,sector:issued=common_timestamp.usecs' &&
			trigger complete 'hist:keys=dev,sector:age=common_timestamp.usecs-$issued:onmax($age).save(dev)'
	} || fail "no histograms"
}

trigger()
{
	echo "$2" >"$TRACE/events/block/block_rq_$1/trigger"
}

# oldest_request: in microseconds
oldest_request()
{
	sed -n 's/.*max: *\([0-9]*\).*/\1/p' $TRACE/events/block/block_rq_complete/hist |
		sort -n | tail -n 1
}

new_work()
{
	rm -rf $WORK
	mkdir $WORK
	time_requests
	STARTED=$(now_ms)
}

start_work()
{
	local cpu

	new_work
	net_up
	for cpu in $(online_cpus); do
		until_stop verify_disk "$cpu" &
	done
	until_stop exchange_packets packets &
}

work_is_fine()
{
	[ ! -e $WORK/errors ] || fail "data error: $(cat $WORK/errors)"
}

# stop_work: every worker ends, and has done something
stop_work()
{
	local count file

	touch $WORK/stop
	wait
	work_is_fine
	for file in "$WORK"/count.*; do
		count=$(cat "$file")
		note "${file#*count.}: $count rounds"
		[ "$count" -gt 0 ] || fail "${file#*count.} has done nothing"
	done
	note "oldest request: $(oldest_request) us"
	[ "$(oldest_request)" -lt 1000000 ] || fail "a request was older than 1 s"
}
