// oomkit_pages: takes blocks of pages in the kernel until memory is out, and may give
// them back when the kernel asks its OOM notifiers before it kills.
//
// It shows three things that no user-space program can: that memory may be gone although
// no process holds it; that buddy blocks of an order may be gone while single pages are
// left; and that out_of_memory() first calls the chain of register_oom_notifier() and
// kills nobody when a notifier says that it freed something (mm/oom_kill.c).
//
// Everything goes through files in /sys/module/oomkit_pages/parameters:
//   order       order of the blocks to take (0 to the largest the buddy system has)
//   give_back   1: the notifier gives all blocks back; 0: it only counts
//   take        written N: take up to N blocks now; the write returns when they are taken,
//               or refused, or the notifier was called; written 0: give all back
//   thin        written N: keep every N-th block and give the others back: memory is free
//               then, in pieces that have no free neighbour
//   taken       blocks held now
//   notified    calls of the notifier so far
//   given_back  pages that the notifier gave back in all
//   free_blocks free buddy blocks of `order` and above, of all zones, now
//
// The block list is linked through the blocks' own struct page, so taking needs no memory
// but what it takes. Builds for 5.10 to 7.2.
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/nodemask.h>
#include <linux/notifier.h>
#include <linux/oom.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/version.h>

// The number of buddy orders: MAX_ORDER was one more than the largest until 6.4.
#ifdef NR_PAGE_ORDERS
#define OOMKIT_ORDERS NR_PAGE_ORDERS
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define OOMKIT_ORDERS (MAX_ORDER + 1)
#else
#define OOMKIT_ORDERS MAX_ORDER
#endif

static LIST_HEAD(blocks);
static DEFINE_SPINLOCK(blocks_lock);
static unsigned long taken;
static unsigned long notified;
static unsigned long given_back;
static unsigned int order;
static bool give_back;

// Gives every block back; returns the pages that were in them.
static unsigned long release_blocks(void) {
  unsigned long pages = 0;
  struct page *page;

  for (;;) {
    spin_lock(&blocks_lock);
    page = list_first_entry_or_null(&blocks, struct page, lru);
    if (page) {
      list_del(&page->lru);
      taken--;
    }
    spin_unlock(&blocks_lock);
    if (!page) return pages;
    pages += 1UL << page_private(page);
    __free_pages(page, page_private(page));
  }
}

// Gives back all blocks but one in `nth`.
static void thin_blocks(unsigned long nth) {
  LIST_HEAD(back);
  struct page *page, *next;
  unsigned long i = 0;

  spin_lock(&blocks_lock);
  list_for_each_entry_safe(page, next, &blocks, lru) {
    if (i++ % nth == 0) continue;
    list_move(&page->lru, &back);
    taken--;
  }
  spin_unlock(&blocks_lock);
  list_for_each_entry_safe(page, next, &back, lru) {
    list_del(&page->lru);
    __free_pages(page, page_private(page));
  }
}

// Takes up to `wanted` blocks; stops when one is refused, at a signal, and when the
// notifier was called meanwhile: memory is out then, and asking on would only kill more.
static void take_blocks(unsigned long wanted) {
  const unsigned long calls = READ_ONCE(notified);
  const unsigned int block_order = READ_ONCE(order);

  while (wanted-- && READ_ONCE(notified) == calls && !fatal_signal_pending(current)) {
    struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, block_order);

    if (!page) break;
    set_page_private(page, block_order);
    spin_lock(&blocks_lock);
    list_add(&page->lru, &blocks);
    taken++;
    spin_unlock(&blocks_lock);
    cond_resched();
  }
}

static int on_oom(struct notifier_block *block, unsigned long unused, void *freed) {
  WRITE_ONCE(notified, notified + 1);
  if (give_back) {
    const unsigned long pages = release_blocks();

    given_back += pages;
    *(unsigned long *)freed += pages;
  }
  return NOTIFY_OK;
}

static struct notifier_block oom_notifier = {.notifier_call = on_oom};

static unsigned long count_free_blocks(void) {
  unsigned long count = 0;
  int node;

  for_each_online_node(node) {
    struct zone *zones = NODE_DATA(node)->node_zones;
    struct zone *zone;

    for (zone = zones; zone < zones + MAX_NR_ZONES; zone++) {
      unsigned long flags;
      unsigned int o;

      if (!populated_zone(zone)) continue;
      spin_lock_irqsave(&zone->lock, flags);
      for (o = order; o < OOMKIT_ORDERS; o++) count += zone->free_area[o].nr_free;
      spin_unlock_irqrestore(&zone->lock, flags);
    }
  }
  return count;
}

static int set_take(const char *text, const struct kernel_param *parameter) {
  unsigned long wanted;
  const int error = kstrtoul(text, 0, &wanted);

  if (error) return error;
  if (wanted)
    take_blocks(wanted);
  else
    release_blocks();
  return 0;
}

static int set_thin(const char *text, const struct kernel_param *parameter) {
  unsigned long nth;
  const int error = kstrtoul(text, 0, &nth);

  if (error) return error;
  if (nth < 2) return -EINVAL;
  thin_blocks(nth);
  return 0;
}

static int set_order(const char *text, const struct kernel_param *parameter) {
  unsigned int wanted;
  const int error = kstrtouint(text, 0, &wanted);

  if (error) return error;
  if (wanted >= OOMKIT_ORDERS) return -EINVAL;
  WRITE_ONCE(order, wanted);
  return 0;
}

static int get_free_blocks(char *text, const struct kernel_param *parameter) {
  return sprintf(text, "%lu\n", count_free_blocks());
}

static const struct kernel_param_ops take_ops = {.set = set_take, .get = param_get_ulong};
static const struct kernel_param_ops thin_ops = {.set = set_thin};
static const struct kernel_param_ops order_ops = {.set = set_order, .get = param_get_uint};
static const struct kernel_param_ops free_blocks_ops = {.get = get_free_blocks};

module_param_cb(take, &take_ops, &taken, 0600);
module_param_cb(thin, &thin_ops, NULL, 0200);
module_param_cb(order, &order_ops, &order, 0600);
module_param_cb(free_blocks, &free_blocks_ops, NULL, 0400);
module_param(give_back, bool, 0600);
module_param(taken, ulong, 0400);
module_param(notified, ulong, 0400);
module_param(given_back, ulong, 0400);

static int __init oomkit_pages_init(void) { return register_oom_notifier(&oom_notifier); }

static void __exit oomkit_pages_exit(void) {
  unregister_oom_notifier(&oom_notifier);
  release_blocks();
}

module_init(oomkit_pages_init);
module_exit(oomkit_pages_exit);
MODULE_DESCRIPTION("takes pages until memory is out; an OOM notifier may give them back");
MODULE_LICENSE("GPL");
