// SPDX-License-Identifier: GPL-2.0-only
/*
 * The report of the conformance run: a line for each statement that a guest can observe
 */
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "conform.h"

#define VC_PERMITS	"the statement permits, it demands nothing"
#define VC_NO_CHANGE	"the run cannot change the configuration before DRIVER_OK"
#define VC_NO_SUSPEND	"the run does not suspend the device"
#define VC_ALONE	"as far as the tables and registers of this device go"

/**
 * struct vc_statement - A statement about the device that a guest can observe
 * @id:		Its number in virtio-vis.rst, without the D
 * @should:	The statement says SHOULD
 * @never:	The reason why this run cannot observe it, or NULL
 * @partly:	How much of it this run observes, or NULL if all
 */
struct vc_statement {
	unsigned int	id;
	bool		should;
	const char	*never;
	const char	*partly;
};

static const struct vc_statement vc_statements[] = {
	{ 101 }, { 102 }, { 103 }, { 104 }, { 105, true }, { 106, true }, { 107 }, { 108 },
	{ 109 }, { 110, true }, { 111 },
	{ 201 }, { 202 }, { 203 }, { 204 }, { 205 }, { 206 },
	{ 301 }, { 302 }, { 303 }, { 304 }, { 305 }, { 306, false, VC_PERMITS }, { 307, true },
	{ 309 }, { 310 }, { 311, .partly = VC_ALONE },
	{ 312, false, "the platform's translation cannot be seen" }, { 314 },
	{ 401 }, { 402 }, { 403, .partly = VC_ALONE },
	{ 404 }, { 405 }, { 406 }, { 407 }, { 409 }, { 410 },
	{ 501 }, { 502 }, { 503 }, { 505 }, { 506 }, { 507, false, VC_PERMITS }, { 508 }, { 509 },
	{ 510, .partly = VC_ALONE },
	{ 601 }, { 602 }, { 604 }, { 605 }, { 606 }, { 609 }, { 610 }, { 611, true }, { 612 },
	{ 701 }, { 702 }, { 703 }, { 704 }, { 705 }, { 707 }, { 708 }, { 709 }, { 710 }, { 711 },
	{ 712 }, { 713 },
	{ 801 }, { 802 }, { 803 }, { 804, false, VC_NO_CHANGE }, { 805, false, VC_NO_CHANGE },
	{ 807, false, VC_NO_CHANGE }, { 809 },
	{ 901 }, { 902 }, { 903 }, { 904 }, { 905, true }, { 906, false, VC_PERMITS },
	{ 908, false, VC_PERMITS }, { 909 }, { 910, true },
	{ 1001 }, { 1003 }, { 1004 }, { 1006 }, { 1007 }, { 1008 },
	{ 1009, false, "the device may have been used since power-on" }, { 1011 }, { 1012 },
	{ 1201 }, { 1202, false, "the run changes no configuration space" }, { 1203 },
	{ 1301 }, { 1302 },
	{ 1303, false, "a table of another device may lie there" }, { 1304 }, { 1305 },
	{ 1306, false, VC_PERMITS }, { 1308, false, VC_PERMITS },
	{ 1401 }, { 1402 }, { 1403 }, { 1404 },
	{ 1503 },
	{ 1701, false, VC_NO_SUSPEND }, { 1703, false, VC_NO_SUSPEND },
	{ 1704, false, VC_NO_SUSPEND }, { 1705, false, VC_NO_SUSPEND },
	{ 1901 }, { 1902 }, { 1903 }, { 1904 }, { 1905 }, { 1906 }, { 1907 }, { 1908 }, { 1910 },
	{ 1911 },
};

int vc_report_init(struct vc *c)
{
	c->results = kcalloc(ARRAY_SIZE(vc_statements), sizeof(*c->results), GFP_KERNEL);
	return c->results ? 0 : -ENOMEM;
}

static struct vc_result *vc_result(struct vc *c, unsigned int id)
{
	unsigned int i;

	for (i = 0; vc_statements[i].id != id; i++)
		if (WARN_ON(i == ARRAY_SIZE(vc_statements) - 1))
			break;
	return &c->results[i];
}

/**
 * vc_end - End the run early, because nothing more can be observed
 * @c:		The run
 * @fmt:	The reason
 */
void vc_end(struct vc *c, const char *fmt, ...)
{
	va_list args;

	if (c->ended[0])
		return;

	va_start(args, fmt);
	vsnprintf(c->ended, sizeof(c->ended), fmt, args);
	va_end(args);
}

/**
 * vc_check - Record whether a statement was kept this time
 * @c:		The run
 * @id:		The statement
 * @kept:	Whether it was
 * @fmt:	The observation if it was not; only the first one is recorded
 *
 * Return:	@kept.
 */
bool vc_check(struct vc *c, unsigned int id, bool kept, const char *fmt, ...)
{
	struct vc_result *result = vc_result(c, id);
	va_list args;

	if (result->verdict == VC_BROKEN)
		return kept;

	result->verdict = kept ? VC_KEPT : VC_BROKEN;
	va_start(args, fmt);
	vsnprintf(result->why, sizeof(result->why), fmt, args);
	va_end(args);
	return kept;
}

/**
 * vc_unseen - Record why a statement cannot be observed on this device
 * @c:		The run
 * @id:		The statement
 * @why:	The reason
 */
void vc_unseen(struct vc *c, unsigned int id, const char *why)
{
	struct vc_result *result = vc_result(c, id);

	if (result->verdict == VC_UNSEEN)
		strscpy(result->why, why);
}

/**
 * vc_unseen_all - Record why some statements cannot be observed on this device
 * @c:		The run
 * @ids:	The statements, up to a 0
 * @why:	The reason
 */
void vc_unseen_all(struct vc *c, const unsigned int *ids, const char *why)
{
	for (; *ids; ids++)
		vc_unseen(c, *ids, why);
}

static const char *vc_why_unseen(struct vc *c, unsigned int i)
{
	if (vc_statements[i].never)
		return vc_statements[i].never;
	if (c->results[i].why[0])
		return c->results[i].why;
	return c->ended[0] ? c->ended : "no check of this run reached it";
}

/**
 * vc_report_show - Print the report as TAP
 * @c:		The run
 * @s:		The file
 */
void vc_report_show(struct vc *c, struct seq_file *s)
{
	unsigned int i;

	seq_puts(s, "TAP version 13\n");
	seq_printf(s, "# %s: virtio device %u, %u vectors\n", dev_name(&c->pdev->dev),
		   vc_read(c, VIRTIO_MMIO_DEVICE_ID), c->layout.nr_vectors);
	if (c->ended[0])
		seq_printf(s, "# the run ended early: %s\n", c->ended);
	if (c->stuck)
		seq_printf(s, "# %s: the device may go on using memory, which stays allocated\n",
			   dev_name(&c->pdev->dev));
	for (i = 0; i < ARRAY_SIZE(vc_statements); i++) {
		const struct vc_statement *statement = &vc_statements[i];
		const struct vc_result *result = &c->results[i];

		seq_printf(s, "%sok %u D%u", result->verdict == VC_BROKEN ? "not " : "", i + 1,
			   statement->id);
		if (result->verdict == VC_BROKEN)
			seq_printf(s, "%s%s", statement->should ? " # TODO a SHOULD: " : " - ",
				   result->why);
		else if (result->verdict == VC_UNSEEN)
			seq_printf(s, " # SKIP not observable: %s", vc_why_unseen(c, i));
		else if (statement->partly)
			seq_printf(s, " - %s", statement->partly);
		seq_puts(s, "\n");
	}
	seq_printf(s, "1..%zu\n", ARRAY_SIZE(vc_statements));
}
