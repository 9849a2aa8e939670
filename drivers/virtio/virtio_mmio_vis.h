/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VIS half of a virtio-mmio transport: what the transport calls
 */
#ifndef _DRIVERS_VIRTIO_VIRTIO_MMIO_VIS_H
#define _DRIVERS_VIRTIO_VIRTIO_MMIO_VIS_H

#include <linux/errno.h>
#include <linux/kconfig.h>
#include <linux/types.h>

struct cpumask;
struct irq_affinity;
struct platform_device;
struct virtio_device;
struct virtqueue;
struct virtqueue_info;
struct vm_vis;

/**
 * struct vm_vis_vq_ops - What a transport does with one queue
 * @setup:	Sets up queue @index and leaves it selected in QueueSel
 * @del:	Undoes @setup
 */
struct vm_vis_vq_ops {
	struct virtqueue	*(*setup)(struct virtio_device *vdev, unsigned int index,
					  void (*callback)(struct virtqueue *vq),
					  const char *name, bool ctx);
	void			(*del)(struct virtqueue *vq);
};

#if IS_ENABLED(CONFIG_VIRTIO_MMIO_VIS)

struct vm_vis *vm_vis_probe(struct platform_device *pdev, void __iomem *base);
void vm_vis_remove(struct vm_vis *vis);

void vm_vis_finalize_features(struct vm_vis *vis, struct virtio_device *vdev);
int vm_vis_find_vqs(struct vm_vis *vis, struct virtio_device *vdev, unsigned int nvqs,
		    struct virtqueue *vqs[], struct virtqueue_info vqs_info[],
		    struct irq_affinity *desc, const struct vm_vis_vq_ops *ops);
bool vm_vis_active(const struct vm_vis *vis);
void vm_vis_free_irqs(struct vm_vis *vis);

void vm_vis_reset_begin(struct vm_vis *vis);
void vm_vis_synchronize_cbs(struct vm_vis *vis);

int vm_vis_set_vq_affinity(struct vm_vis *vis, struct virtqueue *vq, const struct cpumask *mask);
const struct cpumask *vm_vis_get_vq_affinity(struct vm_vis *vis, int index);

void vm_vis_disable_vq(struct vm_vis *vis, struct virtqueue *vq);
void vm_vis_enable_vq(struct vm_vis *vis, struct virtqueue *vq);

#else

static inline struct vm_vis *vm_vis_probe(struct platform_device *pdev, void __iomem *base)
{
	return NULL;
}

static inline int vm_vis_find_vqs(struct vm_vis *vis, struct virtio_device *vdev,
				  unsigned int nvqs, struct virtqueue *vqs[],
				  struct virtqueue_info vqs_info[], struct irq_affinity *desc,
				  const struct vm_vis_vq_ops *ops)
{
	return -EOPNOTSUPP;
}

static inline bool vm_vis_active(const struct vm_vis *vis)
{
	return false;
}

static inline int vm_vis_set_vq_affinity(struct vm_vis *vis, struct virtqueue *vq,
					 const struct cpumask *mask)
{
	return 0;
}

static inline const struct cpumask *vm_vis_get_vq_affinity(struct vm_vis *vis, int index)
{
	return NULL;
}

static inline void vm_vis_remove(struct vm_vis *vis) { }
static inline void vm_vis_finalize_features(struct vm_vis *vis, struct virtio_device *vdev) { }
static inline void vm_vis_free_irqs(struct vm_vis *vis) { }
static inline void vm_vis_reset_begin(struct vm_vis *vis) { }
static inline void vm_vis_synchronize_cbs(struct vm_vis *vis) { }
static inline void vm_vis_disable_vq(struct vm_vis *vis, struct virtqueue *vq) { }
static inline void vm_vis_enable_vq(struct vm_vis *vis, struct virtqueue *vq) { }

#endif /* CONFIG_VIRTIO_MMIO_VIS */

#endif /* _DRIVERS_VIRTIO_VIRTIO_MMIO_VIS_H */
