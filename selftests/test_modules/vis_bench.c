// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measurements of scripts/bench inside the kernel, started by files in debugfs/vis_bench. The
 * guest's TSC counts instructions (QEMU's -icount shift=0).
 *
 * full, dispatch: a write of a number reads that many blocks of /dev/vda on the writing CPU, to
 * which the disk's interrupt must come. The cost of each interrupt goes to samples. For dispatch,
 * the queue callback is empty.
 *
 * floor: measures the same for an interrupt with an empty handler that the CPU sends to itself.
 *
 * io, packets: a write of a number reads that many blocks of /dev/vda, or sends that many packets
 * to the UDP port in the file port of the address in the file peer, and receives them back. The
 * instructions of each, on all CPUs together, from the call of the driver to the last interrupt, go
 * to samples.
 *
 * read: a write of a number reads that many blocks of /dev/vda, and sleeps until each is there. The
 * ticks of the TSC of each go to samples.
 *
 * exchanges: a write of a number sends that many packets and sleeps until each is back. Several
 * CPUs can write at a time.
 *
 * mask, unmask: a write of an interrupt number calls the interrupt's chip.
 *
 * linger: a write of the number of a queue's own interrupt makes its next handler wait until the
 * interrupt has come on another CPU, too, and has been masked for that. A read waits until the
 * handler waits.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/bottom_half.h>
#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/gfp.h>
#include <linux/in.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/irqdomain.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/sched.h>
#include <linux/uio.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <asm/hw_irq.h>
#include <asm/irqdomain.h>
#include <asm/tsc.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#define BENCH_DISK		"/dev/vda"
#define BENCH_SAMPLES		4096
#define BENCH_PRIORITY_MAX	15
/* Rounds of a loop at each priority; together they take longer than a device takes to answer */
#define BENCH_HOLD_STEPS	64
#define BENCH_HOLD		(BENCH_PRIORITY_MAX * BENCH_HOLD_STEPS)
/* More instructions than a round of bench_spin() takes, and fewer than an interrupt takes */
#define BENCH_SPIN_MAX		256
#define BENCH_TIMEOUT		(5ULL * NSEC_PER_SEC)
#define BENCH_RECEIVE_TIMEOUT	(5 * HZ)
#define BENCH_INTERRUPT_TIMEOUT	(5 * HZ)
#define BENCH_LINGER_MAX	(NSEC_PER_SEC / 2)
#define BENCH_PEER		0x0a000202

static DEFINE_MUTEX(bench_lock);
static struct dentry *bench_dir;
static u32 bench_data[BENCH_SAMPLES];
static struct page *bench_page;
static u32 bench_peer = BENCH_PEER;
static u16 bench_port;
static struct debugfs_u32_array bench_samples = { .array = bench_data };

/**
 * struct bench_work - Work of a device that a measurement waits for
 * @start:	Makes the device begin
 * @done:	Returns whether the last interrupt has come
 * @end:	Takes the result, which is not measured
 * @data:	Argument of all three
 */
struct bench_work {
	int			(*start)(void *data);
	bool			(*done)(void *data);
	int			(*end)(void *data);
	void			*data;
};

struct bench_read {
	struct bio		bio;
	struct bio_vec		vec;
	struct block_device	*bdev;
};

static u64 bench_spin_cost;
static bool bench_done;
static bool bench_fired;
static vq_callback_t *bench_callback;
static struct virtqueue *bench_vq;

/*
 * Holding interrupts
 *
 * The CPU's task priority holds them: unlike with interrupts disabled, I/O can be submitted
 * meanwhile. The priority is lowered class by class, so that the device has answered before its
 * interrupt can come. Otherwise the host would decide where in the code an interrupt comes, and so
 * its cost.
 */

static void bench_set_priority(unsigned long priority)
{
	asm volatile("mov %0, %%cr8" : : "r" (priority) : "memory");
}

static void bench_hold_irqs(void)
{
	bench_set_priority(BENCH_PRIORITY_MAX);
}

/* Lowers the priority: @left is BENCH_HOLD at first, and 0 once all interrupts can come */
static void bench_let_in(u32 *left)
{
	bench_set_priority(*left / BENCH_HOLD_STEPS);
	*left -= !!*left;
}

/*
 * Returns by how much the interrupt that sets *@done lengthens the gap between two reads of the
 * TSC, compared with the round before. It may come between a read of the TSC and that of *@done.
 */
static u32 bench_gap(const bool *done)
{
	u64 now, before, gap = 0, last = rdtsc();
	u32 left = BENCH_HOLD;

	do {
		bench_let_in(&left);
		now = rdtsc();
		before = gap;
		gap = now - last;
		last = now;
	} while (!READ_ONCE(*done));
	now = rdtsc();
	bench_set_priority(0);
	return max(gap, now - last) - before;
}

static int bench_run(u64 nr, int (*sample)(void *data, u32 *insns), void *data)
{
	unsigned int i;
	int ret;

	if (nr > BENCH_SAMPLES)
		return -EINVAL;

	for (i = 0; i < nr; i++) {
		ret = sample(data, &bench_data[i]);
		if (ret)
			return ret;
	}
	bench_samples.n_elements = nr;
	return 0;
}

/* The interrupt of the disk */

static void bench_end_io(struct bio *bio)
{
	WRITE_ONCE(bench_done, true);
}

static void bench_empty_callback(struct virtqueue *vq)
{
	bench_vq = vq;
	WRITE_ONCE(bench_fired, true);
}

/* Does the work that the interrupt with the empty callback has left undone */
static void bench_call_back(void)
{
	local_bh_disable();
	local_irq_disable();
	bench_callback(bench_vq);
	local_irq_enable();
	local_bh_enable();
}

static int bench_read_block(void *data, u32 *gap)
{
	struct block_device *bdev = data;
	struct bio_vec vec;
	struct bio bio;

	bio_init(&bio, bdev, &vec, 1, REQ_OP_READ | REQ_SYNC);
	bio.bi_end_io = bench_end_io;
	__bio_add_page(&bio, bench_page, PAGE_SIZE, 0);
	bench_done = false;
	bench_fired = false;

	bench_hold_irqs();
	submit_bio(&bio);
	*gap = bench_gap(bench_callback ? &bench_fired : &bench_done);
	if (bench_callback)
		bench_call_back();
	while (!READ_ONCE(bench_done))
		cond_resched();
	return blk_status_to_errno(bio.bi_status);
}

static void bench_swap_callbacks(struct block_device *bdev, vq_callback_t *callback)
{
	struct virtio_device *vdev = dev_to_virtio(disk_to_dev(bdev->bd_disk)->parent);
	struct virtqueue *vq;

	virtio_device_for_each_vq(vdev, vq) {
		bench_callback = vq->callback;
		vq->callback = callback;
	}
}

static int bench_disk(u64 nr, bool dispatch)
{
	struct file *file = bdev_file_open_by_path(BENCH_DISK, BLK_OPEN_READ, NULL, NULL);
	struct block_device *bdev;
	int ret;

	if (IS_ERR(file))
		return PTR_ERR(file);

	bdev = file_bdev(file);
	if (dispatch)
		bench_swap_callbacks(bdev, bench_empty_callback);
	ret = bench_run(nr, bench_read_block, bdev);
	if (dispatch) {
		bench_swap_callbacks(bdev, bench_callback);
		bench_callback = NULL;
	}
	fput(file);
	return ret;
}

static int bench_full_set(void *data, u64 nr)
{
	guard(mutex)(&bench_lock);
	return bench_disk(nr, false);
}
DEFINE_DEBUGFS_ATTRIBUTE(bench_full_fops, NULL, bench_full_set, "%llu\n");

static int bench_dispatch_set(void *data, u64 nr)
{
	guard(mutex)(&bench_lock);
	return bench_disk(nr, true);
}
DEFINE_DEBUGFS_ATTRIBUTE(bench_dispatch_fops, NULL, bench_dispatch_set, "%llu\n");

/* The cheapest interrupt */

static irqreturn_t bench_empty_handler(int irq, void *data)
{
	WRITE_ONCE(bench_fired, true);
	return IRQ_HANDLED;
}

static int bench_trigger(void *data, u32 *gap)
{
	struct irq_data *d = data;

	bench_fired = false;
	bench_hold_irqs();
	if (!d->chip->irq_retrigger(d)) {
		bench_set_priority(0);
		return -EIO;
	}
	*gap = bench_gap(&bench_fired);
	return 0;
}

static int bench_floor(u64 nr)
{
	struct irq_alloc_info info = { };
	int ret, virq = irq_domain_alloc_irqs(x86_vector_domain, 1, NUMA_NO_NODE, &info);

	if (virq < 0)
		return virq;

	irq_set_handler(virq, handle_edge_irq);
	ret = request_irq(virq, bench_empty_handler, 0, "vis_bench", &bench_fired);
	if (!ret) {
		ret = irq_set_affinity(virq, cpumask_of(raw_smp_processor_id())) ?:
		      bench_run(nr, bench_trigger, irq_get_irq_data(virq));
		free_irq(virq, &bench_fired);
	}
	irq_dispose_mapping(virq);
	return ret;
}

static int bench_floor_set(void *data, u64 nr)
{
	guard(mutex)(&bench_lock);
	return bench_floor(nr);
}
DEFINE_DEBUGFS_ATTRIBUTE(bench_floor_fops, NULL, bench_floor_set, "%llu\n");

/* Masks */

static int bench_mask_set(void *data, u64 virq)
{
	struct irq_data *d = irq_get_irq_data(virq);

	if (!d)
		return -EINVAL;

	guard(raw_spinlock_irqsave)(&irq_data_to_desc(d)->lock);
	if (data)
		d->chip->irq_mask(d);
	else
		d->chip->irq_unmask(d);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(bench_mask_fops, NULL, bench_mask_set, "%llu\n");

/*
 * Collisions: if an interrupt comes on one CPU while another still runs its handler, 6.12 masks it
 * until the handler ends, and 7.3 waits for the handler.
 */

static struct irq_data *bench_collider;
static DECLARE_COMPLETION(bench_lingers);

static void bench_linger(struct virtqueue *vq)
{
	u64 end = ktime_get_ns() + BENCH_LINGER_MAX;

	vq->callback = bench_callback;
	bench_callback = NULL;
	vq->callback(vq);
	complete(&bench_lingers);
	while (!irqd_irq_masked(bench_collider) && ktime_get_ns() < end)
		cpu_relax();
}

static int bench_linger_set(void *data, u64 virq)
{
	struct irq_data *d = irq_get_irq_data(virq);
	struct virtqueue *vq;

	if (!d)
		return -EINVAL;

	guard(mutex)(&bench_lock);
	vq = irq_data_to_desc(d)->action->dev_id;
	bench_collider = d;
	bench_callback = vq->callback;
	vq->callback = bench_linger;
	return 0;
}

static int bench_linger_get(void *data, u64 *virq)
{
	if (!wait_for_completion_timeout(&bench_lingers, BENCH_INTERRUPT_TIMEOUT))
		return -ETIMEDOUT;

	*virq = bench_collider->irq;
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(bench_linger_fops, bench_linger_get, bench_linger_set, "%llu\n");

/*
 * From the call of a driver to the end of its last interrupt
 *
 * The CPU waits in a loop. It does not sleep, because the host decides whether a sleeper sleeps
 * before the interrupt comes, and so the cost of its scheduling. The loop counts its instructions.
 */

static int bench_spin(bool (*done)(void *data), void *data, u64 *spun)
{
	u64 now, last = rdtsc(), end = last + BENCH_TIMEOUT;
	u32 left = BENCH_HOLD;

	*spun = 0;
	while (!done(data)) {
		if (left)
			bench_let_in(&left);
		else
			cond_resched();
		now = rdtsc();
		if (now - last < BENCH_SPIN_MAX)
			bench_spin_cost = now - last;
		*spun += bench_spin_cost;
		last = now;
		if (now > end)
			return -ETIMEDOUT;
	}
	return 0;
}

static int bench_work(void *data, u32 *insns)
{
	const struct bench_work *work = data;
	u64 end, spun, start;
	int ret;

	bench_hold_irqs();
	start = rdtsc();
	ret = work->start(work->data) ?: bench_spin(work->done, work->data, &spun);
	end = rdtsc();
	bench_set_priority(0);
	if (ret)
		return ret;

	*insns = end - start - spun;
	return work->end(work->data);
}

static bool bench_read_done(void *data)
{
	return READ_ONCE(bench_done);
}

static void bench_read_init(struct bench_read *read)
{
	bio_init(&read->bio, read->bdev, &read->vec, 1, REQ_OP_READ | REQ_SYNC);
	__bio_add_page(&read->bio, bench_page, PAGE_SIZE, 0);
}

static int bench_read_start(void *data)
{
	struct bench_read *read = data;

	bench_read_init(read);
	read->bio.bi_end_io = bench_end_io;
	bench_done = false;
	submit_bio(&read->bio);
	return 0;
}

static int bench_read_end(void *data)
{
	struct bench_read *read = data;

	return blk_status_to_errno(read->bio.bi_status);
}

static int bench_reads(u64 nr, int (*sample)(void *data, u32 *insns), void *data,
		       struct bench_read *read)
{
	struct file *file;
	int ret;

	guard(mutex)(&bench_lock);
	file = bdev_file_open_by_path(BENCH_DISK, BLK_OPEN_READ, NULL, NULL);
	if (IS_ERR(file))
		return PTR_ERR(file);

	read->bdev = file_bdev(file);
	ret = bench_run(nr, sample, data);
	fput(file);
	return ret;
}

static int bench_io_set(void *data, u64 nr)
{
	struct bench_read read = { };
	struct bench_work work = { bench_read_start, bench_read_done, bench_read_end, &read };

	return bench_reads(nr, bench_work, &work, &read);
}
DEFINE_DEBUGFS_ATTRIBUTE(bench_io_fops, NULL, bench_io_set, "%llu\n");

/*
 * The CPU sleeps meanwhile, and where one CPU runs guest and host, its TSC counts the instructions
 * of both.
 */
static int bench_read_asleep(void *data, u32 *insns)
{
	struct bench_read *read = data;
	u64 start = rdtsc();
	int ret;

	bench_read_init(read);
	ret = submit_bio_wait(&read->bio);
	*insns = rdtsc() - start;
	return ret;
}

static int bench_read_set(void *data, u64 nr)
{
	struct bench_read read = { };

	return bench_reads(nr, bench_read_asleep, &read, &read);
}
DEFINE_DEBUGFS_ATTRIBUTE(bench_read_fops, NULL, bench_read_set, "%llu\n");

/* Sends a packet, which comes back */
static int bench_echo_start(void *sock)
{
	u64 echo = 0;
	struct kvec vec = { .iov_base = &echo, .iov_len = sizeof(echo) };
	struct msghdr msg = { };

	return min(kernel_sendmsg(sock, &msg, &vec, 1, sizeof(echo)), 0);
}

static int bench_echo_receive(struct socket *sock, int flags)
{
	u64 echo;
	struct kvec vec = { .iov_base = &echo, .iov_len = sizeof(echo) };
	struct msghdr msg = { };

	return min(kernel_recvmsg(sock, &msg, &vec, 1, sizeof(echo), flags), 0);
}

/* The interrupt for the end of sending has freed the packet, and the answer has arrived */
static bool bench_echo_done(void *data)
{
	struct sock *sk = ((struct socket *)data)->sk;

	return !sk_wmem_alloc_get(sk) && !skb_queue_empty_lockless(&sk->sk_receive_queue);
}

static int bench_echo_end(void *sock)
{
	return bench_echo_receive(sock, MSG_DONTWAIT);
}

static int bench_packets(u64 nr, struct socket *sock)
{
	struct bench_work work = { bench_echo_start, bench_echo_done, bench_echo_end, sock };

	guard(mutex)(&bench_lock);
	return bench_run(nr, bench_work, &work);
}

static int bench_exchanges(u64 nr, struct socket *sock)
{
	int ret = 0;

	sock->sk->sk_rcvtimeo = BENCH_RECEIVE_TIMEOUT;
	while (nr-- && !ret)
		ret = bench_echo_start(sock) ?: bench_echo_receive(sock, 0);
	return ret;
}

static int bench_with_peer(u64 nr, int (*fn)(u64 nr, struct socket *sock))
{
	struct sockaddr_in peer = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(bench_peer),
		.sin_port = htons(bench_port),
	};
	struct socket *sock;
	int ret;

	ret = sock_create_kern(&init_net, AF_INET, SOCK_DGRAM, IPPROTO_UDP, &sock);
	if (ret)
		return ret;

	ret = kernel_connect(sock, (void *)&peer, sizeof(peer), 0) ?: fn(nr, sock);
	sock_release(sock);
	return ret;
}

static int bench_packets_set(void *data, u64 nr)
{
	return bench_with_peer(nr, bench_packets);
}
DEFINE_DEBUGFS_ATTRIBUTE(bench_packets_fops, NULL, bench_packets_set, "%llu\n");

static int bench_exchanges_set(void *data, u64 nr)
{
	return bench_with_peer(nr, bench_exchanges);
}
DEFINE_DEBUGFS_ATTRIBUTE(bench_exchanges_fops, NULL, bench_exchanges_set, "%llu\n");

static int __init bench_init(void)
{
	bench_page = alloc_page(GFP_KERNEL);
	if (!bench_page)
		return -ENOMEM;

	bench_dir = debugfs_create_dir("vis_bench", NULL);
	debugfs_create_file_unsafe("full", 0200, bench_dir, NULL, &bench_full_fops);
	debugfs_create_file_unsafe("dispatch", 0200, bench_dir, NULL, &bench_dispatch_fops);
	debugfs_create_file_unsafe("floor", 0200, bench_dir, NULL, &bench_floor_fops);
	debugfs_create_file_unsafe("mask", 0200, bench_dir, bench_data, &bench_mask_fops);
	debugfs_create_file_unsafe("unmask", 0200, bench_dir, NULL, &bench_mask_fops);
	debugfs_create_file_unsafe("linger", 0600, bench_dir, NULL, &bench_linger_fops);
	debugfs_create_file_unsafe("io", 0200, bench_dir, NULL, &bench_io_fops);
	debugfs_create_file_unsafe("read", 0200, bench_dir, NULL, &bench_read_fops);
	debugfs_create_file_unsafe("packets", 0200, bench_dir, NULL, &bench_packets_fops);
	debugfs_create_file_unsafe("exchanges", 0200, bench_dir, NULL, &bench_exchanges_fops);
	debugfs_create_x32("peer", 0600, bench_dir, &bench_peer);
	debugfs_create_u16("port", 0600, bench_dir, &bench_port);
	debugfs_create_u32_array("samples", 0400, bench_dir, &bench_samples);
	return 0;
}
module_init(bench_init);

static void __exit bench_exit(void)
{
	debugfs_remove_recursive(bench_dir);
	__free_page(bench_page);
}
module_exit(bench_exit);

MODULE_DESCRIPTION("Virtio Interrupt Storage benchmark support");
MODULE_LICENSE("GPL");
