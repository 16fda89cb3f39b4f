#include "sim/memcg.h"

#include <algorithm>

namespace oomkit::sim {
namespace {

bool passes_high(const Memcg& group) {
  for (const Memcg* each = &group; each != nullptr; each = each->parent) {
    if (each->memory.usage > each->high) return true;
  }
  return false;
}

}  // namespace

MemcgTree::MemcgTree(std::size_t nodes, Pages batch, std::size_t stocks, bool is_flat)
    : nodes_(nodes), batch_(batch), stocks_max_(stocks), is_flat_(is_flat) {
  groups_.push_back(std::make_unique<Memcg>());
  root().path = "/";
  root().lists.resize(nodes_);
  root().writing.resize(nodes_);
  root().generations.resize(nodes_);
  root().walks.resize(nodes_);
  root().balance.resize(nodes_);
}

Memcg& MemcgTree::create(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const Memcg* above = slash == 0 ? &root() : find(path.substr(0, slash));
  Memcg* parent = slash == 0 || is_flat_ ? &root() : find(path.substr(0, slash));
  groups_.push_back(std::make_unique<Memcg>());
  Memcg& group = *groups_.back();
  group.path = path;
  group.parent = parent;
  group.lists.resize(nodes_);
  group.writing.resize(nodes_);
  group.generations.resize(nodes_);
  group.walks.resize(nodes_);
  group.balance.resize(nodes_);
  group.oom_kill_disable = above->oom_kill_disable;
  group.swappiness = above->swappiness;
  parent->children.push_back(&group);
  return group;
}

Memcg* MemcgTree::find(std::string_view path) {
  for (const auto& group : groups_) {
    if (group->path == path) return group.get();
  }
  return nullptr;
}

MemcgTree::Stock* MemcgTree::stock_of(Memcg& group) {
  for (Stock& stock : stocks_) {
    if (stock.group == &group) return &stock;
  }
  return nullptr;
}

// refill_stock(): one place for each group; when all are taken, one is given back.
void MemcgTree::keep(Memcg& group, Pages pages, bool memsw) {
  Stock* stock = stock_of(group);
  if (stock == nullptr) {
    if (stocks_.size() == stocks_max_) {
      const Stock out = stocks_.front();
      stocks_.erase(stocks_.begin());
      uncharge(*out.group, out.pages, memsw);
    }
    stocks_.push_back({&group, Pages(0)});
    stock = &stocks_.back();
  }
  stock->pages += pages;
  if (stock->pages > batch_) {
    const Pages all = stock->pages;
    stock->pages = Pages(0);
    uncharge(group, all, memsw);
  }
}

Memcg* MemcgTree::first_without_room(Memcg& group, Pages pages, bool memsw, bool& by_memsw) {
  if (memsw) {
    for (Memcg* each = &group; !each->is_root(); each = each->parent) {
      if (each->memsw.usage + pages > each->memsw.max) {
        by_memsw = true;
        return each;
      }
    }
  }
  by_memsw = false;
  for (Memcg* each = &group; !each->is_root(); each = each->parent) {
    if (each->memory.usage + pages > each->memory.max) return each;
  }
  return nullptr;
}

void MemcgTree::add(Memcg& group, Pages pages, bool memsw) {
  for (Memcg* each = &group; !each->is_root(); each = each->parent) {
    each->memory.add(pages);
    if (memsw) each->memsw.add(pages);
  }
}

MemcgTree::Charge MemcgTree::try_charge(Memcg& group, Pages pages, bool memsw) {
  Charge charge;
  if (group.is_root()) {
    charge.pages = pages;
    return charge;
  }
  while (charge.pages < pages) {
    const Pages wanted = pages - charge.pages;
    if (Stock* stock = stock_of(group); stock != nullptr && stock->pages > Pages(0)) {
      const Pages taken = std::min(stock->pages, wanted);
      stock->pages -= taken;
      charge.pages += taken;
      continue;
    }
    bool by_memsw = false;
    Memcg* full = first_without_room(group, batch_, memsw, by_memsw);
    if (full == nullptr) {
      // As many batches as make no difference, in one.
      Pages room = wanted / batch_.count() * batch_.count();
      for (Memcg* each = &group; !each->is_root(); each = each->parent) {
        room = std::min(room, each->memory.max - each->memory.usage);
        room = std::min(room, each->high - each->memory.usage);
        if (memsw) room = std::min(room, each->memsw.max - each->memsw.usage);
      }
      const Pages many = std::max(room, Pages(0)) / batch_.count() * batch_.count();
      if (many > Pages(0)) {
        add(group, many, memsw);
        charge.pages += many;
        keep(group, Pages(0), memsw);  // Its place is taken, as by a batch of which some is left.
        continue;
      }
      add(group, batch_, memsw);
      const Pages taken = std::min(batch_, wanted);
      charge.pages += taken;
      keep(group, batch_ - taken, memsw);
      if (passes_high(group)) {
        charge.over_high = batch_;
        return charge;
      }
      continue;
    }
    // Whoever has got some comes again for the rest: only then it is refused.
    if (charge.pages > Pages(0)) return charge;
    ++(by_memsw ? full->memsw : full->memory).failcnt;
    Charge one = try_charge_one(group, memsw);
    if (one.failed != nullptr || one.over_high > Pages(0)) return one;
    charge = one;
  }
  return charge;
}

Pages MemcgTree::charges_at_hand(Memcg& group, bool memsw) {
  if (group.is_root()) return kNoLimit;
  const Stock* stock = stock_of(group);
  const Pages kept = stock != nullptr ? stock->pages : Pages(0);
  Pages room = kNoLimit;
  for (const Memcg* each = &group; !each->is_root(); each = each->parent) {
    room = std::min(room, each->memory.max - each->memory.usage);
    // The batch with which a group passes its high is one for itself.
    if (each->high < kNoLimit) room = std::min(room, each->high - each->memory.usage);
    if (memsw) room = std::min(room, each->memsw.max - each->memsw.usage);
  }
  const Pages batches = std::max(room, Pages(0)) / batch_.count() * batch_.count();
  return std::max(kept + batches, Pages(1));
}

MemcgTree::Charge MemcgTree::try_charge_one(Memcg& group, bool memsw) {
  Charge charge;
  if (Stock* stock = stock_of(group); stock != nullptr && stock->pages > Pages(0)) {
    stock->pages -= Pages(1);
    charge.pages = Pages(1);
    return charge;
  }
  bool by_memsw = false;
  if (Memcg* full = first_without_room(group, Pages(1), memsw, by_memsw); full != nullptr) {
    ++(by_memsw ? full->memsw : full->memory).failcnt;
    charge.failed = full;
    charge.failed_memsw = by_memsw;
    return charge;
  }
  add(group, Pages(1), memsw);
  charge.pages = Pages(1);
  if (passes_high(group)) charge.over_high = Pages(1);
  return charge;
}

void MemcgTree::uncharge(Memcg& group, Pages pages, bool memsw) {
  for (Memcg* each = &group; !each->is_root(); each = each->parent) {
    each->memory.usage -= pages;
    if (memsw) each->memsw.usage -= pages;
  }
}

void MemcgTree::drain(const Memcg& top) {
  for (std::size_t i = 0; i < stocks_.size();) {
    const Stock stock = stocks_[i];
    if (!stock.group->is_within(top)) {
      ++i;
      continue;
    }
    stocks_.erase(stocks_.begin() + static_cast<std::ptrdiff_t>(i));
    uncharge(*stock.group, stock.pages, stock.group->memsw.usage > Pages(0));
  }
}

Pages MemcgTree::margin(const Memcg& group, bool memsw) {
  Pages room = group.memory.max - group.memory.usage;
  if (memsw) room = std::min(room, group.memsw.max - group.memsw.usage);
  return std::max(room, Pages(0));
}

std::vector<Memcg*> MemcgTree::subtree(Memcg& top) {
  std::vector<Memcg*> groups = {&top};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::vector<Memcg*>& children = groups[i]->children;
    groups.insert(groups.begin() + static_cast<std::ptrdiff_t>(i) + 1, children.begin(),
                  children.end());
  }
  return groups;
}

MemcgStats MemcgTree::total_of(Memcg& top) {
  MemcgStats sum;
  for (const Memcg* group : subtree(top)) {
    const MemcgStats& own = group->own;
    sum.anon += own.anon;
    sum.file += own.file;
    sum.shmem += own.shmem;
    sum.sock += own.sock;
    sum.kernel_stack += own.kernel_stack;
    sum.page_tables += own.page_tables;
    sum.slab_reclaimable += own.slab_reclaimable;
    sum.slab_unreclaimable += own.slab_unreclaimable;
    sum.file_dirty += own.file_dirty;
    sum.pgfault += own.pgfault;
    sum.pgmajfault += own.pgmajfault;
    sum.pgscan += own.pgscan;
    sum.pgsteal += own.pgsteal;
    sum.pgactivate += own.pgactivate;
    sum.refault_anon += own.refault_anon;
    sum.refault_file += own.refault_file;
    sum.activate_anon += own.activate_anon;
    sum.pswpin += own.pswpin;
    sum.pswpout += own.pswpout;
  }
  return sum;
}

Pages MemcgTree::listed(Memcg& top, ListKind kind) {
  Pages sum;
  for (int node = 0; node < static_cast<int>(top.lists.size()); ++node)
    sum += listed(top, node, kind);
  return sum;
}

Pages MemcgTree::own_listed(const Memcg& group, int node, ListKind kind) {
  const auto at = static_cast<std::size_t>(node);
  Pages pages = group.lists[at][static_cast<std::size_t>(kind)].pages;
  if (kind != ListKind::unevictable)
    pages += group.generations[at].listed(is_file(kind), is_active(kind));
  return pages;
}

bool MemcgTree::has_listed(const Memcg& group, int node) {
  for (const ListKind kind : {ListKind::inactive_anon, ListKind::active_anon,
                              ListKind::inactive_file, ListKind::active_file}) {
    if (own_listed(group, node, kind) > Pages(0)) return true;
  }
  return false;
}

Pages MemcgTree::listed(const Memcg& top, int node, ListKind kind) {
  Pages sum = own_listed(top, node, kind);
  for (const Memcg* child : top.children)
    sum += listed(*child, node, kind);
  return sum;
}

}  // namespace oomkit::sim
