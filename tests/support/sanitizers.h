// Whether this is built with a sanitizer: 1 or 0. They slow a test down several times and have an
// allocator of their own.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OOMKIT_HAS_SANITIZERS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OOMKIT_HAS_SANITIZERS 1
#endif
#endif
#ifndef OOMKIT_HAS_SANITIZERS
#define OOMKIT_HAS_SANITIZERS 0
#endif
