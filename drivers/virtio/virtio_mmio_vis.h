/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VIS half of a virtio-mmio transport: the functions that the transport calls
 */
#ifndef _DRIVERS_VIRTIO_VIRTIO_MMIO_VIS_H
#define _DRIVERS_VIRTIO_VIRTIO_MMIO_VIS_H

#include <linux/kconfig.h>
#include <linux/types.h>

struct cpumask;
struct irq_affinity;
struct platform_device;
struct virtio_device;
struct virtqueue;
struct virtqueue_info;
struct virtio_mmio_vis;

/**
 * struct virtio_mmio_vis_vq_ops - Functions of a transport that set up and delete one queue
 * @setup:	Set up queue @index and leave it selected in QueueSel; return it or an ERR_PTR()
 * @del:	Undo @setup
 */
struct virtio_mmio_vis_vq_ops {
	struct virtqueue	*(*setup)(struct virtio_device *vdev, unsigned int index,
					  void (*callback)(struct virtqueue *vq),
					  const char *name, bool ctx);
	void			(*del)(struct virtqueue *vq);
};

#if IS_ENABLED(CONFIG_VIRTIO_MMIO_VIS)

struct virtio_mmio_vis *virtio_mmio_vis_probe(struct platform_device *pdev, void __iomem *base,
					      u64 features);
void virtio_mmio_vis_remove(struct virtio_mmio_vis *vm_vis);

void virtio_mmio_vis_finalize_features(struct virtio_mmio_vis *vm_vis, struct virtio_device *vdev);
int virtio_mmio_vis_find_vqs(struct virtio_mmio_vis *vm_vis, struct virtio_device *vdev,
			     unsigned int nvqs, struct virtqueue *vqs[],
			     struct virtqueue_info vqs_info[], struct irq_affinity *desc,
			     const struct virtio_mmio_vis_vq_ops *ops);
bool virtio_mmio_vis_in_use(const struct virtio_mmio_vis *vm_vis);
void virtio_mmio_vis_free_irqs(struct virtio_mmio_vis *vm_vis);

void virtio_mmio_vis_reset_begin(struct virtio_mmio_vis *vm_vis);
void virtio_mmio_vis_synchronize_cbs(struct virtio_mmio_vis *vm_vis);

int virtio_mmio_vis_set_vq_affinity(struct virtio_mmio_vis *vm_vis, struct virtqueue *vq,
				    const struct cpumask *mask);
const struct cpumask *virtio_mmio_vis_get_vq_affinity(struct virtio_mmio_vis *vm_vis, int index);

void virtio_mmio_vis_disable_vq(struct virtio_mmio_vis *vm_vis, struct virtqueue *vq);
void virtio_mmio_vis_enable_vq(struct virtio_mmio_vis *vm_vis, struct virtqueue *vq);

#else

static inline struct virtio_mmio_vis *
virtio_mmio_vis_probe(struct platform_device *pdev, void __iomem *base, u64 features)
{
	return NULL;
}

static inline int
virtio_mmio_vis_find_vqs(struct virtio_mmio_vis *vm_vis, struct virtio_device *vdev,
			 unsigned int nvqs, struct virtqueue *vqs[],
			 struct virtqueue_info vqs_info[], struct irq_affinity *desc,
			 const struct virtio_mmio_vis_vq_ops *ops)
{
	return 1;
}

static inline bool virtio_mmio_vis_in_use(const struct virtio_mmio_vis *vm_vis)
{
	return false;
}

static inline int
virtio_mmio_vis_set_vq_affinity(struct virtio_mmio_vis *vm_vis, struct virtqueue *vq,
				const struct cpumask *mask)
{
	return 0;
}

static inline const struct cpumask *
virtio_mmio_vis_get_vq_affinity(struct virtio_mmio_vis *vm_vis, int index)
{
	return NULL;
}

static inline void virtio_mmio_vis_remove(struct virtio_mmio_vis *vm_vis) { }
static inline void virtio_mmio_vis_finalize_features(struct virtio_mmio_vis *vm_vis,
						     struct virtio_device *vdev) { }
static inline void virtio_mmio_vis_free_irqs(struct virtio_mmio_vis *vm_vis) { }
static inline void virtio_mmio_vis_reset_begin(struct virtio_mmio_vis *vm_vis) { }
static inline void virtio_mmio_vis_synchronize_cbs(struct virtio_mmio_vis *vm_vis) { }
static inline void virtio_mmio_vis_disable_vq(struct virtio_mmio_vis *vm_vis,
					      struct virtqueue *vq) { }
static inline void virtio_mmio_vis_enable_vq(struct virtio_mmio_vis *vm_vis,
					     struct virtqueue *vq) { }

#endif /* CONFIG_VIRTIO_MMIO_VIS */

#endif /* _DRIVERS_VIRTIO_VIRTIO_MMIO_VIS_H */
