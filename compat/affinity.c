// SPDX-License-Identifier: GPL-2.0-only
/*
 * irq_create_affinity_masks(), which the kernel does not export
 */
#include <linux/group_cpus.h>
#include <linux/interrupt.h>
#include <linux/minmax.h>
#include <linux/slab.h>

static struct cpumask *compat_group_cpus(unsigned int nr, unsigned int *nr_masks)
{
#ifdef COMPAT_NO_NUMMASKS
	/* Before nr_masks was added, the function always returned as many masks as requested */
	*nr_masks = nr;
	return group_cpus_evenly(nr);
#else
	return group_cpus_evenly(nr, nr_masks);
#endif
}

/* Fills in the masks of one set, whose first vector is that of @affinity */
static int compat_spread_set(struct irq_affinity_desc *affinity, unsigned int nr)
{
	unsigned int i, nr_masks;

	struct cpumask *masks __free(kfree) = compat_group_cpus(nr, &nr_masks);

	if (!masks)
		return -ENOMEM;

	for (i = 0; i < nr; i++) {
		cpumask_copy(&affinity[i].mask, i < nr_masks ? &masks[i] : cpu_possible_mask);
		affinity[i].is_managed = 1;
	}
	return 0;
}

static void compat_one_set(struct irq_affinity *affd, unsigned int nvec)
{
	affd->nr_sets = 1;
	affd->set_size[0] = nvec;
}

/**
 * irq_create_affinity_masks - Like the kernel's, but no set exceeds the vectors that are left
 * @nvec:	Number of vectors
 * @affd:	Describes the sets of vectors; the function fills in their sizes
 *
 * A vector that is in no set is not managed, and its mask is empty, because irq_default_affinity
 * is not exported.
 *
 * Context:	May sleep.
 * Return:	An array of @nvec descriptors, which the caller frees with kfree(), or NULL if there
 *		is no memory or nothing to spread.
 */
struct irq_affinity_desc *irq_create_affinity_masks(unsigned int nvec, struct irq_affinity *affd)
{
	unsigned int fixed = affd->pre_vectors + affd->post_vectors;
	unsigned int i, nr, first = affd->pre_vectors;
	unsigned int left = nvec > fixed ? nvec - fixed : 0;

	if (!affd->calc_sets)
		affd->calc_sets = compat_one_set;
	affd->calc_sets(affd, left);
	if (!left || WARN_ON_ONCE(affd->nr_sets > IRQ_AFFINITY_MAX_SETS))
		return NULL;

	struct irq_affinity_desc *affinity __free(kfree) =
		kcalloc(nvec, sizeof(*affinity), GFP_KERNEL);

	if (!affinity)
		return NULL;

	for (i = 0; i < affd->nr_sets; i++, first += nr, left -= nr) {
		nr = min(affd->set_size[i], left);
		if (nr && compat_spread_set(&affinity[first], nr))
			return NULL;
	}
	return_ptr(affinity);
}
