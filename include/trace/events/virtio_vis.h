/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM virtio_vis

#if !defined(_TRACE_VIRTIO_VIS_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_VIRTIO_VIS_H

#include <linux/device.h>
#include <linux/msi.h>
#include <linux/tracepoint.h>

TRACE_EVENT(virtio_vis_write_msg,
	    TP_PROTO(const struct device *dev, unsigned int vector, const struct msi_msg *msg),
	    TP_ARGS(dev, vector, msg),
	    TP_STRUCT__entry(__string(dev, dev_name(dev))
			     __field(unsigned int, vector)
			     __field(u32, addr_hi)
			     __field(u32, addr_lo)
			     __field(u32, data)),
	    TP_fast_assign(__assign_str(dev);
			   __entry->vector = vector;
			   __entry->addr_hi = msg->address_hi;
			   __entry->addr_lo = msg->address_lo;
			   __entry->data = msg->data;),
	    TP_printk("dev=%s vector=%u addr_hi=%#x addr_lo=%#x data=%#x", __get_str(dev),
		      __entry->vector, __entry->addr_hi, __entry->addr_lo, __entry->data)
);

TRACE_EVENT(virtio_vis_mask,
	    TP_PROTO(const struct device *dev, unsigned int vector, bool masked),
	    TP_ARGS(dev, vector, masked),
	    TP_STRUCT__entry(__string(dev, dev_name(dev))
			     __field(unsigned int, vector)
			     __field(bool, masked)),
	    TP_fast_assign(__assign_str(dev);
			   __entry->vector = vector;
			   __entry->masked = masked;),
	    TP_printk("dev=%s vector=%u masked=%d", __get_str(dev), __entry->vector,
		      __entry->masked)
);

TRACE_EVENT(virtio_vis_commit,
	    TP_PROTO(const struct device *dev, unsigned int word, u32 mask),
	    TP_ARGS(dev, word, mask),
	    TP_STRUCT__entry(__string(dev, dev_name(dev))
			     __field(unsigned int, word)
			     __field(u32, mask)),
	    TP_fast_assign(__assign_str(dev);
			   __entry->word = word;
			   __entry->mask = mask;),
	    TP_printk("dev=%s word=%u mask=%#x", __get_str(dev), __entry->word, __entry->mask)
);

#endif /* _TRACE_VIRTIO_VIS_H */

#include <trace/define_trace.h>
