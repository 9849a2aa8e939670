/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QTest testcases of Virtio Interrupt Storage (VIS)
 *
 * The numbers D... are those of the device statements in
 * Documentation/virtio-vis.rst of virtio-vis. The device is a virtio-blk disk,
 * and its events are requests for its serial number and changes of its size.
 * The cases read its messages from its trace. They accept messages as late as
 * the specification allows, and in any order. Each case that starts the device
 * runs in every configuration, and all run on each variant of the device.
 */

#include "qemu/osdep.h"
#include "libqtest.h"
#include "qemu/bitops.h"
#include "qemu/bswap.h"
#include "qemu/units.h"
#include "qobject/qdict.h"
#include "standard-headers/linux/virtio_blk.h"
#include "standard-headers/linux/virtio_config.h"
#include "standard-headers/linux/virtio_ids.h"
#include "standard-headers/linux/virtio_mmio.h"
#include "standard-headers/linux/virtio_ring.h"
#include "standard-headers/linux/virtio_vis.h"

#define MMIO            0xfeb00000
#define IOAPIC          0xfec00000
#define IOAPIC_PIN      16
#define QUEUE_RESET     0x0c0
#define VIS_RESERVED    0x0d4
#define MSI             0xfee00000
#define MSI_VECTOR      0x40
#define NR_QUEUES       4
#define CONFIG_VECTOR   NR_QUEUES
#define NR_VECTORS      (NR_QUEUES + 1)
#define QUEUE_SIZE      4
#define NR_ENTRIES      300
#define NR_MANY         1024
#define LAST_OF_MANY    (NR_MANY - 1)
#define BOUNDED_NS      (100 * 1000 * 1000)

/* Guest memory */
#define QUEUE_MEM(q)    (1 * MiB + (q) * 64 * KiB)
#define DESC(q)         QUEUE_MEM(q)
#define AVAIL(q)        (QUEUE_MEM(q) + 0x1000)
#define USED(q)         (QUEUE_MEM(q) + 0x2000)
#define REQUEST(q)      (QUEUE_MEM(q) + 0x3000)
#define SERIAL(q)       (QUEUE_MEM(q) + 0x3100)
#define REQ_STATUS(q)   (QUEUE_MEM(q) + 0x3200)
#define DATA(q)         (QUEUE_MEM(q) + 0x3400)
#define SCRATCH         (2 * MiB)
/* These tables have the least alignment. */
#define TABLE           (8 * MiB + 16)
#define PENDING         (12 * MiB + 4)
#define OTHER_TABLE     (16 * MiB + 16)
#define OTHER_PENDING   (20 * MiB + 4)
#define NO_MEMORY       (64 * MiB)
#define PATTERN         0x5a

#define STATUS_DRIVER   (VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER)
#define SECTOR_SIZE     512

#define STATUS_FEATURES (STATUS_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK)
#define STATUS_LIVE     (STATUS_FEATURES | VIRTIO_CONFIG_S_DRIVER_OK)

#define VERSION_1       BIT_ULL(VIRTIO_F_VERSION_1)
#define RING_RESET      BIT_ULL(VIRTIO_F_RING_RESET)
#define VIS             BIT_ULL(VIRTIO_F_VIS)

/* Virtio 1.4 */
#define VIRTIO_F_SUSPEND 43

/**
 * Config: a configuration in which cases run
 * @variant: variant of the device, or NULL for the plain one
 * @suffix: suffix of the names of the cases
 * @globals: options of QEMU's command line
 * @device: properties of the disk
 * @async: the parts of the device run concurrently
 * @in_iothread: one part is an iothread, which signals by a notifier
 * @kvm: a CPU runs in KVM, and time passes by itself
 * @supplies: the driver supplies the vector table and the pending table
 */
typedef struct Config {
    const char *variant;
    const char *suffix;
    const char *globals;
    const char *device;
    bool async;
    bool in_iothread;
    bool kvm;
    bool supplies;
} Config;

#define SIGNALS "virtio_notify_irqfd_deferred_fn"

#define DIRECT          "-global virtio-mmio.ioeventfd=off "
#define IOTHREAD        "-object iothread,id=io -trace " SIGNALS " "
#define IN_IOTHREAD     ",iothread=io", .async = true, .in_iothread = true
#define VARIANT(_name)  "-global virtio-mmio.x-vis-variant=" _name " "

static const Config configs[] = {
    { NULL, "", DIRECT, "" },
    { NULL, ".ioeventfd", "", "", .async = true },
    { NULL, ".iothread", IOTHREAD, IN_IOTHREAD },
};

static const Config variants[] = {
    { "small", "", VARIANT("small") DIRECT, "" },
    { "small", ".iothread", VARIANT("small") IOTHREAD, IN_IOTHREAD },
    { "supplied", "", VARIANT("supplied") DIRECT, "", .supplies = true },
    { "supplied", ".iothread", VARIANT("supplied") IOTHREAD, IN_IOTHREAD,
      .supplies = true },
    { "odd", "", VARIANT("odd") IOTHREAD, IN_IOTHREAD },
    { "odd", ".direct", VARIANT("odd") DIRECT, "" },
};

/* The signals of an iothread go by irqfd. */
static const Config kvm = {
    "kvm", "", IOTHREAD, IN_IOTHREAD, .kvm = true
};
static const Config kvm_many = {
    "kvm", "", "-object iothread,id=io",
    ",num-queues=" stringify(NR_MANY) IN_IOTHREAD, .kvm = true
};

static const Config *config = &configs[0];

/* The case runs in every configuration. */
static bool runs_everywhere;

/* The block device behind the disk */
static const char *backend = "disk";

typedef struct Vis {
    QTestState *qts;
    char *disk;
    char *log;
    char *firmware;
    size_t log_read;
    GString *text;
    uint64_t disk_size;
    uint64_t mmio;
    uint32_t nr_vectors;
    uint64_t table;
    uint64_t mask;
    uint64_t pending;
} Vis;

/* The machine */

static char *temp_file(void)
{
    char *name;
    int fd = g_file_open_tmp("vis-qtest-XXXXXX", &name, NULL);

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    return name;
}

static uint32_t reg_read(Vis *t, uint64_t offset)
{
    return qtest_readl(t->qts, t->mmio + offset);
}

static bool starts_device(uint64_t offset, uint32_t value)
{
    return offset == VIRTIO_MMIO_QUEUE_NOTIFY ||
           (offset == VIRTIO_MMIO_STATUS &&
            (value & VIRTIO_CONFIG_S_DRIVER_OK));
}

static void reg_write(Vis *t, uint64_t offset, uint32_t value)
{
    g_assert_true(runs_everywhere || !starts_device(offset, value));
    qtest_writel(t->qts, t->mmio + offset, value);
}

static uint64_t reg_read64(Vis *t, uint64_t low)
{
    return (uint64_t)reg_read(t, low + 4) << 32 | reg_read(t, low);
}

static void discover(Vis *t)
{
    t->nr_vectors = reg_read(t, VIRTIO_MMIO_VIS_NUM_VECTORS) &
                    VIRTIO_VIS_NUM_VECTORS_N;
    t->table = reg_read64(t, VIRTIO_MMIO_VIS_TABLE_LOW);
    t->mask = reg_read64(t, VIRTIO_MMIO_VIS_MASK_LOW);
    t->pending = reg_read64(t, VIRTIO_MMIO_VIS_PENDING_LOW);
}

/*
 * A CPU in KVM enables its local APIC, as an x2APIC, and halts for good. So no
 * firmware finds the disk, and all interrupts that the APIC receives stay in
 * its IRR.
 */
static char *halting_firmware(void)
{
    static const uint8_t enable[] = {
        0x66, 0xb9, 0x1b, 0x00, 0x00, 0x00, /* mov $APIC_BASE, %ecx */
        0x66, 0xb8, 0x00, 0x0d, 0xe0, 0xfe, /* mov $0xfee00d00, %eax */
        0x66, 0x31, 0xd2,                   /* xor %edx, %edx */
        0x0f, 0x30,                         /* wrmsr */
        0x66, 0xb9, 0x0f, 0x08, 0x00, 0x00, /* mov $x2APIC_SVR, %ecx */
        0x66, 0xb8, 0xff, 0x01, 0x00, 0x00, /* mov $0x1ff, %eax */
        0x0f, 0x30,                         /* wrmsr */
        0xf4                                /* hlt */
    };
    static const uint8_t jump[] = { 0xe9, 0x0d, 0xff }; /* to 0xff00 */
    char *name = temp_file();
    g_autofree char *code = g_malloc0(64 * KiB);

    memcpy(code + 0xff00, enable, sizeof(enable));
    memcpy(code + 0xfff0, jump, sizeof(jump));
    g_assert_true(g_file_set_contents(name, code, 64 * KiB, NULL));
    return name;
}

static Vis *vis_start(const char *options)
{
    g_autofree char *accel = NULL;
    Vis *t = g_new0(Vis, 1);

    if (config->kvm) {
        t->firmware = halting_firmware();
        accel = g_strdup_printf("-accel kvm -bios %s -trace kvm_irqchip_* "
                                "-trace kvm_vm_ioctl", t->firmware);
    }
    t->mmio = MMIO;
    t->disk = temp_file();
    t->log = temp_file();
    t->text = g_string_new(NULL);
    t->disk_size = 1 * MiB;
    g_assert_cmpint(truncate(t->disk, t->disk_size), ==, 0);
    t->qts = qtest_initf("-machine microvm,ioapic2=off -m 32M "
                         "-global virtio-mmio.force-legacy=false "
                         "-global virtio-mmio.vis=on %s %s %s "
                         "-blockdev file,filename=%s,node-name=disk,"
                         "locking=off "
                         "-device virtio-blk-device,bus=virtio-mmio-bus.0,"
                         "drive=%s,num-queues=%d%s "
                         "-d guest_errors,trace:virtio_mmio_vis_* -D %s",
                         accel ?: "", config->globals, options,
                         t->disk, backend, NR_QUEUES,
                         config->device, t->log);
    discover(t);
    return t;
}

/* QEMU ends within milliseconds, and qtest_quit() would look later. */
static void end_qemu(QTestState *qts)
{
    kill(qtest_pid(qts), SIGTERM);
    while (qtest_probe_child(qts)) {
        g_usleep(1000);
    }
    qtest_quit(qts);
}

static void vis_end(Vis *t)
{
    end_qemu(t->qts);
    backend = "disk";
    unlink(t->disk);
    unlink(t->log);
    if (t->firmware) {
        unlink(t->firmware);
    }
    g_free(t->firmware);
    g_free(t->disk);
    g_free(t->log);
    g_string_free(t->text, true);
    g_free(t);
}

/* The log */

static const char *read_log(Vis *t)
{
    g_autofree char *all = NULL;
    size_t length;

    g_assert_true(g_file_get_contents(t->log, &all, &length, NULL));
    g_string_append_len(t->text, all + t->log_read, length - t->log_read);
    t->log_read = length;
    return t->text->str;
}

static void forget_log(Vis *t)
{
    read_log(t);
    g_string_truncate(t->text, 0);
}

static bool logged(Vis *t, const char *what)
{
    return strstr(read_log(t), what);
}

static int compare_words(const void *a, const void *b)
{
    return g_strcmp0(*(const char **)a, *(const char **)b);
}

static char *sort_words(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);

    qsort(words, g_strv_length(words), sizeof(*words), compare_words);
    return g_strjoinv(" ", words);
}

/*
 * When this returns, every signalled event has occurred, and the device has
 * sent and shown everything that it sends or shows within bounded time.
 * Without an iothread, the device has nothing left to do.
 */
static void settle(Vis *t)
{
    if (config->async) {
        qtest_qmp_assert_success(t->qts, "{ 'execute': 'stop' }");
        qtest_qmp_assert_success(t->qts, "{ 'execute': 'cont' }");
    }
    if (!config->kvm) {
        qtest_clock_step(t->qts, BOUNDED_NS);
    }
}

/*
 * The messages that the @event traced, as " VECTOR:ADDRESS:DATA"...; those to
 * the default address of the vector appear as " VECTOR:DATA".
 */
static char *traced_messages(Vis *t, const char *event)
{
    g_autofree char *start = g_strdup_printf("virtio_mmio_vis_%s ", event);
    g_autoptr(GString) messages = g_string_new(NULL);
    const char *line = read_log(t);
    uint64_t mmio, address;
    uint32_t vector, data;

    while ((line = strstr(line, start))) {
        line += strlen(start);
        g_assert_cmpint(sscanf(line, "mmio 0x%" SCNx64 " vector %" SCNu32
                               " address 0x%" SCNx64 " data 0x%" SCNx32,
                               &mmio, &vector, &address, &data), ==, 4);
        g_assert_cmphex(mmio, ==, MMIO);
        g_string_append_printf(messages, " %u:", vector);
        if (address != MSI) {
            g_string_append_printf(messages, "%" PRIx64 ":", address);
        }
        g_string_append_printf(messages, "%x", data);
    }
    return sort_words(messages->str);
}

/* Expect these messages, and no others, since the last call. */
static void assert_sent(Vis *t, const char *messages)
{
    g_autofree char *expected = sort_words(messages);
    g_autofree char *sent = NULL;

    settle(t);
    sent = traced_messages(t, "send");
    g_assert_cmpstr(sent, ==, expected);
    forget_log(t);
}

static void assert_latched(Vis *t, const char *messages)
{
    g_autofree char *expected = sort_words(messages);
    g_autofree char *latched = traced_messages(t, "latch");

    g_assert_cmpstr(latched, ==, expected);
}

static uint32_t count_latched(Vis *t)
{
    g_autofree char *latched = traced_messages(t, "latch");
    uint32_t nr = 0;
    char *word;

    for (word = strchr(latched, ':'); word; word = strchr(word + 1, ':')) {
        nr++;
    }
    return nr;
}

/* The driver */

static void entry_write(Vis *t, uint32_t vector, uint64_t address,
                        uint32_t data)
{
    uint64_t entry = t->table + vector * sizeof(struct virtio_vis_entry);

    qtest_writel(t->qts, entry, address);
    qtest_writel(t->qts, entry + 4, address >> 32);
    qtest_writel(t->qts, entry + 8, data);
}

static void assert_entry(Vis *t, uint32_t vector, uint64_t address,
                         uint32_t data)
{
    uint64_t entry = t->table + vector * sizeof(struct virtio_vis_entry);

    g_assert_cmphex(qtest_readl(t->qts, entry), ==, (uint32_t)address);
    g_assert_cmphex(qtest_readl(t->qts, entry + 4), ==, address >> 32);
    g_assert_cmphex(qtest_readl(t->qts, entry + 8), ==, data);
}

static void entries_write(Vis *t)
{
    uint32_t vector;

    for (vector = 0; vector < MIN(t->nr_vectors, NR_ENTRIES); vector++) {
        entry_write(t, vector, MSI, MSI_VECTOR + vector);
    }
}

static void mask_write(Vis *t, uint32_t word, uint32_t value)
{
    qtest_writel(t->qts, t->mask + word * 4, value);
}

static uint32_t mask_read(Vis *t, uint32_t word)
{
    return qtest_readl(t->qts, t->mask + word * 4);
}

static uint32_t nr_words(Vis *t)
{
    return DIV_ROUND_UP(t->nr_vectors, 32);
}

/* The bits of a word that belong to no vector read as ones. */
static uint32_t mask_bits(Vis *t, uint32_t word, uint32_t bits)
{
    uint32_t nr = t->nr_vectors - word * 32;

    return nr < 32 ? bits | ~0u << nr : bits;
}

static void assert_mask(Vis *t, uint32_t word, uint32_t bits)
{
    g_assert_cmphex(mask_read(t, word), ==, mask_bits(t, word, bits));
}

static uint32_t pending_read(Vis *t, uint32_t word)
{
    return qtest_readl(t->qts, t->pending + word * 4);
}

/* Does nothing if there is no pending table. */
static void assert_pending(Vis *t, uint32_t word, uint32_t bits)
{
    if (t->pending) {
        settle(t);
        g_assert_cmphex(pending_read(t, word), ==, bits);
    }
}

static uint64_t device_features(Vis *t)
{
    uint64_t features;

    reg_write(t, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
    features = (uint64_t)reg_read(t, VIRTIO_MMIO_DEVICE_FEATURES) << 32;
    reg_write(t, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
    return features | reg_read(t, VIRTIO_MMIO_DEVICE_FEATURES);
}

static void await_reset(Vis *t)
{
    int reads = 0;

    while (reg_read(t, VIRTIO_MMIO_STATUS)) {
        g_assert_cmpint(reads++, <, 1000);
    }
    if (config->supplies) {
        discover(t);
    }
}

static void reset_device(Vis *t)
{
    reg_write(t, VIRTIO_MMIO_STATUS, 0);
    await_reset(t);
}

static void write_address(Vis *t, uint64_t low, uint64_t address)
{
    reg_write(t, low, address);
    reg_write(t, low + 4, address >> 32);
}

static void supply(Vis *t, uint64_t table, uint64_t pending)
{
    write_address(t, VIRTIO_MMIO_VIS_TABLE_LOW, table);
    write_address(t, VIRTIO_MMIO_VIS_PENDING_LOW, pending);
    t->table = table;
    t->pending = pending;
}

static void accept_features(Vis *t, uint64_t features)
{
    reg_write(t, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
    reg_write(t, VIRTIO_MMIO_DRIVER_FEATURES, features);
    reg_write(t, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
    reg_write(t, VIRTIO_MMIO_DRIVER_FEATURES, features >> 32);
}

static void negotiate(Vis *t, uint64_t features)
{
    reset_device(t);
    reg_write(t, VIRTIO_MMIO_STATUS, STATUS_DRIVER);
    accept_features(t, features);
    reg_write(t, VIRTIO_MMIO_STATUS, STATUS_FEATURES);
    if (config->supplies && (features & VIS)) {
        qtest_memset(t->qts, PENDING, 0, nr_words(t) * 4);
        supply(t, TABLE, PENDING);
    }
}

static void select_queue(Vis *t, uint32_t queue)
{
    reg_write(t, VIRTIO_MMIO_QUEUE_SEL, queue);
}

static void map_queue(Vis *t, uint32_t queue, uint32_t vector)
{
    select_queue(t, queue);
    reg_write(t, VIRTIO_MMIO_VIS_QUEUE_VECTOR, vector);
}

static uint32_t mapping_of(Vis *t, uint32_t queue)
{
    select_queue(t, queue);
    return reg_read(t, VIRTIO_MMIO_VIS_QUEUE_VECTOR);
}

static void map_config(Vis *t, uint32_t vector)
{
    reg_write(t, VIRTIO_MMIO_VIS_CONFIG_VECTOR, vector);
}

static void map_all(Vis *t)
{
    uint32_t queue;

    for (queue = 0; queue < NR_QUEUES; queue++) {
        map_queue(t, queue, queue);
    }
    map_config(t, CONFIG_VECTOR);
}

static void desc_write(Vis *t, uint32_t queue, uint32_t i, uint64_t address,
                       uint32_t length, uint16_t flags)
{
    uint64_t desc = DESC(queue) + i * sizeof(struct vring_desc);

    qtest_writeq(t->qts, desc, address);
    qtest_writel(t->qts, desc + 8, length);
    qtest_writew(t->qts, desc + 12, flags);
    qtest_writew(t->qts, desc + 14, i + 1);
}

static void setup_queue(Vis *t, uint32_t queue)
{
    qtest_memset(t->qts, QUEUE_MEM(queue), 0, 64 * KiB);
    qtest_writel(t->qts, REQUEST(queue), VIRTIO_BLK_T_GET_ID);
    desc_write(t, queue, 0, REQUEST(queue), 16, VRING_DESC_F_NEXT);
    desc_write(t, queue, 1, SERIAL(queue), VIRTIO_BLK_ID_BYTES,
               VRING_DESC_F_NEXT | VRING_DESC_F_WRITE);
    desc_write(t, queue, 2, REQ_STATUS(queue), 1, VRING_DESC_F_WRITE);

    select_queue(t, queue);
    reg_write(t, VIRTIO_MMIO_QUEUE_NUM, QUEUE_SIZE);
    reg_write(t, VIRTIO_MMIO_QUEUE_DESC_LOW, DESC(queue));
    reg_write(t, VIRTIO_MMIO_QUEUE_AVAIL_LOW, AVAIL(queue));
    reg_write(t, VIRTIO_MMIO_QUEUE_USED_LOW, USED(queue));
    reg_write(t, VIRTIO_MMIO_QUEUE_READY, 1);
}

static void setup_queues(Vis *t)
{
    uint32_t queue;

    for (queue = 0; queue < NR_QUEUES; queue++) {
        setup_queue(t, queue);
    }
}

static void vis_enable(Vis *t)
{
    reg_write(t, VIRTIO_MMIO_VIS_CONTROL, VIRTIO_VIS_CONTROL_ENABLE);
}

static void driver_ok(Vis *t)
{
    reg_write(t, VIRTIO_MMIO_STATUS, STATUS_LIVE);
}

/* Start the device up to the step before ENABLE. */
static Vis *vis_start_mapped(const char *options)
{
    Vis *t = vis_start(options);

    negotiate(t, VERSION_1 | RING_RESET | VIS);
    setup_queues(t);
    entries_write(t);
    map_all(t);
    forget_log(t);
    return t;
}

static void unmask_all(Vis *t)
{
    uint32_t word;

    for (word = 0; word < nr_words(t); word++) {
        mask_write(t, word, 0);
    }
}

/* As vis_start_live(), for a device that was in use and keeps its entries */
static void restart_live(Vis *t)
{
    negotiate(t, VERSION_1 | RING_RESET | VIS);
    setup_queues(t);
    map_all(t);
    vis_enable(t);
    unmask_all(t);
    driver_ok(t);
}

static Vis *vis_start_live(const char *options)
{
    Vis *t = vis_start_mapped(options);

    vis_enable(t);
    unmask_all(t);
    driver_ok(t);
    settle(t);
    forget_log(t);
    return t;
}

/* As vis_start_live(), but with all vectors masked and without DRIVER_OK */
static Vis *vis_start_enabled(const char *options)
{
    Vis *t = vis_start_mapped(options);

    vis_enable(t);
    return t;
}

static uint16_t queue_offer(Vis *t, uint32_t queue)
{
    uint16_t index = qtest_readw(t->qts, AVAIL(queue) + 2) + 1;

    qtest_writew(t->qts, AVAIL(queue) + 2, index);
    return index;
}

static uint16_t queue_request(Vis *t, uint32_t queue)
{
    uint16_t index = queue_offer(t, queue);

    reg_write(t, VIRTIO_MMIO_QUEUE_NOTIFY, queue);
    return index;
}

/*
 * One event of a queue is signalled when this returns, or will be soon. If the
 * parts of the device run concurrently, it may not have occurred yet.
 */
static void queue_signal(Vis *t, uint32_t queue)
{
    uint16_t index = queue_request(t, queue);

    while (qtest_readw(t->qts, USED(queue) + 2) != index) {
        g_assert_true(config->async);
    }
}

/* One event of a queue has been signalled when this returns. */
static void queue_signal_done(Vis *t, uint32_t queue)
{
    settle(t);
    forget_log(t);
    queue_signal(t, queue);
    if (!config->in_iothread) {
        return;
    }
    while (!logged(t, SIGNALS)) {
        /* Once the iothread has put the buffer into the ring, it signals. */
    }
    /* It traces that first, so wait until it has done the next request. */
    qtest_writew(t->qts, AVAIL(queue), VRING_AVAIL_F_NO_INTERRUPT);
    queue_signal(t, queue);
    qtest_writew(t->qts, AVAIL(queue), 0);
}

/* One event of a queue has occurred when this returns. */
static void queue_event(Vis *t, uint32_t queue)
{
    queue_signal(t, queue);
    settle(t);
}

/* Once a configuration change is signalled, ConfigGeneration counts it. */
static void config_signal(Vis *t)
{
    uint32_t generation = reg_read(t, VIRTIO_MMIO_CONFIG_GENERATION);
    uint64_t size = t->disk_size + 1 * MiB;

    t->disk_size = size;
    qtest_qmp_assert_success(t->qts, "{ 'execute': 'block_resize',"
                             " 'arguments': { 'node-name': 'disk',"
                             " 'size': %" PRIu64 " } }", size);
    while (reg_read(t, VIRTIO_MMIO_CONFIG_GENERATION) == generation) {
        /* A bottom half of the main loop sends the notification. */
    }
}

static void config_event(Vis *t)
{
    config_signal(t);
    settle(t);
}

static bool line_is_high(Vis *t)
{
    return qtest_get_irq(t->qts, IOAPIC_PIN);
}

/* 1. Feature bit and discovery */

static void test_feature_offered(void)
{
    Vis *t = vis_start("");

    /* D101, D102 */
    g_assert_cmphex(device_features(t) & (VIS | VERSION_1), ==,
                    VIS | VERSION_1);
    vis_end(t);

    t = vis_start("-global virtio-mmio.vis=off");
    g_assert_cmphex(device_features(t) & VIS, ==, 0);
    g_assert_cmphex(t->nr_vectors, ==, 0);
    vis_end(t);
}

/* Run QEMU with a device that it must refuse, and return its messages. */
static char *refusal(const char *options)
{
    g_autofree char *command =
        g_strdup_printf("%s -machine microvm,accel=qtest -display none "
                        "-global virtio-mmio.force-legacy=false "
                        "-global virtio-mmio.vis=on %s "
                        "-device virtio-rng-device",
                        getenv("QTEST_QEMU_BINARY"), options);
    const char *argv[] = { "/bin/sh", "-c", command, NULL };
    char *errors;
    int status;

    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, 0, NULL, NULL, NULL,
                               &errors, &status, NULL));
    g_assert_cmpint(status, !=, 0);
    return errors;
}

static void test_feature_not_in_legacy_mode(void)
{
    /* D102 */
    g_autofree char *errors = refusal("-global virtio-mmio.force-legacy=true");

    g_assert_nonnull(strstr(errors, "vis=on needs force-legacy=false"));
}

static void test_feature_needs_version_1(void)
{
    Vis *t = vis_start("");

    /* D103 */
    negotiate(t, VIS);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_STATUS), ==, STATUS_DRIVER);
    negotiate(t, VERSION_1 | VIS);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_STATUS), ==, STATUS_FEATURES);
    vis_end(t);
}

static void check_num_vectors(const char *options, uint32_t expected)
{
    Vis *t = vis_start(options);

    g_assert_cmpuint(t->nr_vectors, ==, expected);
    vis_end(t);
}

static void test_num_vectors(void)
{
    g_autofree char *errors = refusal("-global virtio-mmio.vectors=65536");

    /* D104 */
    g_assert_nonnull(strstr(errors, "vectors=65536"));
    check_num_vectors("-global virtio-mmio.vectors=1", 1);
    check_num_vectors("-global virtio-mmio.vectors=33", 33);
    check_num_vectors("-global virtio-mmio.vectors=65535", 65535);
}

static void test_num_vectors_default(void)
{
    Vis *t = vis_start("");

    /* D105, D106: the odd device has a reason not to follow these SHOULDs */
    g_assert_cmpuint(t->nr_vectors, >=, 2);
    if (!config->variant) {
        g_assert_cmpuint(t->nr_vectors, ==, NR_VECTORS);
    }
    vis_end(t);
}

static void test_variant_unknown(void)
{
    g_autofree char *errors = refusal("-global virtio-mmio.x-vis-variant=even");

    g_assert_nonnull(strstr(errors, "x-vis-variant=even"));
}

static void test_draft_number(void)
{
    Vis *t = vis_start("");
    uint32_t value = reg_read(t, VIRTIO_MMIO_VIS_NUM_VECTORS);

    /* D107, D108, D111 */
    g_assert_cmphex(value, ==, 0x20000000 | t->nr_vectors |
                    (config->supplies ? BIT(16) : 0));
    vis_end(t);
}

static void test_discovery_constant(void)
{
    Vis *t = config->supplies ? vis_start("") : vis_start_live("");
    Vis before = *t;

    /* D109 */
    discover(t);
    g_assert_cmpmem(&before, sizeof(before), t, sizeof(*t));
    reset_device(t);
    discover(t);
    g_assert_cmpmem(&before, sizeof(before), t, sizeof(*t));
    qtest_system_reset(t->qts);
    discover(t);
    g_assert_cmpmem(&before, sizeof(before), t, sizeof(*t));
    vis_end(t);
}

/* 2. Registers */

static void test_registers_readable_when_offered(void)
{
    Vis *t = vis_start("");

    /* D201 */
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_STATUS), ==, 0);
    g_assert_cmphex(t->table, !=, 0);
    g_assert_cmphex(t->mask, !=, 0);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONTROL), ==, 0);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONFIG_VECTOR), ==,
                    VIRTIO_VIS_NO_VECTOR);
    g_assert_cmphex(mapping_of(t, 0), ==, VIRTIO_VIS_NO_VECTOR);
    vis_end(t);
}

static void check_writes_ignored(Vis *t)
{
    map_all(t);
    vis_enable(t);
    mask_write(t, 0, 0);
    g_assert_cmphex(mask_read(t, 0), ==, 0xffffffff);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONTROL), ==, 0);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONFIG_VECTOR), ==,
                    VIRTIO_VIS_NO_VECTOR);
    g_assert_cmphex(mapping_of(t, 0), ==, VIRTIO_VIS_NO_VECTOR);
}

static void test_registers_ignored_unless_negotiated(void)
{
    Vis *t = vis_start("");

    /* D202 */
    check_writes_ignored(t);
    negotiate(t, VERSION_1);
    check_writes_ignored(t);
    /* Features written after FEATURES_OK negotiate nothing. */
    reg_write(t, VIRTIO_MMIO_DRIVER_FEATURES, (VERSION_1 | VIS) >> 32);
    reg_write(t, VIRTIO_MMIO_STATUS, STATUS_FEATURES);
    check_writes_ignored(t);
    negotiate(t, VERSION_1 | VIS);
    map_all(t);
    g_assert_cmphex(mapping_of(t, 0), ==, 0);
    vis_end(t);
}

static void test_mask_ignored_unless_negotiated(void)
{
    Vis *t = vis_start_live("");

    /* D202: the driver may take FEATURES_OK back */
    mask_write(t, 0, BIT(0));
    reg_write(t, VIRTIO_MMIO_STATUS, STATUS_DRIVER);
    forget_log(t);
    mask_write(t, 0, 0);
    assert_latched(t, "");
    assert_mask(t, 0, BIT(0));
    vis_end(t);
}

static void test_control_reserved_bits(void)
{
    Vis *t = vis_start_mapped("");

    /* D203, D204 */
    reg_write(t, VIRTIO_MMIO_VIS_CONTROL, 0xfffffffe);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONTROL), ==, 0);
    reg_write(t, VIRTIO_MMIO_VIS_CONTROL, 0xffffffff);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONTROL), ==, 1);
    vis_end(t);
}

static void test_reserved_register(void)
{
    Vis *t = vis_start("");

    /* D205, D206 */
    reg_write(t, VIS_RESERVED, 0xffffffff);
    g_assert_cmphex(reg_read(t, VIS_RESERVED), ==, 0);
    vis_end(t);
}

static void check_read_only(Vis *t)
{
    static const uint32_t offsets[] = {
        VIRTIO_MMIO_VIS_NUM_VECTORS,
        VIRTIO_MMIO_VIS_TABLE_LOW, VIRTIO_MMIO_VIS_TABLE_HIGH,
        VIRTIO_MMIO_VIS_MASK_LOW, VIRTIO_MMIO_VIS_MASK_HIGH,
        VIRTIO_MMIO_VIS_PENDING_LOW, VIRTIO_MMIO_VIS_PENDING_HIGH,
    };
    uint32_t before;
    int i;

    for (i = 0; i < ARRAY_SIZE(offsets); i++) {
        before = reg_read(t, offsets[i]);
        reg_write(t, offsets[i], ~before);
        g_assert_cmphex(reg_read(t, offsets[i]), ==, before);
    }
}

static void test_registers_read_only(void)
{
    Vis *t = vis_start_mapped("");

    /* D205 */
    if (!config->supplies) {
        check_read_only(t);
    }
    vis_enable(t);
    check_read_only(t);
    vis_end(t);
}

/* 3. Vector table */

static void test_vector_table_layout(void)
{
    Vis *t = vis_start("-global virtio-mmio.vectors=65535");
    uint32_t last = t->nr_vectors - 1;

    /* D301, D302, D307, D309: up to the last entry */
    entry_write(t, 0, 0x1122334455667788, 0x99aabbcc);
    entry_write(t, last, 0x8877665544332211, 0xccbbaa99);
    assert_entry(t, 0, 0x1122334455667788, 0x99aabbcc);
    assert_entry(t, last, 0x8877665544332211, 0xccbbaa99);
    vis_end(t);

    t = vis_start_mapped("");
    entry_write(t, 1, MSI | 0x1000, 0x51);
    vis_enable(t);
    mask_write(t, 0, (uint32_t)~BIT(1));
    driver_ok(t);
    queue_event(t, 1);
    assert_sent(t, " 1:fee01000:51");
    vis_end(t);
}

static void test_vector_table_reads_back(void)
{
    Vis *t = vis_start_live("");

    /* D310: entries that are not latched as well, beside one that is */
    entry_write(t, 0, 0x1122334455667788, 0x99aabbcc);
    assert_entry(t, 0, 0x1122334455667788, 0x99aabbcc);
    assert_entry(t, 1, MSI, MSI_VECTOR + 1);
    queue_event(t, 0);
    mask_write(t, 0, BIT(0));
    assert_entry(t, 0, 0x1122334455667788, 0x99aabbcc);
    vis_end(t);
}

static void test_table_alignment(void)
{
    Vis *t = vis_start("");

    /* D303, D402, D502 */
    g_assert_cmphex(t->table % 16, ==, 0);
    g_assert_cmphex(t->mask % 4, ==, 0);
    g_assert_cmphex(t->pending % 4, ==, 0);
    vis_end(t);
}

static void test_vector_table_reserved(void)
{
    Vis *t = vis_start_enabled("");

    /* D304 */
    qtest_writel(t->qts, t->table + 12, 0xffffffff);
    mask_write(t, 0, (uint32_t)~BIT(0));
    driver_ok(t);
    queue_event(t, 0);
    assert_sent(t, " 0:40");
    vis_end(t);
}

static void test_vector_table_unchanged(void)
{
    Vis *t = vis_start_live("");
    uint32_t vector;

    /* D305 */
    queue_event(t, 0);
    mask_write(t, 0, BIT(1));
    queue_event(t, 1);
    mask_write(t, 0, 0);
    config_event(t);
    assert_sent(t, " 0:40 1:41 4:44");
    for (vector = 0; vector < t->nr_vectors; vector++) {
        assert_entry(t, vector, MSI, MSI_VECTOR + vector);
    }
    vis_end(t);
}

static void test_message_address(void)
{
    Vis *t = vis_start_live("");

    /* D312: QEMU translates neither queue addresses nor messages */
    entry_write(t, 0, MSI | 0xff000, 0x70);
    mask_write(t, 0, 0);
    queue_event(t, 0);
    assert_sent(t, " 0:feeff000:70");
    vis_end(t);
}

static void check_dropped(Vis *t, uint64_t address)
{
    entry_write(t, 0, address, 0);
    mask_write(t, 0, 0);
    settle(t);
    forget_log(t);
    qtest_writel(t->qts, SCRATCH, 0x5a5a5a5a);
    queue_event(t, 0);
    assert_sent(t, "");
    g_assert_cmphex(qtest_readl(t->qts, SCRATCH), ==, 0x5a5a5a5a);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_STATUS), ==, STATUS_LIVE);
    assert_pending(t, 0, 0);
    assert_entry(t, 0, address, 0);
    assert_entry(t, 1, MSI, MSI_VECTOR + 1);
}

static void test_message_outside(void)
{
    Vis *t = vis_start_live("");
    const uint64_t outside[] = {
        SCRATCH, MMIO + VIRTIO_MMIO_STATUS, t->mask, t->table, t->pending,
        0, UINT64_MAX - 3, MSI - 4, MSI + 1 * MiB, MSI | BIT_ULL(32),
    };
    int i;

    /* D306, D1502: such a message changes nothing */
    for (i = 0; i < ARRAY_SIZE(outside); i++) {
        check_dropped(t, outside[i]);
    }
    /* D1503 */
    queue_event(t, 1);
    assert_sent(t, " 1:41");
    vis_end(t);
}

static void test_message_unaligned(void)
{
    Vis *t = vis_start_live("");
    int offset;

    /* D314 */
    for (offset = 1; offset < 4; offset++) {
        check_dropped(t, MSI + offset);
    }
    vis_end(t);
}

/* 4. Mask table */

static void test_mask_layout(void)
{
    Vis *t = vis_start_enabled("-global virtio-mmio.vectors=65");

    /* D401, D404: three words */
    mask_write(t, 0, 0x12345678);
    mask_write(t, 1, 0x9abcdef0);
    mask_write(t, 2, 0);
    assert_mask(t, 0, 0x12345678);
    assert_mask(t, 1, 0x9abcdef0);
    assert_mask(t, 2, 0);

    /* Bit i of word w is vector 32w + i. */
    mask_write(t, 0, 0xffffffff);
    mask_write(t, 1, (uint32_t)~BIT(5));
    mask_write(t, 2, 0xffffffff);
    driver_ok(t);
    map_queue(t, 0, 32 + 5);
    map_queue(t, 1, 5);
    queue_event(t, 0);
    queue_event(t, 1);
    assert_sent(t, " 37:65");
    vis_end(t);
}

/* Memory would keep the value that is written to it. */
static bool is_memory(Vis *t, uint64_t address)
{
    uint8_t old = qtest_readb(t->qts, address);
    bool kept;

    qtest_writeb(t->qts, address, ~old);
    kept = qtest_readb(t->qts, address) == (uint8_t)~old;
    qtest_writeb(t->qts, address, old);
    return kept;
}

static uint64_t first_block(uint64_t address)
{
    return address / VIRTIO_VIS_BLOCK_SIZE;
}

static uint64_t last_block(uint64_t address, uint64_t size)
{
    return (address + size - 1) / VIRTIO_VIS_BLOCK_SIZE;
}

static void assert_apart(uint64_t a, uint64_t a_size, uint64_t b,
                         uint64_t b_size)
{
    g_assert_true(last_block(a, a_size) < first_block(b) ||
                  last_block(b, b_size) < first_block(a));
}

static void test_table_blocks(void)
{
    Vis *t = vis_start("-global virtio-mmio.vectors=65535");
    uint64_t block = first_block(t->mask) * VIRTIO_VIS_BLOCK_SIZE;
    uint64_t words = DIV_ROUND_UP(t->nr_vectors, 32) * 4;
    uint64_t entries = t->nr_vectors * 16;
    uint64_t offset;

    /* D311, D403, D510 */
    assert_apart(t->table, entries, t->mask, words);
    assert_apart(t->table, entries, MMIO, 0x200);
    if (t->pending) {
        assert_apart(t->pending, words, t->mask, words);
        assert_apart(t->pending, words, t->table, entries);
        assert_apart(t->pending, words, MMIO, 0x200);
    }
    for (offset = 0; offset < VIRTIO_VIS_BLOCK_SIZE; offset += 4096) {
        g_assert_false(is_memory(t, block + offset));
    }
    vis_end(t);
}

static void test_mask_high_bits(void)
{
    Vis *t = vis_start_enabled("");
    uint32_t last = nr_words(t) - 1;
    uint32_t nr = t->nr_vectors % 32;

    /* D405, D406 */
    g_assert_cmphex(nr, !=, 0);
    g_assert_cmphex(mask_read(t, last), ==, 0xffffffff);
    mask_write(t, last, 0);
    g_assert_cmphex(mask_read(t, last), ==, ~0u << nr);
    mask_write(t, last, BIT(nr) - 1);
    g_assert_cmphex(mask_read(t, last), ==, 0xffffffff);
    forget_log(t);
    mask_write(t, last, BIT(nr - 1) - 1);
    assert_mask(t, last, BIT(nr - 1) - 1);
    g_assert_cmpuint(count_latched(t), ==, 1);
    vis_end(t);
}

static void test_mask_blocks(void)
{
    Vis *t = vis_start_live("");

    /* D407, D610 */
    queue_event(t, 0);
    assert_sent(t, " 0:40");
    mask_write(t, 0, BIT(0));
    queue_event(t, 0);
    queue_event(t, 1);
    assert_sent(t, " 1:41");
    vis_end(t);
}

static void test_mask_void_while_disabled(void)
{
    Vis *t = vis_start_mapped("");

    /* D410 */
    mask_write(t, 0, 0);
    g_assert_cmphex(mask_read(t, 0), ==, 0xffffffff);
    vis_enable(t);
    assert_latched(t, "");
    driver_ok(t);
    queue_event(t, 0);
    assert_sent(t, "");
    vis_end(t);
}

static void test_enable_masks_all(void)
{
    Vis *t = vis_start_mapped("-global virtio-mmio.vectors=65");
    int word;

    /* D409 */
    for (word = 0; word < 3; word++) {
        g_assert_cmphex(mask_read(t, word), ==, 0xffffffff);
    }
    vis_enable(t);
    for (word = 0; word < 3; word++) {
        g_assert_cmphex(mask_read(t, word), ==, 0xffffffff);
    }
    assert_latched(t, "");
    assert_sent(t, "");
    vis_end(t);
}

/* 5. Pending table */

/* Of 65 vectors, all masked, one pends in each word but the first. */
static void check_pending_words(Vis *t)
{
    driver_ok(t);
    map_queue(t, 0, 32 + 5);
    map_queue(t, 1, 64);
    queue_event(t, 0);
    queue_event(t, 1);
    assert_pending(t, 0, 0);
    assert_pending(t, 1, BIT(5));
    assert_pending(t, 2, BIT(0));
}

static void test_pending_layout(void)
{
    Vis *t = vis_start_enabled("-global virtio-mmio.vectors=65");

    /* D501 */
    check_pending_words(t);
    vis_end(t);
}

static void test_pending_set(void)
{
    Vis *t = vis_start_live("");

    /* D503, D505 */
    mask_write(t, 0, BIT(2) | BIT(CONFIG_VECTOR));
    queue_event(t, 2);
    assert_pending(t, 0, BIT(2));
    config_event(t);
    assert_pending(t, 0, BIT(2) | BIT(CONFIG_VECTOR));
    mask_write(t, 0, 0);
    assert_pending(t, 0, 0);
    vis_end(t);
}

static void test_pending_read_only(void)
{
    Vis *t = vis_start_live("");

    /* D1304 */
    mask_write(t, 0, BIT(0) | BIT(1));
    queue_event(t, 0);
    if (t->pending && !config->supplies) {
        qtest_writel(t->qts, t->pending, BIT(1));
    }
    assert_pending(t, 0, BIT(0));
    mask_write(t, 0, 0);
    assert_sent(t, " 0:40");
    vis_end(t);
}

static void test_pending_none(void)
{
    Vis *t = vis_start_live("-global virtio-mmio.vis-pending=off");

    /* D507, D508 */
    if (!config->supplies) {
        g_assert_cmphex(t->pending, ==, 0);
    }
    mask_write(t, 0, BIT(0));
    queue_event(t, 0);
    assert_sent(t, "");
    mask_write(t, 0, 0);
    assert_sent(t, " 0:40");
    vis_end(t);
}

static void test_pending_kept(void)
{
    Vis *t = vis_start_live("");

    /* D613 */
    mask_write(t, 0, BIT(0));
    queue_event(t, 0);
    mask_write(t, 0, BIT(0));
    map_queue(t, 0, VIRTIO_VIS_NO_VECTOR);
    entry_write(t, 0, MSI, 0x70);
    reg_write(t, VIRTIO_MMIO_STATUS, STATUS_LIVE);
    assert_sent(t, "");
    assert_pending(t, 0, BIT(0));
    mask_write(t, 0, 0);
    assert_sent(t, " 0:70");
    vis_end(t);
}

static void test_pending_high_bits(void)
{
    Vis *t = vis_start_live("");
    uint32_t queue;

    /* D506 */
    mask_write(t, 0, 0xffffffff);
    for (queue = 0; queue < NR_QUEUES; queue++) {
        queue_event(t, queue);
    }
    config_event(t);
    assert_pending(t, 0, BIT(NR_QUEUES + 1) - 1);
    vis_end(t);
}

/* 6. The latch and the commit */

static void test_latch_only_at_commit(void)
{
    Vis *t = vis_start_live("");

    /* D601, D604 */
    entry_write(t, 0, MSI, 0x70);
    queue_event(t, 0);
    map_queue(t, 0, 0);
    mask_read(t, 0);
    pending_read(t, 0);
    reg_write(t, VIRTIO_MMIO_STATUS, STATUS_LIVE);
    vis_enable(t);
    assert_latched(t, "");
    queue_event(t, 0);
    assert_sent(t, " 0:40 0:40");
    mask_write(t, 0, 0);
    queue_event(t, 0);
    assert_sent(t, " 0:70");
    vis_end(t);
}

static void test_commit_latches_word(void)
{
    Vis *t = vis_start_live("-global virtio-mmio.vectors=40");
    uint32_t vector;

    /* D602, D1203: every vector of the word that is written 0, no other */
    for (vector = 0; vector < t->nr_vectors; vector++) {
        entry_write(t, vector, MSI, 0x80 + vector);
    }
    forget_log(t);
    mask_write(t, 0, (uint32_t)~(BIT(0) | BIT(3)));
    assert_latched(t, " 0:80 3:83");
    forget_log(t);
    mask_write(t, 1, 0);
    g_assert_true(logged(t, "vector 39 "));
    g_assert_false(logged(t, "vector 31 "));
    g_assert_cmpint(count_latched(t), ==, t->nr_vectors - 32);
    vis_end(t);
}

static void test_commit_sends_pending_once(void)
{
    Vis *t = vis_start_live("");

    /* D605, D606, D611: with the message as it is at the commit */
    mask_write(t, 0, BIT(0) | BIT(1));
    queue_event(t, 0);
    entry_write(t, 0, MSI, 0x70);
    assert_sent(t, "");
    mask_write(t, 0, 0);
    assert_sent(t, " 0:70");
    /* D607 */
    assert_pending(t, 0, 0);
    mask_write(t, 0, 0);
    mask_write(t, 0, BIT(0));
    mask_write(t, 0, 0);
    assert_sent(t, "");
    vis_end(t);
}

static void test_commit_whole(void)
{
    Vis *t = vis_start_live("");
    uint32_t i;

    /* D609 */
    for (i = 0; i < 16; i++) {
        g_autofree char *old = i ?
            g_strdup_printf(" 2:%x:%x", MSI | i << 12, 0x60 + i) :
            g_strdup(" 2:42");

        entry_write(t, 2, MSI | (i + 1) << 12, 0x60 + i + 1);
        queue_event(t, 2);
        assert_sent(t, old);
        mask_write(t, 0, 0);
    }
    vis_end(t);
}

static void test_latch_single_read(void)
{
    Vis *t = vis_start_live("");

    /* D1501: the device sends the message that it checked at the latch */
    mask_write(t, 0, 0);
    entry_write(t, 0, SCRATCH, 0x70);
    queue_event(t, 0);
    assert_sent(t, " 0:40");
    vis_end(t);
}

static void test_all_unmasked(void)
{
    Vis *t = vis_start_live("-global virtio-mmio.vectors=65535");
    const uint32_t vectors[] = { 0, 4369, 31, 65534 };
    uint32_t queue;

    /* D612, D908 */
    for (queue = 0; queue < NR_QUEUES; queue++) {
        map_queue(t, queue, vectors[queue]);
        entry_write(t, vectors[queue], MSI, 0x80 + queue);
        mask_write(t, vectors[queue] / 32, 0);
    }
    for (queue = 0; queue < NR_QUEUES; queue++) {
        queue_signal(t, queue);
    }
    assert_sent(t, " 0:80 4369:81 31:82 65534:83");
    vis_end(t);
}

/* 7. Mapping */

static void test_map_any(void)
{
    Vis *t = vis_start_mapped("-global virtio-mmio.vectors=300");
    uint32_t last = t->nr_vectors - 1;
    uint32_t queue, vector;

    /* D701, D704, D705 */
    for (vector = 0; vector < t->nr_vectors; vector++) {
        map_config(t, vector);
        g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONFIG_VECTOR), ==, vector);
        for (queue = 0; queue < NR_QUEUES; queue++) {
            map_queue(t, queue, vector);
            g_assert_cmphex(mapping_of(t, queue), ==, vector);
        }
    }
    map_queue(t, 1, 7);
    g_assert_cmphex(mapping_of(t, 0), ==, last);
    g_assert_cmphex(mapping_of(t, 1), ==, 7);
    vis_end(t);
}

static void test_map_shared(void)
{
    Vis *t = vis_start_live("");

    /* D702 */
    map_queue(t, 0, 3);
    map_queue(t, 1, 3);
    map_config(t, 3);
    queue_event(t, 0);
    assert_sent(t, " 3:43");
    queue_event(t, 1);
    assert_sent(t, " 3:43");
    config_event(t);
    assert_sent(t, " 3:43");
    vis_end(t);
}

static void test_map_invalid(void)
{
    Vis *t = vis_start_live("");
    const uint32_t invalid[] = {
        0xffff, t->nr_vectors, 0x10000, 0x80000001, 0xffffffff,
    };
    int i;

    /* D703 */
    for (i = 0; i < ARRAY_SIZE(invalid); i++) {
        map_queue(t, 0, 0);
        map_queue(t, 0, invalid[i]);
        g_assert_cmphex(mapping_of(t, 0), ==, VIRTIO_VIS_NO_VECTOR);
        map_config(t, 1);
        map_config(t, invalid[i]);
        g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONFIG_VECTOR), ==,
                        VIRTIO_VIS_NO_VECTOR);
    }
    vis_end(t);
}

static void test_map_not_retroactive(void)
{
    Vis *t = vis_start_live("");

    /* D708 */
    map_queue(t, 0, VIRTIO_VIS_NO_VECTOR);
    map_config(t, VIRTIO_VIS_NO_VECTOR);
    queue_event(t, 0);
    config_event(t);
    map_queue(t, 0, 0);
    map_config(t, 1);
    assert_pending(t, 0, 0);
    assert_sent(t, "");
    vis_end(t);
}

static void test_map_keeps_pending(void)
{
    Vis *t = vis_start_live("");

    /* D707 */
    mask_write(t, 0, BIT(0));
    queue_event(t, 0);
    map_queue(t, 0, 1);
    assert_pending(t, 0, BIT(0));
    assert_sent(t, "");
    mask_write(t, 0, 0);
    assert_sent(t, " 0:40");
    vis_end(t);
}

static void test_map_takes_effect(void)
{
    Vis *t = vis_start_live("");

    /* D708 */
    map_queue(t, 0, 2);
    queue_event(t, 0);
    assert_sent(t, " 2:42");
    map_queue(t, 0, VIRTIO_VIS_NO_VECTOR);
    queue_event(t, 0);
    assert_sent(t, "");
    vis_end(t);
}

static void test_map_after_driver_ok(void)
{
    Vis *t = vis_start_live("");

    /* D709 */
    map_queue(t, 0, 3);
    map_config(t, 2);
    g_assert_cmphex(mapping_of(t, 0), ==, 3);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONFIG_VECTOR), ==, 2);
    queue_event(t, 0);
    config_event(t);
    assert_sent(t, " 2:42 3:43");
    vis_end(t);
}

static void test_map_no_queue(void)
{
    static const uint32_t past[] = { NR_QUEUES, 1024, 0x10000, 0xffffffff };
    Vis *t = vis_start_live("");
    int i;

    /* D710, D711 */
    for (i = 0; i < ARRAY_SIZE(past); i++) {
        select_queue(t, 0);
        map_queue(t, past[i], 3);
        g_assert_cmphex(mapping_of(t, past[i]), ==, VIRTIO_VIS_NO_VECTOR);
        g_assert_cmphex(mapping_of(t, 0), ==, 0);
    }
    vis_end(t);
}

/*
 * The driver writes while events are signalled and not yet observed. The result
 * must be as if the events had occurred before the write. Chance decides
 * whether the write comes first, so each case tries often. The odd device
 * leaves all signals until its next tick, which only the test can cause.
 */

#define DRAIN_TRIES     32

static void test_drain_before_map(void)
{
    Vis *t = vis_start_live("");
    int i;

    /* D708, D907: mapping an event does not undo that it was unmapped before */
    map_queue(t, 0, VIRTIO_VIS_NO_VECTOR);
    for (i = 0; i < DRAIN_TRIES; i++) {
        queue_signal_done(t, 0);
        map_queue(t, 0, 0);
        assert_sent(t, "");
        map_queue(t, 0, VIRTIO_VIS_NO_VECTOR);
    }
    vis_end(t);
}

static void test_drain_before_unmap(void)
{
    Vis *t = vis_start_live("");
    int i;

    /* D503, D708, D907: a mapped event is not lost when it is unmapped */
    for (i = 0; i < DRAIN_TRIES; i++) {
        mask_write(t, 0, BIT(0));
        queue_signal_done(t, 0);
        map_queue(t, 0, VIRTIO_VIS_NO_VECTOR);
        assert_pending(t, 0, BIT(0));
        map_queue(t, 0, 0);
        mask_write(t, 0, 0);
        assert_sent(t, " 0:40");
    }
    vis_end(t);
}

/* D601, D907: the event sends the old latch, or else stays pending. */
static void check_drained_by_mask(Vis *t, uint32_t data)
{
    g_autofree char *before = g_strdup_printf(" 0:%x", data);
    g_autofree char *after = g_strdup_printf(" 0:%x", data + 1);
    g_autofree char *sent = NULL;

    entry_write(t, 0, MSI, data + 1);
    queue_signal_done(t, 0);
    mask_write(t, 0, BIT(0));
    settle(t);
    sent = traced_messages(t, "send");
    forget_log(t);
    if (*sent) {
        g_assert_cmpstr(sent, ==, before);
        assert_pending(t, 0, 0);
    } else {
        assert_pending(t, 0, BIT(0));
    }
    mask_write(t, 0, 0);
    assert_sent(t, *sent ? "" : after);
}

static void test_drain_before_mask(void)
{
    Vis *t = vis_start_live("");
    int i;

    for (i = 0; i < DRAIN_TRIES; i++) {
        check_drained_by_mask(t, MSI_VECTOR + i);
    }
    vis_end(t);
}

/* D608: after a commit, nothing but the new latch is sent. */
static void check_commit_handed_over(Vis *t, uint32_t data)
{
    g_autofree char *new = g_strdup_printf(" 0:%x", data);
    g_autofree char *late = NULL;

    queue_signal_done(t, 0);
    entry_write(t, 0, MSI, data);
    mask_write(t, 0, 0);
    forget_log(t);
    settle(t);
    late = traced_messages(t, "send");
    if (*late) {
        g_assert_cmpstr(late, ==, new);
    }
}

static void test_commit_after_old_sent(void)
{
    Vis *t = vis_start_live("");
    int i;

    for (i = 0; i < DRAIN_TRIES; i++) {
        check_commit_handed_over(t, MSI_VECTOR + i + 1);
    }
    vis_end(t);
}

/* The same for an event without a notifier */
static void test_drain_config(void)
{
    Vis *t = vis_start_live("");

    config_signal(t);
    map_config(t, 3);
    assert_sent(t, " 4:44");
    mask_write(t, 0, BIT(3));
    config_signal(t);
    map_config(t, VIRTIO_VIS_NO_VECTOR);
    config_signal(t);
    map_config(t, 2);
    assert_sent(t, "");
    assert_pending(t, 0, BIT(3));
    mask_write(t, 0, 0);
    assert_sent(t, " 3:43");
    vis_end(t);
}

static void test_queue_ready_keeps_mapping(void)
{
    Vis *t = vis_start_live("");

    /* D713 */
    select_queue(t, 1);
    reg_write(t, VIRTIO_MMIO_QUEUE_READY, 0);
    g_assert_cmphex(mapping_of(t, 1), ==, 1);
    setup_queue(t, 1);
    g_assert_cmphex(mapping_of(t, 1), ==, 1);
    vis_end(t);
}

static void test_queue_sel_past(void)
{
    static const uint32_t past[] = { NR_QUEUES, 1024, 5000, 0xffffffff };
    Vis *t = vis_start_live("");
    int i;

    /* D712, D1011 */
    for (i = 0; i < ARRAY_SIZE(past); i++) {
        select_queue(t, 0);
        select_queue(t, past[i]);
        reg_write(t, QUEUE_RESET, 1);
        g_assert_cmphex(reg_read(t, QUEUE_RESET), ==, 0);
        reg_write(t, VIRTIO_MMIO_QUEUE_READY, 0);
        g_assert_cmphex(reg_read(t, VIRTIO_MMIO_QUEUE_NUM_MAX), ==, 0);
        g_assert_cmphex(reg_read(t, VIRTIO_MMIO_QUEUE_READY), ==, 0);
        g_assert_cmphex(mapping_of(t, 0), ==, 0);
        g_assert_cmphex(reg_read(t, VIRTIO_MMIO_QUEUE_READY), ==, 1);
        queue_event(t, 0);
        assert_sent(t, " 0:40");
    }
    vis_end(t);
}

/* 8. ENABLE */

static void test_enable_window(void)
{
    Vis *t = vis_start("");

    /* D801: clearing DRIVER_OK does not make ENABLE writable again */
    reg_write(t, VIRTIO_MMIO_STATUS, STATUS_DRIVER);
    vis_enable(t);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONTROL), ==, 0);
    negotiate(t, VERSION_1 | VIS);
    reg_write(t, VIRTIO_MMIO_STATUS, STATUS_LIVE);
    vis_enable(t);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONTROL), ==, 0);
    reg_write(t, VIRTIO_MMIO_STATUS, STATUS_FEATURES);
    vis_enable(t);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONTROL), ==, 0);
    negotiate(t, VERSION_1 | VIS);
    vis_enable(t);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONTROL), ==, 1);
    vis_end(t);
}

/* D801, D809: a write to Status that the device refuses sets no DRIVER_OK. */
static void test_enable_after_refused_status(void)
{
    Vis *t = vis_start("-global virtio-device.iommu_platform=on");

    reg_write(t, VIRTIO_MMIO_STATUS, STATUS_DRIVER);
    accept_features(t, VERSION_1 | VIS);
    reg_write(t, VIRTIO_MMIO_STATUS, STATUS_LIVE);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_STATUS), ==, STATUS_DRIVER);
    accept_features(t, VERSION_1 | VIS | BIT_ULL(VIRTIO_F_ACCESS_PLATFORM));
    reg_write(t, VIRTIO_MMIO_STATUS, STATUS_FEATURES);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_STATUS), ==, STATUS_FEATURES);
    vis_enable(t);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONTROL), ==, 1);
    vis_end(t);
}

static void test_enable_sticky(void)
{
    Vis *t = vis_start_mapped("");

    /* D802, D803, D809 */
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONTROL), ==, 0);
    vis_enable(t);
    reg_write(t, VIRTIO_MMIO_VIS_CONTROL, 0);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONTROL), ==, 1);
    driver_ok(t);
    reg_write(t, VIRTIO_MMIO_VIS_CONTROL, 0);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONTROL), ==, 1);
    vis_end(t);
}

static void test_enable_drops_line(void)
{
    Vis *t = vis_start_mapped("");

    /* D804, D805 */
    qtest_irq_intercept_in(t->qts, "/machine/ioapic");
    queue_event(t, 0);
    g_assert_true(line_is_high(t));
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_INTERRUPT_STATUS), ==,
                    VIRTIO_MMIO_INT_VRING);
    vis_enable(t);
    g_assert_false(line_is_high(t));
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_INTERRUPT_STATUS), ==, 0);
    vis_end(t);
}

static void test_enable_pends_config(void)
{
    Vis *t = vis_start_mapped("");

    /*
     * D807, in part: QEMU's devices do not change their configuration before
     * DRIVER_OK, and a used buffer makes no vector pending.
     */
    queue_event(t, 0);
    vis_enable(t);
    assert_pending(t, 0, 0);
    mask_write(t, 0, 0);
    assert_sent(t, "");
    vis_end(t);
}

/* 9. Notifications */

/* Returns the CPU vectors that the local APIC has received. */
static char *requested_irqs(Vis *t)
{
    g_autofree char *lapic = qtest_hmp(t->qts, "info lapic");
    char *irr = strstr(lapic, "IRR\t");

    g_assert_nonnull(irr);
    *strchr(irr, '\r') = '\0';
    return g_strdup(irr + strlen("IRR\t"));
}

static void test_queue_notification(void)
{
    Vis *t = vis_start_live("");
    g_autofree char *before = requested_irqs(t);
    g_autofree char *after = NULL;

    /* D901, D903: each event at once, and it arrives */
    g_assert_null(strstr(before, "65"));
    queue_event(t, 1);
    assert_sent(t, " 1:41");
    after = requested_irqs(t);
    g_assert_nonnull(strstr(after, "65"));
    queue_event(t, 1);
    queue_event(t, 3);
    assert_sent(t, " 1:41 3:43");
    vis_end(t);
}

static void test_config_notification(void)
{
    Vis *t = vis_start_live("");

    /* D902 */
    config_event(t);
    assert_sent(t, " 4:44");
    mask_write(t, 0, BIT(CONFIG_VECTOR));
    config_event(t);
    assert_sent(t, "");
    assert_pending(t, 0, BIT(CONFIG_VECTOR));
    vis_end(t);
}

static void test_unmapped_silent(void)
{
    Vis *t = vis_start_live("");

    /* D904 */
    qtest_irq_intercept_in(t->qts, "/machine/ioapic");
    map_queue(t, 0, VIRTIO_VIS_NO_VECTOR);
    map_config(t, VIRTIO_VIS_NO_VECTOR);
    queue_event(t, 0);
    config_event(t);
    assert_sent(t, "");
    assert_pending(t, 0, 0);
    g_assert_false(line_is_high(t));
    vis_end(t);
}

static void test_needs_reset_notification(void)
{
    Vis *t = vis_start_live("");

    /*
     * D909: a descriptor of length zero breaks the device. Its iothread must
     * not wait for the thread that resets the device meanwhile.
     */
    desc_write(t, 0, 0, REQUEST(0), 0, VRING_DESC_F_NEXT);
    queue_request(t, 0);
    while (!(reg_read(t, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET)) {
        g_assert_true(config->async);
    }
    assert_sent(t, " 4:44");
    reset_device(t);
    vis_end(t);
}

/*
 * One access of qtest notifies queue 0 and resets the device, because it writes
 * 0 to all registers from the one to the other. It keeps the BQL meanwhile.
 */
static void notify_and_reset(Vis *t)
{
    qtest_memset(t->qts, t->mmio + VIRTIO_MMIO_QUEUE_NOTIFY, 0,
                 VIRTIO_MMIO_STATUS + 4 - VIRTIO_MMIO_QUEUE_NOTIFY);
    await_reset(t);
}

#define RESET_TRIES     4

static void test_needs_reset_then_reset(void)
{
    Vis *t = vis_start_live("");
    int i;

    /*
     * As above, but the reset follows before the iothread could get the BQL.
     * Chance decides whether the iothread finds the buffer by itself, or
     * because the reset stops it.
     */
    for (i = 0; i < RESET_TRIES; i++) {
        desc_write(t, 0, 0, REQUEST(0), 0, VRING_DESC_F_NEXT);
        queue_offer(t, 0);
        notify_and_reset(t);
        settle(t);
        forget_log(t);
        restart_live(t);
        assert_sent(t, "");
    }
    vis_end(t);
}

static void test_no_message_without_event(void)
{
    Vis *t = vis_start_live("");

    /* D905: without an event, or with one that the driver has suppressed */
    mask_write(t, 0, 0xffffffff);
    mask_write(t, 0, 0);
    map_all(t);
    reg_write(t, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
    qtest_writew(t->qts, AVAIL(0), VRING_AVAIL_F_NO_INTERRUPT);
    queue_event(t, 0);
    assert_sent(t, "");
    assert_pending(t, 0, 0);
    vis_end(t);
}

static void test_pending_merges_events(void)
{
    Vis *t = vis_start_live("");

    /* D906 */
    mask_write(t, 0, BIT(0));
    queue_event(t, 0);
    queue_event(t, 0);
    mask_write(t, 0, 0);
    assert_sent(t, " 0:40");
    vis_end(t);
}

/* 10. Reset */

static void check_reset(bool system)
{
    Vis *t = vis_start_live("");

    mask_write(t, 0, BIT(0));
    queue_event(t, 0);
    if (system) {
        qtest_system_reset(t->qts);
        discover(t);
    } else {
        reset_device(t);
    }
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONTROL), ==, 0);
    g_assert_cmphex(mask_read(t, 0), ==, 0xffffffff);
    assert_pending(t, 0, 0);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONFIG_VECTOR), ==,
                    VIRTIO_VIS_NO_VECTOR);
    g_assert_cmphex(mapping_of(t, 0), ==, VIRTIO_VIS_NO_VECTOR);
    g_assert_cmphex(mapping_of(t, 3), ==, VIRTIO_VIS_NO_VECTOR);

    /* A commit latches the entries again, and no message is left to send. */
    forget_log(t);
    negotiate(t, VERSION_1 | VIS);
    setup_queues(t);
    map_all(t);
    entry_write(t, 0, MSI, 0x70);
    vis_enable(t);
    unmask_all(t);
    driver_ok(t);
    assert_sent(t, "");
    queue_event(t, 0);
    assert_sent(t, " 0:70");
    vis_end(t);
}

static void test_reset(void)
{
    /* D1001, D1003, D1004, D409 */
    check_reset(false);
}

static void test_reset_platform(void)
{
    /* D1009 */
    check_reset(true);
}

static void test_reset_then_status(void)
{
    Vis *t = vis_start_live("");

    /* D1012: by a driver that does not wait */
    reg_write(t, VIRTIO_MMIO_STATUS, 0);
    reg_write(t, VIRTIO_MMIO_STATUS, STATUS_DRIVER);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_STATUS), ==, STATUS_DRIVER);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONTROL), ==, 0);
    g_assert_cmphex(mapping_of(t, 0), ==, VIRTIO_VIS_NO_VECTOR);
    vis_end(t);
}

static void test_reset_discards_signals(void)
{
    Vis *t = vis_start_live("");
    int i;

    /* D1010 */
    for (i = 0; i < DRAIN_TRIES; i++) {
        queue_signal_done(t, 0);
        reset_device(t);
        forget_log(t);
        restart_live(t);
        assert_sent(t, "");
        assert_pending(t, 0, 0);
    }
    vis_end(t);
}

static void test_reset_silent(void)
{
    Vis *t = vis_start_live("");

    /* D1006 */
    mask_write(t, 0, BIT(0));
    queue_event(t, 0);
    reset_device(t);
    forget_log(t);
    mask_write(t, 0, 0);
    negotiate(t, VERSION_1 | VIS);
    setup_queues(t);
    map_all(t);
    queue_event(t, 0);
    assert_sent(t, "");
    vis_end(t);
}

static void queue_reset(Vis *t)
{
    reg_write(t, QUEUE_RESET, 1);
    while (reg_read(t, QUEUE_RESET)) {
        /* Wait until the device has begun to work on a buffer. */
    }
}

static void queue_read(Vis *t, uint32_t queue)
{
    qtest_writel(t->qts, REQUEST(queue), VIRTIO_BLK_T_IN);
    qtest_writeb(t->qts, REQ_STATUS(queue), 0xff);
    desc_write(t, queue, 1, SERIAL(queue), 512,
               VRING_DESC_F_NEXT | VRING_DESC_F_WRITE);
    queue_request(t, queue);
}

#define TAKEN "virtio_blk_handle_read"

/*
 * As vis_start_live(), with a disk that limits reads to one a second: the
 * device has taken one from the queue, which waits, unless the machine stops.
 */
static Vis *vis_start_reading(uint32_t queue)
{
    Vis *t;

    backend = "slow";
    t = vis_start_live("-object throttle-group,id=group,x-iops-total=1 "
                       "-blockdev null-co,node-name=null,read-zeroes=on "
                       "-blockdev throttle,node-name=slow,"
                       "throttle-group=group,file=null "
                       "-global virtio-blk-device.cyls=2 "
                       "-global virtio-blk-device.heads=16 "
                       "-global virtio-blk-device.secs=63 "
                       "-trace " TAKEN);
    queue_read(t, queue);
    while (qtest_readb(t->qts, REQ_STATUS(queue)) != VIRTIO_BLK_S_OK) {
        /* The first one does not wait, and QEMU reads no geometry. */
    }
    settle(t);
    forget_log(t);
    queue_read(t, queue);
    while (!logged(t, TAKEN)) {
        /* The iothread is about to take it. */
    }
    return t;
}

static void test_queue_reset_waits(void)
{
    Vis *t = vis_start_reading(0);
    int i;

    /* A request in progress when the queue is reset has no later effect. */
    select_queue(t, 0);
    reg_write(t, QUEUE_RESET, 1);
    g_assert_cmphex(reg_read(t, QUEUE_RESET), ==, 1);
    g_assert_cmphex(mapping_of(t, 0), ==, 0);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONTROL), ==, 1);
    while (reg_read(t, QUEUE_RESET)) {
        g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONTROL), ==, 1);
    }
    g_assert_cmphex(qtest_readb(t->qts, REQ_STATUS(0)), ==, VIRTIO_BLK_S_OK);
    g_assert_cmphex(mapping_of(t, 0), ==, VIRTIO_VIS_NO_VECTOR);
    settle(t);
    forget_log(t);
    setup_queue(t, 0);
    map_queue(t, 0, 0);
    for (i = 0; i < 2 * QUEUE_SIZE; i++) {
        queue_event(t, 0);
        assert_sent(t, " 0:40");
    }
    vis_end(t);
}

/* A device that resets a queue by its own DMA does not wait for itself. */
static void test_queue_reset_by_dma(void)
{
    Vis *t = vis_start_live("");
    const uint32_t reset = cpu_to_le32(1);
    int fd = open(t->disk, O_WRONLY);
    uint16_t index;

    g_assert_cmpint(pwrite(fd, &reset, sizeof(reset), 0), ==, sizeof(reset));
    close(fd);
    qtest_writel(t->qts, REQUEST(0), VIRTIO_BLK_T_IN);
    qtest_writeb(t->qts, REQ_STATUS(0), 0xff);
    desc_write(t, 0, 1, MMIO + QUEUE_RESET, sizeof(reset),
               VRING_DESC_F_NEXT | VRING_DESC_F_WRITE);
    desc_write(t, 0, 2, DATA(0), 512 - sizeof(reset),
               VRING_DESC_F_NEXT | VRING_DESC_F_WRITE);
    desc_write(t, 0, 3, REQ_STATUS(0), 1, VRING_DESC_F_WRITE);
    select_queue(t, 1);
    index = queue_request(t, 0);
    while (qtest_readw(t->qts, USED(0) + 2) != index) {
        /* A thread reads the file. */
    }
    while (reg_read(t, QUEUE_RESET)) {
        /* The main loop is about to reset the other queue. */
    }
    g_assert_cmphex(mapping_of(t, 1), ==, VIRTIO_VIS_NO_VECTOR);
    g_assert_cmphex(qtest_readb(t->qts, REQ_STATUS(0)), ==, VIRTIO_BLK_S_OK);
    vis_end(t);
}

static void test_queue_reset_unmaps(void)
{
    Vis *t = vis_start_live("");

    mask_write(t, 0, BIT(0) | BIT(2));
    queue_event(t, 0);
    queue_event(t, 2);
    entry_write(t, 1, MSI, 0x71);
    select_queue(t, 0);
    queue_reset(t);

    /* D1007 */
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_QUEUE_READY), ==, 0);
    g_assert_cmphex(mapping_of(t, 0), ==, VIRTIO_VIS_NO_VECTOR);
    /* D1008 */
    g_assert_cmphex(mapping_of(t, 1), ==, 1);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONFIG_VECTOR), ==,
                    CONFIG_VECTOR);
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_CONTROL), ==, 1);
    assert_mask(t, 0, BIT(0) | BIT(2));
    assert_pending(t, 0, BIT(0) | BIT(2));
    queue_event(t, 1);
    assert_sent(t, " 1:41");

    /* The queue works again. */
    setup_queue(t, 0);
    map_queue(t, 0, 3);
    queue_event(t, 0);
    assert_sent(t, " 3:43");
    vis_end(t);
}

/* 11. Migration */

static const char *migration_end(QTestState *qts)
{
    const char *status;
    QDict *event, *data;

    for (;;) {
        event = qtest_qmp_eventwait_ref(qts, "MIGRATION");
        data = qdict_get_qdict(event, "data");
        status = g_intern_string(qdict_get_str(data, "status"));
        qobject_unref(event);
        if (g_str_equal(status, "completed") || g_str_equal(status, "failed")) {
            return status;
        }
    }
}

static void migration_events(QTestState *qts)
{
    qtest_qmp_assert_success(qts, "{ 'execute': 'migrate-set-capabilities',"
                             " 'arguments': { 'capabilities': ["
                             " { 'capability': 'events', 'state': true } ] } }");
}

static void save(Vis *t, const char *file)
{
    g_autofree char *uri = g_strdup_printf("file:%s", file);

    migration_events(t->qts);
    qtest_qmp_assert_success(t->qts, "{ 'execute': 'migrate',"
                             " 'arguments': { 'uri': %s } }", uri);
    g_assert_cmpstr(migration_end(t->qts), ==, "completed");
}

static const char *restore(Vis *t, const char *file)
{
    g_autofree char *uri = g_strdup_printf("file:%s", file);

    migration_events(t->qts);
    qtest_qmp_assert_success(t->qts, "{ 'execute': 'migrate-incoming',"
                             " 'arguments': { 'uri': %s,"
                             " 'exit-on-error': false } }", uri);
    return migration_end(t->qts);
}

static void test_migrate_state(void)
{
    g_autofree char *file = temp_file();
    Vis *t = vis_start_live("-global virtio-mmio.vectors=40");
    Vis *u = vis_start("-global virtio-mmio.vectors=40 -incoming defer");

    mask_write(t, 0, BIT(1));
    mask_write(t, 1, BIT(7));
    queue_event(t, 1);
    map_queue(t, 2, 39);
    queue_event(t, 2);
    map_config(t, 38);
    /* This entry is written and not latched. */
    entry_write(t, 0, MSI, 0x70);
    save(t, file);
    qtest_irq_intercept_in(u->qts, "/machine/ioapic");
    g_assert_cmpstr(restore(u, file), ==, "completed");
    forget_log(u);

    /* D1104 */
    discover(u);
    g_assert_cmpuint(u->nr_vectors, ==, t->nr_vectors);
    g_assert_cmphex(u->table, ==, t->table);
    g_assert_cmphex(u->mask, ==, t->mask);
    g_assert_cmphex(u->pending, ==, t->pending);
    /* D1101 */
    g_assert_cmphex(reg_read(u, VIRTIO_MMIO_VIS_CONTROL), ==, 1);
    assert_mask(u, 0, BIT(1));
    assert_mask(u, 1, BIT(7));
    assert_pending(u, 0, BIT(1));
    assert_pending(u, 1, BIT(7));
    g_assert_cmphex(mapping_of(u, 0), ==, 0);
    g_assert_cmphex(mapping_of(u, 2), ==, 39);
    g_assert_cmphex(reg_read(u, VIRTIO_MMIO_VIS_CONFIG_VECTOR), ==, 38);
    g_assert_false(line_is_high(u));
    /* D1103 */
    g_assert_cmphex(qtest_readl(u->qts, u->table + 8), ==, 0x70);
    /* D1102 */
    queue_event(u, 0);
    assert_sent(u, " 0:40");
    /* The commit sends pending vectors, and latches written entries. */
    mask_write(u, 0, 0);
    mask_write(u, 1, 0);
    queue_event(u, 0);
    assert_sent(u, " 1:41 39:67 0:70");

    vis_end(t);
    vis_end(u);
    unlink(file);
}

/* The configuration has an event while the machine is stopped. */
static Vis *vis_start_changed(void)
{
    Vis *t = vis_start_live("");

    qtest_qmp_assert_success(t->qts, "{ 'execute': 'stop' }");
    config_signal(t);
    return t;
}

/* A queue has one, because its read ends as the machine stops. */
static Vis *vis_start_read(void)
{
    Vis *t = vis_start_reading(1);

    qtest_qmp_assert_success(t->qts, "{ 'execute': 'stop' }");
    g_assert_cmphex(qtest_readb(t->qts, REQ_STATUS(1)), ==, VIRTIO_BLK_S_OK);
    g_assert_cmpint(logged(t, SIGNALS), ==, config->in_iothread);
    return t;
}

static void check_stopped(Vis *t, const char *message)
{
    g_assert_false(logged(t, "virtio_mmio_vis_send"));
    qtest_qmp_assert_success(t->qts, "{ 'execute': 'cont' }");
    assert_sent(t, message);
    vis_end(t);
}

/* An event while the machine is stopped is sent when the machine resumes. */
static void test_stopped_pends(void)
{
    check_stopped(vis_start_changed(), " 4:44");
    check_stopped(vis_start_read(), " 1:41");
}

static void check_migrate_stopped(Vis *t, const char *message)
{
    g_autofree char *file = temp_file();
    Vis *u;

    /* D1105: the interrupt controller may have been saved before */
    save(t, file);
    g_assert_false(logged(t, "virtio_mmio_vis_send"));
    vis_end(t);
    u = vis_start("-incoming defer");
    g_assert_cmpstr(restore(u, file), ==, "completed");
    check_stopped(u, message);
    unlink(file);
}

static void test_migrate_stopped(void)
{
    check_migrate_stopped(vis_start_changed(), " 4:44");
    check_migrate_stopped(vis_start_read(), " 1:41");
}

static void check_not_restored(Vis *t, Vis *u)
{
    g_autofree char *file = temp_file();

    save(t, file);
    g_assert_cmpstr(restore(u, file), ==, "failed");
    vis_end(t);
    vis_end(u);
    unlink(file);
}

static void check_restore_refused(const char *saved, const char *restored)
{
    g_autofree char *options = g_strdup_printf("%s -incoming defer", restored);

    check_not_restored(vis_start_live(saved), vis_start(options));
}

static void test_migrate_other_size_refused(void)
{
    /* D1106 */
    check_restore_refused("-global virtio-mmio.vectors=5",
                          "-global virtio-mmio.vectors=6");
}

/* The stream has the mapping of a queue twice; the second is that of VIS. */
static void test_migrate_bad_mapping_refused(void)
{
    g_autofree char *file = temp_file();
    Vis *t = vis_start_live("-global virtio-mmio.vectors=40");
    Vis *u = vis_start("-global virtio-mmio.vectors=40 -incoming defer");
    const uint8_t mappings[] = { 0, 38, 0, 37, 0, 36, 0, 35 };
    char *state, *found;
    uint32_t queue;
    size_t length;

    for (queue = 0; queue < NR_QUEUES; queue++) {
        map_queue(t, queue, 38 - queue);
    }
    save(t, file);
    g_assert_true(g_file_get_contents(file, &state, &length, NULL));
    found = memmem(state, length, mappings, sizeof(mappings));
    g_assert_nonnull(found);
    found[1] = t->nr_vectors;
    g_assert_true(g_file_set_contents(file, state, length, NULL));
    g_assert_cmpstr(restore(u, file), ==, "failed");
    g_free(state);
    vis_end(t);
    vis_end(u);
    unlink(file);
}

static void test_migrate_enable_window(void)
{
    g_autofree char *file = temp_file();
    Vis *t = vis_start("");
    Vis *u = vis_start("-incoming defer");

    /* D1108 */
    negotiate(t, VERSION_1 | VIS);
    driver_ok(t);
    reg_write(t, VIRTIO_MMIO_STATUS, STATUS_FEATURES);
    save(t, file);
    g_assert_cmpstr(restore(u, file), ==, "completed");
    vis_enable(u);
    g_assert_cmphex(reg_read(u, VIRTIO_MMIO_VIS_CONTROL), ==, 0);
    vis_end(t);
    vis_end(u);
    unlink(file);
}

static void test_migrate_other_place_refused(void)
{
    /* D1107 */
    check_restore_refused("", "-global virtio-mmio.x-vis-slot=9");
}

/* 13. Bad accesses */

static void test_bad_register_width(void)
{
    Vis *t = vis_start_live("");
    uint64_t vector = MMIO + VIRTIO_MMIO_VIS_CONFIG_VECTOR;

    /* D1301 */
    qtest_writeb(t->qts, vector, 1);
    qtest_writew(t->qts, vector, 1);
    qtest_writel(t->qts, vector + 2, 0x10001);
    g_assert_cmphex(qtest_readl(t->qts, vector), ==, CONFIG_VECTOR);
    select_queue(t, 0);
    qtest_writeq(t->qts, MMIO + VIRTIO_MMIO_VIS_CONTROL, 1ull << 32 | 1);
    g_assert_cmphex(qtest_readl(t->qts, vector), ==, CONFIG_VECTOR);
    /* The base specification leaves other registers free; QEMU splits. */
    g_assert_cmphex(qtest_readq(t->qts, MMIO + VIRTIO_MMIO_CONFIG), ==,
                    t->disk_size / SECTOR_SIZE);
    g_assert_cmphex(qtest_readq(t->qts, MMIO + VIRTIO_MMIO_DEVICE_FEATURES) >>
                    32, ==, 0);
    vis_end(t);
}

static void test_bad_mask_width(void)
{
    Vis *t = vis_start_live("-global virtio-mmio.vectors=65");

    /* D1302 */
    mask_write(t, 0, 0x12345678);
    mask_write(t, 1, 0x12345678);
    forget_log(t);
    qtest_writeb(t->qts, t->mask, 0xff);
    qtest_writew(t->qts, t->mask + 2, 0xffff);
    qtest_writeq(t->qts, t->mask, 0);
    qtest_writeq(t->qts, t->mask + 4, 0);
    qtest_writel(t->qts, t->mask + 2, 0);
    assert_latched(t, "");
    g_assert_cmphex(mask_read(t, 0), ==, 0x12345678);
    g_assert_cmphex(mask_read(t, 1), ==, 0x12345678);
    vis_end(t);
}

static void test_bad_mask_past_end(void)
{
    Vis *t = vis_start_live("");

    /* D1303 */
    forget_log(t);
    mask_write(t, nr_words(t), 0);
    mask_write(t, 0x7ff, 0);
    assert_latched(t, "");
    assert_mask(t, 0, 0);
    vis_end(t);
}

static void assert_log_limited(Vis *t, uint64_t address)
{
    uint32_t lines = 0;
    const char *line;
    int i;

    forget_log(t);
    for (i = 0; i < 200; i++) {
        qtest_writeb(t->qts, address, 0);
    }
    for (line = read_log(t); (line = strchr(line, '\n')); line++) {
        lines++;
    }
    g_assert_cmpuint(lines, <, 200);
}

static void test_bad_access_survived(void)
{
    Vis *t = vis_start_live("");

    /* D1307 */
    forget_log(t);
    mask_write(t, nr_words(t), 0);
    g_assert_true(logged(t, "bad access to the mask table"));
    forget_log(t);
    qtest_writeb(t->qts, t->mask, 0);
    g_assert_true(logged(t, "mask table: offset 0x0 size 1"));
    qtest_writeb(t->qts, MMIO + VIRTIO_MMIO_VIS_CONTROL, 0);
    g_assert_true(logged(t, "bad access"));
    qtest_writeq(t->qts, MMIO + VIRTIO_MMIO_VIS_CONTROL, 0);
    g_assert_true(logged(t, "offset 0xc8 size 8"));
    reg_write(t, VIRTIO_MMIO_VIS_NUM_VECTORS, 0);
    g_assert_true(logged(t, "read-only"));
    reg_write(t, VIRTIO_MMIO_VIS_CONTROL, 0);
    g_assert_true(logged(t, "without a reset"));
    assert_log_limited(t, t->mask);
    assert_log_limited(t, MMIO + VIRTIO_MMIO_VIS_CONTROL);
    /* D1305, D1306 */
    qtest_readl(t->qts, t->mask + 0x8000);
    qtest_readb(t->qts, t->mask);
    qtest_readq(t->qts, t->mask);
    qtest_readb(t->qts, MMIO + VIRTIO_MMIO_VIS_CONTROL);
    qtest_readq(t->qts, MMIO + VIRTIO_MMIO_VIS_CONTROL);
    if (t->pending) {
        qtest_writel(t->qts, t->pending, 0);
    }
    forget_log(t);
    queue_event(t, 0);
    assert_sent(t, " 0:40");
    vis_end(t);
}

/* 14. The line */

static void test_line_while_disabled(void)
{
    Vis *t = vis_start("");

    /* D1401: vectors mapped and unmasked, and ENABLE 0 */
    qtest_irq_intercept_in(t->qts, "/machine/ioapic");
    negotiate(t, VERSION_1 | VIS);
    setup_queues(t);
    entries_write(t);
    map_all(t);
    driver_ok(t);
    queue_event(t, 0);
    g_assert_true(line_is_high(t));
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_INTERRUPT_STATUS), ==,
                    VIRTIO_MMIO_INT_VRING);
    reg_write(t, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_VRING);
    g_assert_false(line_is_high(t));
    config_event(t);
    g_assert_true(line_is_high(t));
    g_assert_true(reg_read(t, VIRTIO_MMIO_INTERRUPT_STATUS) &
                  VIRTIO_MMIO_INT_CONFIG);
    assert_pending(t, 0, 0);
    assert_sent(t, "");
    vis_end(t);
}

static void test_line_kept_by_map(void)
{
    Vis *t = vis_start("");
    uint16_t index;
    int i;

    /* D709, D1401: the mapping changes before a signal is observed */
    qtest_irq_intercept_in(t->qts, "/machine/ioapic");
    negotiate(t, VERSION_1 | VIS);
    setup_queues(t);
    driver_ok(t);
    for (i = 0; i < 4 * DRAIN_TRIES; i++) {
        index = queue_request(t, 0);
        do {
            map_queue(t, 0, 0);
        } while (qtest_readw(t->qts, USED(0) + 2) != index);
        settle(t);
        g_assert_true(line_is_high(t));
        reg_write(t, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_VRING);
    }
    vis_end(t);
}

static void test_line_while_enabled(void)
{
    Vis *t = vis_start_live("");

    /* D1402, D1403 */
    qtest_irq_intercept_in(t->qts, "/machine/ioapic");
    mask_write(t, 0, BIT(1));
    queue_event(t, 0);
    queue_event(t, 1);
    config_event(t);
    g_assert_false(line_is_high(t));
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_INTERRUPT_STATUS), ==, 0);
    /* D1404 */
    reg_write(t, VIRTIO_MMIO_INTERRUPT_ACK,
              VIRTIO_MMIO_INT_VRING | VIRTIO_MMIO_INT_CONFIG);
    assert_pending(t, 0, BIT(1));
    g_assert_false(line_is_high(t));
    vis_end(t);
}

/* 17. Suspend */

static void test_suspend(void)
{
    Vis *t = vis_start("");

    /* D1701 to D1705 */
    g_assert_cmphex(device_features(t) & BIT_ULL(VIRTIO_F_SUSPEND), ==, 0);
    vis_end(t);
    g_test_skip("never: QEMU has no VIRTIO_F_SUSPEND");
}

/* 19. Supplied tables */

#define DRIVER_TABLES "-global virtio-mmio.vis-driver-tables=on"

static void assert_addresses(Vis *t, uint64_t table, uint64_t pending)
{
    g_assert_cmphex(reg_read64(t, VIRTIO_MMIO_VIS_TABLE_LOW), ==, table);
    g_assert_cmphex(reg_read64(t, VIRTIO_MMIO_VIS_PENDING_LOW), ==, pending);
}

static void assert_not_supplied(Vis *t, const Vis *own)
{
    supply(t, OTHER_TABLE, OTHER_PENDING);
    assert_addresses(t, own->table, own->pending);
}

static void test_supplied_offered(void)
{
    Vis *t = vis_start(DRIVER_TABLES);
    Vis own;

    /* D111 */
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_VIS_NUM_VECTORS), ==,
                    0x20010000 | t->nr_vectors);
    vis_end(t);
    if (config->supplies) {
        return;
    }

    t = vis_start("");
    own = *t;
    negotiate(t, VERSION_1 | VIS);
    assert_not_supplied(t, &own);
    vis_end(t);
}

static void test_supplied_addresses(void)
{
    Vis *t = vis_start(DRIVER_TABLES);
    Vis own = *t;

    /* D1901: not before the feature is negotiated */
    assert_not_supplied(t, &own);
    negotiate(t, VERSION_1);
    assert_not_supplied(t, &own);

    /* D1901, D1902 */
    negotiate(t, VERSION_1 | VIS);
    supply(t, 0x123456789abcdef0, 0xfedcba9876543210);
    assert_addresses(t, 0x123456789abcdef0, 0xfedcba9876543210);
    reg_write(t, VIRTIO_MMIO_VIS_TABLE_LOW, 0x10);
    reg_write(t, VIRTIO_MMIO_VIS_PENDING_HIGH, 0x20);
    assert_addresses(t, 0x1234567800000010, 0x2076543210);
    write_address(t, VIRTIO_MMIO_VIS_MASK_LOW, OTHER_TABLE);
    g_assert_cmphex(reg_read64(t, VIRTIO_MMIO_VIS_MASK_LOW), ==, own.mask);

    /* D1903 */
    reset_device(t);
    assert_addresses(t, own.table, own.pending);

    /* D1901: not while ENABLE is 1 */
    negotiate(t, VERSION_1 | VIS);
    supply(t, OTHER_TABLE, OTHER_PENDING);
    vis_enable(t);
    supply(t, own.table, own.pending);
    assert_addresses(t, OTHER_TABLE, OTHER_PENDING);
    qtest_system_reset(t->qts);
    assert_addresses(t, own.table, own.pending);
    vis_end(t);
}

/* As vis_start_mapped(), with tables in the middle of a pattern */
static Vis *vis_start_supplied(const char *options, uint64_t table,
                               uint64_t pending)
{
    g_autofree char *all = g_strdup_printf("%s %s", DRIVER_TABLES, options);
    Vis *t = vis_start_mapped(all);

    supply(t, table, pending);
    qtest_memset(t->qts, OTHER_TABLE - 16, PATTERN, 4 * KiB);
    qtest_memset(t->qts, OTHER_PENDING - 4, PATTERN, 4 * KiB);
    qtest_memset(t->qts, OTHER_PENDING, 0, nr_words(t) * 4);
    return t;
}

static void assert_pattern(Vis *t, uint64_t from, uint64_t to)
{
    for (; from < to; from += 4) {
        g_assert_cmphex(qtest_readl(t->qts, from), ==, PATTERN * 0x1010101u);
    }
}

static void test_supplied_latch(void)
{
    Vis *t = vis_start_supplied("", OTHER_TABLE, OTHER_PENDING);
    uint32_t last = t->nr_vectors - 1;
    g_autofree char *both = g_strdup_printf(" 0:fee02000:60 %u:fee03000:61",
                                            last);

    /* D1904 */
    entry_write(t, 0, MSI | 0x2000, 0x60);
    entry_write(t, last, MSI | 0x3000, 0x61);
    map_queue(t, 1, last);
    vis_enable(t);
    mask_write(t, 0, (uint32_t)~BIT(0));
    mask_write(t, last / 32, ~(BIT(last % 32) | (last < 32 ? BIT(0) : 0)));
    driver_ok(t);
    queue_event(t, 0);
    queue_event(t, 1);
    assert_sent(t, both);
    /* D604 */
    entry_write(t, 0, MSI, 0x70);
    queue_event(t, 0);
    assert_sent(t, " 0:fee02000:60");
    mask_write(t, 0, (uint32_t)~BIT(0));
    queue_event(t, 0);
    assert_sent(t, " 0:70");
    /* D1910 */
    assert_entry(t, 0, MSI, 0x70);
    assert_pattern(t, OTHER_TABLE + 16, OTHER_TABLE + 16 * last);
    vis_end(t);
}

static void test_supplied_pending(void)
{
    Vis *t = vis_start("-global virtio-mmio.vectors=65");
    uint64_t own = t->pending;

    vis_end(t);
    t = vis_start_supplied("-global virtio-mmio.vectors=65", OTHER_TABLE,
                           OTHER_PENDING);
    vis_enable(t);
    /* D1906 */
    check_pending_words(t);
    /* D1907 */
    if (own) {
        g_assert_cmphex(qtest_readl(t->qts, own + 4), ==, 0);
    }
    /* D1910 */
    assert_pattern(t, OTHER_PENDING - 4, OTHER_PENDING);
    assert_pattern(t, OTHER_PENDING + 12, OTHER_PENDING + 1 * KiB);

    entry_write(t, 37, MSI, 0x70);
    mask_write(t, 1, (uint32_t)~BIT(5));
    assert_sent(t, " 37:70");
    assert_pending(t, 1, 0);
    vis_end(t);
}

/* The vector behaves as it would without a pending table. */
static void check_pends_and_goes(Vis *t)
{
    entry_write(t, 0, MSI, 0x70);
    vis_enable(t);
    mask_write(t, 0, 0xffffffff);
    driver_ok(t);
    queue_event(t, 0);
    assert_sent(t, "");
    g_assert_cmphex(reg_read(t, VIRTIO_MMIO_STATUS), ==, STATUS_LIVE);
    mask_write(t, 0, (uint32_t)~BIT(0));
    assert_sent(t, " 0:70");
}

static void test_supplied_no_pending(void)
{
    Vis *t = vis_start_supplied("", OTHER_TABLE, 0);
    uint32_t before = qtest_readl(t->qts, 0);

    /* D1907 */
    check_pends_and_goes(t);
    g_assert_cmphex(qtest_readl(t->qts, 0), ==, before);
    vis_end(t);
}

static void test_supplied_unreadable(void)
{
    const uint64_t bad[] = { NO_MEMORY, MMIO, BIT_ULL(63) };
    int i;

    /* D1905, D1913 */
    for (i = 0; i < ARRAY_SIZE(bad); i++) {
        Vis *t = vis_start_supplied("", bad[i], OTHER_PENDING);

        vis_enable(t);
        mask_write(t, 0, 0);
        assert_mask(t, 0, 0xffffffff);
        driver_ok(t);
        queue_event(t, 0);
        assert_sent(t, "");
        assert_pending(t, 0, BIT(0));
        g_assert_cmphex(reg_read(t, VIRTIO_MMIO_STATUS), ==, STATUS_LIVE);
        vis_end(t);
    }
}

static void test_supplied_unwritable(void)
{
    const uint64_t bad[] = {
        NO_MEMORY, MMIO + VIRTIO_MMIO_STATUS, UINT64_MAX - 3,
    };
    int i;

    Vis *t;

    /* D1908, D1913 */
    for (i = 0; i < ARRAY_SIZE(bad); i++) {
        t = vis_start_supplied("", OTHER_TABLE, bad[i]);
        check_pends_and_goes(t);
        vis_end(t);
    }

    /* D1913: the I/O APIC's index register would keep a value written to it */
    t = vis_start_supplied("", OTHER_TABLE, IOAPIC);
    g_assert_cmphex(qtest_readl(t->qts, IOAPIC), ==, 0);
    vis_enable(t);
    driver_ok(t);
    queue_event(t, 0);
    settle(t);
    g_assert_cmphex(qtest_readl(t->qts, IOAPIC), ==, 0);
    vis_end(t);
}

static void test_supplied_reset(void)
{
    Vis *t = vis_start_supplied("", OTHER_TABLE, OTHER_PENDING);
    uint64_t words = nr_words(t) * 4;

    entry_write(t, 0, MSI, 0x70);
    vis_enable(t);
    driver_ok(t);
    queue_event(t, 0);
    assert_pending(t, 0, BIT(0));
    reset_device(t);

    /* D1911: the device uses neither table any more */
    qtest_memset(t->qts, OTHER_TABLE, PATTERN, 1 * KiB);
    qtest_memset(t->qts, OTHER_PENDING, PATTERN, words);
    discover(t);
    negotiate(t, VERSION_1 | VIS);
    setup_queues(t);
    entries_write(t);
    map_all(t);
    vis_enable(t);
    driver_ok(t);
    queue_event(t, 0);
    assert_pending(t, 0, BIT(0));
    unmask_all(t);
    assert_sent(t, " 0:40");
    assert_pattern(t, OTHER_PENDING, OTHER_PENDING + words);
    vis_end(t);
}

static void test_supplied_stopped(void)
{
    Vis *t = vis_start_supplied("", OTHER_TABLE, OTHER_PENDING);

    /* D1906: events while the machine is stopped count as well */
    vis_enable(t);
    driver_ok(t);
    qtest_qmp_assert_success(t->qts, "{ 'execute': 'stop' }");
    config_signal(t);
    qtest_qmp_assert_success(t->qts, "{ 'execute': 'cont' }");
    assert_pending(t, 0, BIT(CONFIG_VECTOR));
    vis_end(t);
}

static void test_migrate_other_kind_refused(void)
{
    const char *off = "-global virtio-mmio.vis=off";

    /* D1104 */
    check_restore_refused("", off);
    check_not_restored(vis_start(off), vis_start("-incoming defer"));
    if (!config->supplies) {
        check_restore_refused(DRIVER_TABLES, "");
        check_restore_refused("", DRIVER_TABLES);
    }
}

/* KVM: irqchip, irqfds and routes. They work without a running guest. */

#define KVM_COMMIT      "kvm_irqchip_commit_routes"
/* KVM_IRQFD in the trace of ioctls */
#define KVM_IRQFD_CALL  "kvm_vm_ioctl type 0x4020ae76,"

/* Start a device, unmask all vectors, and leave DRIVER_OK to the case. */
static Vis *vis_start_kvm(const char *options)
{
    Vis *t = vis_start_enabled(options);

    unmask_all(t);
    settle(t);
    forget_log(t);
    return t;
}

static uint32_t count(Vis *t, const char *event)
{
    const char *line = read_log(t);
    uint32_t nr = 0;

    while ((line = strstr(line, event))) {
        line++;
        nr++;
    }
    return nr;
}

/* An event that moves to another vector gives its route back. */
static void test_kvm_routes_given_back(void)
{
    Vis *t = vis_start_kvm("-global virtio-mmio.vectors="
                           stringify(NR_ENTRIES));
    uint32_t vector;

    driver_ok(t);
    for (vector = 0; vector < NR_ENTRIES; vector++) {
        map_queue(t, 0, vector);
    }
    g_assert_cmpuint(count(t, "kvm_irqchip_add_msi_route"), >=, NR_ENTRIES);
    g_assert_cmpuint(count(t, "kvm_irqchip_add_msi_route"), <=,
                     count(t, "kvm_irqchip_release_virq") + NR_QUEUES + 1);
    vis_end(t);
}

/* The vectors are in different words. */
static void test_kvm_start_one_commit(void)
{
    Vis *t = vis_start_kvm("-global virtio-mmio.vectors=128");
    uint32_t queue;

    for (queue = 0; queue < NR_QUEUES; queue++) {
        entry_write(t, queue * 32, MSI, MSI_VECTOR);
        map_queue(t, queue, queue * 32);
    }
    unmask_all(t);
    forget_log(t);
    driver_ok(t);
    g_assert_cmpuint(count(t, "kvm_irqchip_add_msi_route"), >=, NR_QUEUES);
    g_assert_cmpuint(count(t, KVM_COMMIT), ==, 1);
    g_assert_cmpuint(count(t, KVM_IRQFD_CALL), >=, NR_QUEUES);
    vis_end(t);
}

/* If two vectors of a word move, no irqfd is bound again. */
static void test_kvm_one_commit(void)
{
    Vis *t = vis_start_kvm("");

    driver_ok(t);
    settle(t);
    forget_log(t);
    entry_write(t, 0, MSI, 0x70);
    entry_write(t, 1, MSI, 0x71);
    mask_write(t, 0, 0);
    g_assert_cmpuint(count(t, KVM_COMMIT), ==, 1);
    g_assert_cmpuint(count(t, "kvm_irqchip_update_msi_route"), ==, 2);
    g_assert_cmpuint(count(t, KVM_IRQFD_CALL), ==, 0);
    vis_end(t);
}

/* A mask takes the irqfd away and leaves the route; other vectors stay. */
static void test_kvm_mask(void)
{
    Vis *t = vis_start_kvm("");

    driver_ok(t);
    settle(t);
    forget_log(t);
    mask_write(t, 0, 1);
    g_assert_cmpuint(count(t, KVM_IRQFD_CALL), ==, 1);
    mask_write(t, 0, 0);
    g_assert_cmpuint(count(t, KVM_IRQFD_CALL), ==, 2);
    g_assert_cmpuint(count(t, KVM_COMMIT), ==, 0);
    vis_end(t);
}

/* QEMU itself sends no message of an event, unless its vector was masked. */
static void test_kvm_irqfd_sends(void)
{
    Vis *t = vis_start_kvm("");

    driver_ok(t);
    queue_signal_done(t, 0);
    g_assert_cmpuint(count(t, "virtio_mmio_vis_send"), ==, 0);
    mask_write(t, 0, 1);
    queue_signal_done(t, 0);
    settle(t);
    g_assert_cmpuint(count(t, "virtio_mmio_vis_pend"), ==, 1);
    mask_write(t, 0, 0);
    g_assert_cmpuint(count(t, "virtio_mmio_vis_send"), ==, 1);
    vis_end(t);
}

/* A message to an address without an APIC has no route, and is dropped. */
static void test_kvm_no_target(void)
{
    Vis *t = vis_start_kvm("");

    driver_ok(t);
    settle(t);
    forget_log(t);
    entry_write(t, 0, 0x1000, 0x70);
    mask_write(t, 0, 0);
    g_assert_cmpuint(count(t, KVM_IRQFD_CALL), ==, 1);
    g_assert_cmpuint(count(t, KVM_COMMIT), ==, 0);
    queue_signal(t, 0);
    settle(t);
    g_assert_cmpuint(count(t, "dropped"), ==, 1);
    vis_end(t);
}

/* Whether the APIC has received this interrupt; none leaves it. */
static bool has_received(Vis *t, uint32_t data)
{
    g_autofree char *irr = requested_irqs(t);
    g_auto(GStrv) words = g_strsplit_set(irr, " ", -1);
    g_autofree char *word = g_strdup_printf("%u", data);

    return g_strv_contains((const char * const *)words, word);
}

/*
 * As above, the driver writes while an event is signalled. Here KVM may already
 * have sent the message of the event, or may be about to. Each try has messages
 * of its own, because the APIC keeps all that it receives.
 */

static void await_apic(Vis *t)
{
    bool enabled;

    do {
        g_autofree char *lapic = qtest_hmp(t->qts, "info lapic");

        enabled = strstr(lapic, "APIC enabled");
    } while (!enabled);
}

#define MESSAGES_A_TRY  3

static void try_race(void (*check)(Vis *t, uint32_t data))
{
    Vis *t = vis_start_live("");
    int i;

    await_apic(t);
    for (i = 0; i < DRAIN_TRIES; i++) {
        check(t, MSI_VECTOR + i * MESSAGES_A_TRY);
    }
    vis_end(t);
}

/* D601, D907: the event sends the old latch, or else stays pending. */
static void check_kvm_mask_race(Vis *t, uint32_t data)
{
    bool sent;

    entry_write(t, 0, MSI, data);
    mask_write(t, 0, 0);
    entry_write(t, 0, MSI, data + 1);
    queue_signal(t, 0);
    mask_write(t, 0, BIT(0));
    sent = has_received(t, data);
    settle(t);
    /* After a mask, nothing is sent. */
    g_assert_cmpint(has_received(t, data), ==, sent);
    assert_pending(t, 0, sent ? 0 : BIT(0));
    mask_write(t, 0, 0);
    settle(t);
    g_assert_cmpint(has_received(t, data + 1), ==, !sent);
}

static void test_kvm_mask_race(void)
{
    try_race(check_kvm_mask_race);
}

/* D608: after a commit, nothing but the new latch is sent. */
static void check_kvm_commit_race(Vis *t, uint32_t data)
{
    bool sent;

    entry_write(t, 0, MSI, data);
    mask_write(t, 0, 0);
    entry_write(t, 0, MSI, data + 1);
    queue_signal(t, 0);
    mask_write(t, 0, 0);
    sent = has_received(t, data);
    settle(t);
    g_assert_cmpint(has_received(t, data), ==, sent);
    g_assert_cmpint(has_received(t, data + 1), ==, !sent);
}

static void test_kvm_commit_race(void)
{
    try_race(check_kvm_commit_race);
}

/* D708, D907: mapping an event does not undo that it was unmapped before. */
static void check_kvm_map_race(Vis *t, uint32_t data)
{
    entry_write(t, 0, MSI, data);
    mask_write(t, 0, 0);
    map_queue(t, 0, VIRTIO_VIS_NO_VECTOR);
    queue_signal_done(t, 0);
    map_queue(t, 0, 0);
    assert_sent(t, "");
    g_assert_false(has_received(t, data));
}

static void test_kvm_map_race(void)
{
    try_race(check_kvm_map_race);
}

/* D503, D708, D907: an event goes to the old vector, or else to the new one. */
static void check_kvm_remap_race(Vis *t, uint32_t data)
{
    bool sent;

    entry_write(t, 0, MSI, data);
    entry_write(t, 1, MSI, data + 1);
    mask_write(t, 0, 0);
    queue_signal(t, 0);
    map_queue(t, 0, 1);
    sent = has_received(t, data);
    settle(t);
    g_assert_cmpint(has_received(t, data), ==, sent);
    g_assert_cmpint(has_received(t, data + 1), ==, !sent);

    entry_write(t, 1, MSI, data + 2);
    mask_write(t, 0, 0);
    queue_event(t, 0);
    g_assert_true(has_received(t, data + 2));
    g_assert_cmpint(has_received(t, data), ==, sent);
    map_queue(t, 0, 0);
}

static void test_kvm_remap_race(void)
{
    try_race(check_kvm_remap_race);
}

/*
 * D608: a vector that a queue leaves to the configuration gets a new message.
 * The queue comes back while the vector has the mask bit @mask.
 */
static void check_kvm_shared(Vis *t, uint32_t data, uint32_t mask)
{
    map_config(t, 0);
    entry_write(t, 0, MSI, data);
    mask_write(t, 0, 0);
    map_queue(t, 0, VIRTIO_VIS_NO_VECTOR);
    entry_write(t, 0, MSI, data + 1);
    mask_write(t, 0, 0);
    mask_write(t, 0, mask);
    map_queue(t, 0, 0);
    mask_write(t, 0, 0);
    queue_signal(t, 0);
    while (!has_received(t, data + 1)) {
        g_assert_false(has_received(t, data));
    }
}

static void check_kvm_shared_unmasked(Vis *t, uint32_t data)
{
    check_kvm_shared(t, data, 0);
}

static void check_kvm_shared_masked(Vis *t, uint32_t data)
{
    check_kvm_shared(t, data, BIT(0));
}

static void test_kvm_shared(void)
{
    try_race(check_kvm_shared_unmasked);
    try_race(check_kvm_shared_masked);
}

/* D503: an event from before its mapping ends is sent, or becomes pending. */
static void check_kvm_unmap_race(Vis *t, uint32_t data)
{
    entry_write(t, 0, MSI, data);
    mask_write(t, 0, 0);
    queue_signal_done(t, 0);
    map_queue(t, 0, VIRTIO_VIS_NO_VECTOR);
    settle(t);
    g_assert_true(has_received(t, data));
    map_queue(t, 0, 0);
}

static void test_kvm_unmap_race(void)
{
    try_race(check_kvm_unmap_race);
}

#define RESETS          4

/* A reset gives all routes back. */
static void test_kvm_reset(void)
{
    Vis *t = vis_start_kvm("");
    int i;

    for (i = 0; i < RESETS; i++) {
        driver_ok(t);
        settle(t);
        g_assert_cmpuint(count(t, "kvm_irqchip_add_msi_route"), >=, NR_QUEUES);
        reset_device(t);
        g_assert_cmpuint(count(t, "kvm_irqchip_release_virq"), ==,
                         count(t, "kvm_irqchip_add_msi_route"));
        negotiate(t, VERSION_1 | RING_RESET | VIS);
        setup_queues(t);
        map_all(t);
        vis_enable(t);
        unmask_all(t);
        forget_log(t);
    }
    vis_end(t);
}

/*
 * Map a queue to each vector but the last, with all vectors unmasked. Queue 0
 * has the last of these vectors.
 */
static void map_many(Vis *t)
{
    g_autofree struct virtio_vis_entry *entries =
        g_new0(struct virtio_vis_entry, t->nr_vectors);
    uint32_t i;

    for (i = 0; i < t->nr_vectors; i++) {
        entries[i].addr_lo = cpu_to_le32(MSI);
        entries[i].data = cpu_to_le32(MSI_VECTOR);
    }
    qtest_memwrite(t->qts, t->table, entries,
                   t->nr_vectors * sizeof(*entries));
    for (i = 0; i < NR_MANY; i++) {
        map_queue(t, i, (i + LAST_OF_MANY) % NR_MANY);
    }
    vis_enable(t);
    unmask_all(t);
}

/* The cost of a move does not depend on the number of other vectors. */
static void test_kvm_move_of_many(void)
{
    Vis *t = vis_start_kvm("");
    uint32_t moved = NR_MANY / 2;

    map_many(t);
    driver_ok(t);
    forget_log(t);
    entry_write(t, moved, MSI, MSI_VECTOR + 1);
    mask_write(t, moved / 32, 0);
    g_assert_cmpuint(count(t, KVM_COMMIT), ==, 1);
    g_assert_cmpuint(count(t, "kvm_irqchip_update_msi_route"), ==, 1);
    g_assert_cmpuint(count(t, "kvm_vm_ioctl"), ==, 1);
    vis_end(t);
}

/* Four such devices have more vectors than KVM has routes. */
#define NR_CROWD        4
#define REGISTERS       0x200
#define CROWDED(_slot)  "-blockdev null-co,node-name=null" _slot " -device " \
                        "virtio-blk-device,drive=null" _slot ",iothread=io," \
                        "num-queues=" stringify(NR_MANY) \
                        ",bus=virtio-mmio-bus." _slot " "

/* Let @t stand for the device in another slot. */
static void use_device(Vis *t, uint32_t slot)
{
    t->mmio = MMIO + slot * REGISTERS;
    discover(t);
}

/* Nothing stops its iothread, and it keeps the buffer of the statistics. */
static void test_queue_reset_not_of_balloon(void)
{
    Vis *t = vis_start("-device virtio-balloon-device,bus=virtio-mmio-bus.1");

    g_assert_true(device_features(t) & RING_RESET);
    use_device(t, 1);
    g_assert_false(device_features(t) & RING_RESET);
    vis_end(t);
}

/*
 * The disk starts last, and the vectors at its end get no route. Return how
 * many. None may settle: that starts all devices again, and their routes move.
 * Devices that have started slow the main loop down.
 */
static uint32_t start_crowd(Vis *t)
{
    uint32_t slot;

    for (slot = 0; slot < NR_CROWD; slot++) {
        use_device(t, slot);
        negotiate(t, VERSION_1 | RING_RESET | VIS);
        setup_queues(t);
        map_many(t);
    }
    forget_log(t);
    for (slot = NR_CROWD; slot--; ) {
        use_device(t, slot);
        driver_ok(t);
    }
    return NR_CROWD * NR_MANY - count(t, "kvm_irqchip_add_msi_route");
}

/* Whether KVM sends the message of an event without QEMU */
static bool sent_by_kvm(Vis *t, uint32_t queue, uint32_t data)
{
    forget_log(t);
    queue_signal(t, queue);
    while (!has_received(t, data)) {
        /* The iothread or the main loop is about to send it. */
    }
    return !logged(t, "virtio_mmio_vis_send ");
}

static void move(Vis *t, uint32_t vector, uint32_t data)
{
    entry_write(t, vector, MSI, data);
    mask_write(t, vector / 32, 0);
}

/* QEMU sends the messages of the vectors for which KVM has no route. */
static void check_no_route(Vis *t)
{
    move(t, 0, 0x70);
    move(t, LAST_OF_MANY, 0x71);
    g_assert_true(sent_by_kvm(t, 1, 0x70));
    g_assert_false(sent_by_kvm(t, 0, 0x71));

    /* A queue goes to a vector with a route and back: no irqfd stays there. */
    map_queue(t, 0, 0);
    move(t, 0, 0x72);
    g_assert_true(sent_by_kvm(t, 0, 0x72));
    move(t, 0, 0x73);
    move(t, LAST_OF_MANY, 0x74);
    map_queue(t, 0, LAST_OF_MANY);
    g_assert_false(sent_by_kvm(t, 0, 0x74));
    g_assert_false(has_received(t, 0x73));
}

static void test_kvm_no_route(void)
{
    Vis *t = vis_start(CROWDED("1") CROWDED("2") CROWDED("3"));
    uint32_t word = LAST_OF_MANY / 32;
    uint32_t without;

    await_apic(t);
    without = start_crowd(t);
    g_assert_cmpuint(without, >, 0);
    /* In two words: the IOAPICs have as many pins, each with a route */
    g_assert_cmpuint(without, <=, 64);
    check_no_route(t);

    /* A move takes the route that another queue gives back. */
    map_queue(t, 2, VIRTIO_VIS_NO_VECTOR);
    move(t, LAST_OF_MANY, 0x75);
    g_assert_true(sent_by_kvm(t, 0, 0x75));

    /* After the reset of another device there are routes for all. */
    t->mmio += REGISTERS;
    reset_device(t);
    t->mmio = MMIO;
    mask_write(t, word - 1, ~0u);
    mask_write(t, word, ~0u);
    forget_log(t);
    mask_write(t, word - 1, 0);
    mask_write(t, word, 0);
    g_assert_cmpuint(count(t, "kvm_irqchip_add_msi_route"), ==, without - 1);
    vis_end(t);
}

/**
 * Case: a test in one configuration
 * @config: the configuration
 * @run: the test
 * @starts: the test starts the device
 */
typedef struct Case {
    const Config *config;
    void (*run)(void);
    bool starts;
} Case;

static bool needs_variant(const Config *c)
{
    return c >= variants && c < variants + ARRAY_SIZE(variants);
}

/* qtest_has_device() would start a machine to ask it. */
static bool has_variant(const char *name)
{
    g_autofree char *command =
        g_strdup_printf("%s -device virtio-mmio-vis-%s,help",
                        getenv("QTEST_QEMU_BINARY"), name);
    g_autofree char *help = NULL;
    g_autofree char *errors = NULL;

    g_assert_true(g_spawn_command_line_sync(command, &help, &errors, NULL,
                                            NULL));
    return !*errors;
}

static void run_case(const void *data)
{
    const Case *c = data;

    config = c->config;
    runs_everywhere = c->starts;
    if (needs_variant(config) && !has_variant(config->variant)) {
        g_test_skip("needs CONFIG_VIRTIO_MMIO_VIS_VARIANTS");
        return;
    }
    if (config->kvm && !qtest_has_accel("kvm")) {
        g_test_skip("kvm: there is no KVM");
        return;
    }
    c->run();
}

static void add_configured(const char *name, void (*run)(void),
                           const Config *with, bool starts)
{
    g_autofree char *path = g_strdup_printf("virtio-mmio-vis%s%s/%s%s",
                                            with->variant ? "/" : "",
                                            with->variant ?: "", name,
                                            with->suffix);
    Case *c = g_new(Case, 1);

    *c = (Case) { with, run, starts };
    qtest_add_data_func(path, c, run_case);
}

/* The first of them, whose names have no suffix, suffices without a start. */
static void add_to(const Config *all, unsigned nr, const char *name,
                   void (*run)(void), bool starts)
{
    unsigned i;

    for (i = 0; i < nr; i++) {
        if (starts || !*all[i].suffix) {
            add_configured(name, run, &all[i], starts);
        }
    }
}

static void add_case(const char *name, void (*run)(void), bool starts)
{
    add_to(configs, ARRAY_SIZE(configs), name, run, starts);
}

/* Also on the variants */
static void add_variants(const char *name, void (*run)(void), bool starts)
{
    add_case(name, run, starts);
    add_to(variants, ARRAY_SIZE(variants), name, run, starts);
}

/*
 * The configurations differ in the way that the device learns of a buffer, and
 * in the way that it signals an event. Nothing sets these up before the driver
 * sets DRIVER_OK or notifies a queue, so a TEST(), which does neither, would do
 * the same in each configuration.
 */
#define TEST(_name)     add_variants(#_name, test_##_name, false)
#define EVENTS(_name)   add_variants(#_name, test_##_name, true)
#define KVM(_name)      add_configured(#_name, test_kvm_##_name, &kvm, true)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    TEST(feature_offered);
    add_case("feature_not_in_legacy_mode", test_feature_not_in_legacy_mode,
             false);
    TEST(feature_needs_version_1);
    TEST(num_vectors);
    TEST(num_vectors_default);
    add_case("variant_unknown", test_variant_unknown, false);
    TEST(draft_number);
    EVENTS(discovery_constant);
    TEST(registers_readable_when_offered);
    TEST(registers_ignored_unless_negotiated);
    EVENTS(mask_ignored_unless_negotiated);
    TEST(control_reserved_bits);
    TEST(reserved_register);
    TEST(registers_read_only);
    EVENTS(vector_table_layout);
    EVENTS(vector_table_reads_back);
    TEST(table_alignment);
    EVENTS(vector_table_reserved);
    EVENTS(vector_table_unchanged);
    EVENTS(message_address);
    EVENTS(message_outside);
    EVENTS(message_unaligned);
    EVENTS(mask_layout);
    TEST(table_blocks);
    TEST(mask_high_bits);
    EVENTS(mask_blocks);
    EVENTS(mask_void_while_disabled);
    TEST(enable_masks_all);
    EVENTS(pending_layout);
    EVENTS(pending_set);
    EVENTS(pending_read_only);
    EVENTS(pending_none);
    EVENTS(pending_kept);
    EVENTS(pending_high_bits);
    EVENTS(latch_only_at_commit);
    EVENTS(commit_latches_word);
    EVENTS(commit_sends_pending_once);
    EVENTS(commit_after_old_sent);
    EVENTS(commit_whole);
    EVENTS(latch_single_read);
    EVENTS(all_unmasked);
    TEST(map_any);
    EVENTS(map_shared);
    EVENTS(map_invalid);
    EVENTS(map_not_retroactive);
    EVENTS(map_keeps_pending);
    EVENTS(map_takes_effect);
    EVENTS(map_after_driver_ok);
    EVENTS(map_no_queue);
    EVENTS(drain_before_map);
    EVENTS(drain_before_unmap);
    EVENTS(drain_before_mask);
    EVENTS(drain_config);
    EVENTS(queue_ready_keeps_mapping);
    EVENTS(queue_sel_past);
    EVENTS(enable_window);
    EVENTS(enable_after_refused_status);
    EVENTS(enable_sticky);
    EVENTS(enable_drops_line);
    EVENTS(enable_pends_config);
    EVENTS(queue_notification);
    EVENTS(config_notification);
    EVENTS(unmapped_silent);
    EVENTS(needs_reset_notification);
    EVENTS(needs_reset_then_reset);
    EVENTS(no_message_without_event);
    EVENTS(pending_merges_events);
    EVENTS(reset);
    EVENTS(reset_platform);
    EVENTS(reset_then_status);
    EVENTS(reset_discards_signals);
    EVENTS(reset_silent);
    EVENTS(queue_reset_waits);
    EVENTS(queue_reset_by_dma);
    EVENTS(queue_reset_unmaps);
    TEST(queue_reset_not_of_balloon);
    EVENTS(migrate_state);
    EVENTS(stopped_pends);
    EVENTS(migrate_stopped);
    EVENTS(migrate_other_size_refused);
    EVENTS(migrate_bad_mapping_refused);
    EVENTS(migrate_enable_window);
    EVENTS(migrate_other_place_refused);
    EVENTS(migrate_other_kind_refused);
    EVENTS(bad_register_width);
    EVENTS(bad_mask_width);
    EVENTS(bad_mask_past_end);
    EVENTS(bad_access_survived);
    EVENTS(line_while_disabled);
    EVENTS(line_kept_by_map);
    EVENTS(line_while_enabled);
    TEST(supplied_offered);
    TEST(supplied_addresses);
    EVENTS(supplied_latch);
    EVENTS(supplied_pending);
    EVENTS(supplied_no_pending);
    EVENTS(supplied_unreadable);
    EVENTS(supplied_unwritable);
    EVENTS(supplied_reset);
    EVENTS(supplied_stopped);
    add_case("suspend_silent", test_suspend, false);
    add_case("suspend_keeps_state", test_suspend, false);
    add_case("suspend_commit", test_suspend, false);
    add_case("suspend_resume_sends", test_suspend, false);
    KVM(start_one_commit);
    KVM(one_commit);
    KVM(mask);
    KVM(no_target);
    KVM(routes_given_back);
    KVM(irqfd_sends);
    KVM(mask_race);
    KVM(commit_race);
    KVM(map_race);
    KVM(remap_race);
    KVM(shared);
    KVM(unmap_race);
    KVM(reset);
    add_configured("needs_reset_then_reset", test_needs_reset_then_reset, &kvm,
                   true);
    add_configured("no_route", test_kvm_no_route, &kvm_many, true);
    add_configured("move_of_many", test_kvm_move_of_many, &kvm_many, true);

    return g_test_run();
}
