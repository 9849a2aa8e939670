/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The conformance run: declarations that its files share
 */
#ifndef _VIS_CONFORM_H
#define _VIS_CONFORM_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/io.h>
#include <linux/msi.h>
#include <linux/platform_device.h>
#include <linux/virtio_vis.h>
#include <uapi/linux/virtio_config.h>
#include <uapi/linux/virtio_mmio.h>
#include <uapi/linux/virtio_ring.h>

/* Vectors that have an interrupt of this run; the entries of the others repeat their messages */
#define VC_VECTORS		2U
#define VC_QUEUE_NUM		8
#define VC_PARTS		3
#define VC_PART_SIZE		512

/* An event may occur, and be shown in a pending table, this much later than its buffer is used */
#define VC_LATE_MS		100
/* A busy machine may delay a pending bit that must be shown within 100 ms */
#define VC_PENDING_US		USEC_PER_SEC

/* No device has a queue of this number; its lower half is 0, the number of an existing queue */
#define VC_NO_QUEUE		BIT(16)

/* The vector register of a queue without a vector reads this */
#define VC_NONE			VIRTIO_VIS_NO_VECTOR

#define VC_F_VIS		BIT_ULL(VIRTIO_F_VIS)
#define VC_F_VERSION_1		BIT_ULL(VIRTIO_F_VERSION_1)
#define VC_F_RING_RESET		BIT_ULL(VIRTIO_F_RING_RESET)

/* Registers that older headers lack */
#define VC_QUEUE_RESET		0x0c0
#define VC_RESERVED		0x0d4

struct vc_desc {
	__le64	addr;
	__le32	len;
	__le16	flags;
	__le16	next;
};

/**
 * struct vc_ring - The queue of the run, and the memory of its one request
 * @desc:	Descriptors
 * @avail:	Buffers that the device may use
 * @used:	Buffers that the device has used
 * @data:	The parts of the request
 * @scratch:	Target of a message that must not reach memory
 */
struct vc_ring {
	struct vc_desc	desc[VC_QUEUE_NUM];
	struct {
		__le16	flags;
		__le16	idx;
		__le16	ring[VC_QUEUE_NUM];
	} avail;
	struct {
		__le16	flags;
		__le16	idx;
		__le32	ring[2 * VC_QUEUE_NUM];
	} used __aligned(4);
	u8		data[VC_PARTS][VC_PART_SIZE];
	__le32		scratch;
};

/**
 * struct vc_vector - An interrupt of the run
 * @c:		The run
 * @irq:	The interrupt, 0 if there is none
 * @msg:	The message that raises it
 * @count:	Number of times that it came
 * @mark:	@count at vc_mark()
 */
struct vc_vector {
	struct vc	*c;
	unsigned int	irq;
	struct msi_msg	msg;
	atomic_t	count;
	int		mark;
};

enum vc_verdict {
	VC_UNSEEN,
	VC_KEPT,
	VC_BROKEN,
};

/**
 * struct vc_result - Result of the run for one statement
 * @verdict:	The worst verdict of all checks
 * @why:	The observation that broke the statement; or why it cannot be observed, or empty
 */
struct vc_result {
	enum vc_verdict	verdict;
	char		why[96];
};

/**
 * struct vc - A run with one device
 * @pdev:	The device
 * @regs:	Its registers
 * @layout:	Its tables, as the registers gave them at first
 * @vis:	The interrupt storage, which owns the interrupts
 * @mask:	The mask table
 * @entries:	The vector table
 * @pending:	The pending table, or NULL
 * @kind:	The kind of device, which determines the request
 * @features:	The features that it offers
 * @ring:	The queue
 * @ring_dma:	Address of @ring for the device
 * @vector:	The interrupts
 * @nvec:	Number of @vector in use
 * @line:	Interrupt of the line, 0 if the line is shared or missing
 * @line_count:	Number of times that it came
 * @line_mark:	@line_count at vc_mark()
 * @line_off:	The handler of the line has disabled it
 * @line_status: InterruptStatus at the last interrupt of the line
 * @used_late:	An interrupt came before the used index that it announces
 * @mask_lies:	The mask table does not read as it was written
 * @driver_tables: The device works with supplied tables
 * @commits_send: A commit sends without an event, as it should not
 * @no_queue:	VC_NO_QUEUE names no queue
 * @stuck:	The device may go on using the memory that it was given
 * @posted:	Number of requests that the device was given
 * @ended:	The reason why the run ended early, or empty
 * @results:	One result for each of vc_statements
 */
struct vc {
	struct platform_device		*pdev;
	void __iomem			*regs;
	struct virtio_vis_layout	layout;
	struct virtio_vis		*vis;
	void __iomem			*mask;
	struct virtio_vis_entry		*entries;
	__le32				*pending;
	const struct vc_kind		*kind;
	u64				features;
	struct vc_ring			*ring;
	dma_addr_t			ring_dma;
	struct vc_vector		vector[VC_VECTORS];
	unsigned int			nvec;
	unsigned int			line;
	atomic_t			line_count;
	int				line_mark;
	bool				line_off;
	u32				line_status;
	bool				used_late;
	bool				mask_lies;
	bool				driver_tables;
	bool				commits_send;
	bool				no_queue;
	bool				stuck;
	u16				posted;
	char				ended[96];
	struct vc_result		*results;
};

struct seq_file;

static inline u32 vc_read(struct vc *c, unsigned int reg)
{
	return readl(c->regs + reg);
}

static inline void vc_write(struct vc *c, unsigned int reg, u32 value)
{
	writel(value, c->regs + reg);
}

/* The report */

int vc_report_init(struct vc *c);
void vc_report_show(struct vc *c, struct seq_file *s);
__printf(2, 3) void vc_end(struct vc *c, const char *fmt, ...);
__printf(4, 5) bool vc_check(struct vc *c, unsigned int id, bool kept, const char *fmt, ...);
void vc_unseen(struct vc *c, unsigned int id, const char *why);
void vc_unseen_all(struct vc *c, const unsigned int *ids, const char *why);

/* The device */

bool vc_is_offered(struct vc *c);
void vc_discover(struct vc *c);
bool vc_take(struct vc *c);
void vc_release(struct vc *c);

u64 vc_read_address(struct vc *c, unsigned int low);
void vc_write_address(struct vc *c, unsigned int low, u64 addr);
bool vc_reset(struct vc *c);
bool vc_negotiate(struct vc *c, u64 features);
bool vc_begin(struct vc *c);
void vc_enable(struct vc *c);
void vc_driver_ok(struct vc *c);
bool vc_start(struct vc *c);

void vc_set_entry(struct vc *c, unsigned int vector, const struct msi_msg *msg);
void vc_set_entries(struct vc *c);
u32 vc_void_bits(struct vc *c, unsigned int word);
void vc_commit(struct vc *c, u32 unmasked);
u32 vc_map_queue(struct vc *c, u32 vector);
u32 vc_map_config(struct vc *c, u32 vector);

bool vc_event(struct vc *c);
void vc_mark(struct vc *c);
bool vc_comes(struct vc *c, unsigned int vector);
void vc_await_line(struct vc *c);
unsigned int vc_news(struct vc *c);

u32 vc_pending_word(struct vc *c, unsigned int w);
bool vc_pending_becomes(struct vc *c, u32 value);
void vc_pending_changes(struct vc *c, u32 value);
void vc_await_event(struct vc *c);

/* The checks */

void vc_run_checks(struct vc *c, bool break_ring);
bool vc_enabled(struct vc *c);
unsigned int vc_words(struct vc *c);
bool vc_check_quiet(struct vc *c, unsigned int id, const char *when);
void vc_check_mask(struct vc *c, unsigned int id, u32 value, const char *when);

/* Checks of registers, tables and mappings */
void vc_check_discovery(struct vc *c);
void vc_check_constant(struct vc *c);
void vc_check_features(struct vc *c);
void vc_check_registers(struct vc *c);
unsigned int vc_changed_entry(struct vc *c);
void vc_check_table(struct vc *c);
void vc_check_table_speed(struct vc *c);
void vc_check_enable(struct vc *c);
void vc_check_enable_window(struct vc *c);
void vc_check_masks(struct vc *c);
void vc_check_mapping(struct vc *c);
void vc_check_queue_sel(struct vc *c);

/* Checks of interrupts */
void vc_check_interrupt(struct vc *c);
void vc_check_notifications(struct vc *c);
void vc_check_used_first(struct vc *c);
void vc_check_unmapped(struct vc *c);
void vc_check_all_unmasked(struct vc *c);
void vc_check_shared(struct vc *c);
void vc_check_silence(struct vc *c);
void vc_check_pending(struct vc *c);
void vc_check_pending_table(struct vc *c);
void vc_check_two_vectors(struct vc *c);
void vc_check_messages(struct vc *c);
void vc_check_entries(struct vc *c);

/* Checks of resets, bad accesses and the line */
void vc_check_reset(struct vc *c);
void vc_check_queue_reset(struct vc *c);
void vc_check_bad_accesses(struct vc *c);
void vc_check_line_disabled(struct vc *c);
void vc_check_line_enabled(struct vc *c);
void vc_check_needs_reset(struct vc *c);

void vc_check_supplied(struct vc *c);

#endif /* _VIS_CONFORM_H */
