# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Keeps the devices busy while a stress test runs. A worker that finds an error leaves a file.

TRACE=/sys/kernel/tracing
# shellcheck disable=SC2034 # for the scripts that include this file
STRESS=$(kernel_parameter vis.stress)
# Seconds that a test may take, 0 for as many as it needs
BOX=$(kernel_parameter vis.box)
WORK=/tmp/work
ROUND_S=4
REQUEST_LIMIT_S=1
# A pause between two moves or masks
SPACING_S=0.02
PACKETS=20
# Between two looks at the work
POLL_S=5
# Fields of fio's terse output, which ends each round
TERSE_READ_KB=6
TERSE_WRITTEN_KB=47

# time_is_left: whether a test that started its work at STARTED has time for another round
time_is_left()
{
	[ "$BOX" = 0 ] || [ "$(now_ms)" -lt $((STARTED + BOX * STRESS * 1000)) ]
}

# until_stop NAME COMMAND...: runs the command again and again
until_stop()
{
	local count=0 name=$1

	shift
	while [ ! -e $WORK/stop ]; do
		"$@" || { echo "$name failed" >>$WORK/errors; break; }
		count=$((count + 1))
	done
	echo $count >"$WORK/count.$name"
}

# Keeps several requests under way, from a few jobs, or from many if the kernel has no other way
engine()
{
	if [ -e /proc/sys/kernel/io_uring_disabled ]; then
		echo --ioengine=io_uring --iodepth=8 --numjobs=4
	else
		echo --ioengine=psync --numjobs=16
	fi
}

# verify_disk [OPTION...]: each job writes new data to a part of its own each time, and reads them
# back.
verify_disk()
{
	# shellcheck disable=SC2046 # one word each
	fio --name=verify --filename=/dev/vda --allow_file_create=0 --direct=1 --thread \
		$(engine) --rw=randwrite --bs=4k --size=1M --offset_increment=1M --randrepeat=0 \
		--verify=crc32c --verify_backlog=64 --verify_fatal=1 --time_based \
		--runtime=$ROUND_S --group_reporting --output-format=terse "$@" >>$WORK/fio 2>&1
}

# One on each CPU, and so on each queue
verify_queues()
{
	verify_disk "--cpus_allowed=0-$(($(online_cpus | wc -l) - 1))" --cpus_allowed_policy=split
}

# busybox waits less than -W says for the last of several packets.
exchange_packets()
{
	local packet

	for packet in $(seq $PACKETS); do
		net_ping || { echo "packet $packet is lost" >>$WORK/errors; return 1; }
	done
}

# time_requests: the kernel measures how long each request of a disk takes
time_requests()
{
	local ages

	mount -t tracefs tracefs $TRACE 2>/dev/null
	# shellcheck disable=SC2016 # for the kernel to expand
	{
		ages='hist:keys=dev,sector:age=common_timestamp.usecs-$issued:onmax($age)'
		trigger complete '!hist:keys=dev,sector' 2>/dev/null
		trigger issue '!hist:keys=dev,sector' 2>/dev/null
		trigger issue 'hist:keys=dev,sector:issued=common_timestamp.usecs:size=16384' &&
			trigger complete "$ages.save(dev):size=16384"
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

# histogram FIELD: Hits, Entries or Dropped
histogram()
{
	awk -v field="$1:" '$1 == field { print $2 }' $TRACE/events/block/block_rq_complete/hist
}

# mover IRQ...: moves them one after the other, round after round. x86 parks a move that follows the
# previous one too soon, but most of these do not.
mover()
{
	local irq moves=0

	while [ ! -e $WORK/stop ]; do
		for irq; do
			set_affinity "$irq" $((moves % CPUS)) ||
				echo "irq $irq refused CPU $((moves % CPUS))" >>$WORK/errors
		done
		moves=$((moves + 1))
		pause
	done
	echo $moves >"$WORK/count.moves"
}

# await_commits NUMBER [PATTERN]: until a device has had NUMBER commits since the mark, or the time
# is over. Sets masks, the number of masks by parked moves, and commits, without those that end one.
await_commits()
{
	local number=$1

	shift
	commits=0 masks=0
	while [ $commits -lt "$number" ] && time_is_left; do
		sleep $POLL_S
		work_is_fine
		read -r commits masks <<-END
			$(host commits "$@")
		END
		commits=$((commits - masks))
	done
}

pause()
{
	# shellcheck disable=SC3045,SC2034 # busybox has it, and starts no process
	read -r -t $SPACING_S never <$WORK/never
}

# disk_work COMMAND...: keeps the disk busy until stop_work, or until the test fails
disk_work()
{
	rm -rf $WORK
	mkdir $WORK
	trap 'touch $WORK/stop; wait' EXIT
	time_requests
	CPUS=$(online_cpus | wc -l)
	mkfifo $WORK/never
	exec 5<>$WORK/never
	STARTED=$(now_ms)
	QUEUES=$(counts "$(virtio_of virtio_blk)" req.0 req.1 req.2 req.3)
	until_stop disk "$@" &
}

# start_work COMMAND...: keeps the disk busy by this command, and the network
start_work()
{
	net_up
	disk_work "$@"
	until_stop network exchange_packets &
}

work_is_fine()
{
	[ ! -e $WORK/errors ] || fail "$(cat $WORK/errors $WORK/fio)"
}

# Prints the amount of data that all rounds of the disk have transferred
note_data()
{
	awk -F ';' -v read=$TERSE_READ_KB -v written=$TERSE_WRITTEN_KB '
		NF > written { r += $read; w += $written }
		END {
			printf "# %d MiB written, %d MiB read back and verified\n",
				w / 1024, r / 1024
		}
		' $WORK/fio
}

# stop_work: ends every worker, and checks that each has done something
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
	note_data
	note "oldest of $(histogram Hits) requests: $(oldest_request) us"
	expect "requests that were not timed" 0 "$(histogram Dropped)"
	[ "$(oldest_request)" -lt $((REQUEST_LIMIT_S * SLOW * 1000000)) ] ||
		fail "a request was older than $((REQUEST_LIMIT_S * SLOW)) s"
	all_rose "$QUEUES"
}
